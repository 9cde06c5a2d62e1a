"""The outbox's way to Prefect: wakes, events, and the artifact with a case's running state."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.effects import Busy, EffectError, Refused
from isms_workflow.domain.messages import PREFECT
from isms_workflow.domain.times import from_iso
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.waits import waits
from isms_workflow.engine import reading
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.healing import heal, work
from isms_workflow.engine.prefect.gateway import Event, PrefectGateway
from isms_workflow.store.database import Store

AT_ONCE = 4
"""Prefect's server carries about four flow runs a second on two cores; more at once only wait longer."""


class PrefectChannel:
    """Carries messages to Prefect, those of one case together and in order."""

    name = PREFECT
    batch = 100

    def __init__(self, store: Store, gateway: PrefectGateway, public_url: str, now: Callable[[], datetime]) -> None:
        self._store, self._gateway, self._public_url, self._now = store, gateway, public_url, now
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="prefect")

    def carry(self, effects: Sequence[Effect], now: datetime) -> list[EffectError | None]:  # noqa: ARG002  # a case's turn may come later
        """As `Channel.carry`: wakes of one case are one wake, at most four cases at once."""
        grouped: dict[str | None, list[Effect]] = {}
        for effect in effects:
            grouped.setdefault(effect.case, []).append(effect)
        done = self._pool.map(self._carry_case, grouped.values())
        answers = {id(effect): answer for group in done for effect, answer in group}
        return [answers[id(effect)] for effect in effects]

    def told_together(self, conn: Connection, effects: Sequence[Effect], now: datetime) -> Collection[str]:  # noqa: ARG002
        """Nobody: no message here is for a person."""
        return ()

    def _carry_case(self, effects: Sequence[Effect]) -> list[tuple[Effect, EffectError | None]]:
        wakes = [e for e in effects if e.payload["do"] == "wake"]
        others = [e for e in effects if e.payload["do"] != "wake"]
        answers: list[tuple[Effect, EffectError | None]] = []
        if wakes and wakes[0].case:
            answer = _tried(lambda: heal(self._store, self._gateway, str(wakes[0].case), self._now()))
            if isinstance(answer, Refused):
                answer = Busy(str(answer))  # a wake is never given up: its case would wait for ever
            answers += [(e, answer) for e in wakes]
        answers += [(e, _tried(lambda e=e: self._emit(e))) for e in others]  # type: ignore[misc]
        if effects[0].case:
            _tried(lambda: self._publish(str(effects[0].case)))
        return answers

    def _emit(self, effect: Effect) -> None:
        told = effect.payload["events"]
        with self._store.read() as conn:
            views = reading.views(conn, {each["case"] for each in told}, self._now())
        self._gateway.emit([_event(views[each["case"]], each, f"{effect.key}:{number}")
                            for number, each in enumerate(told)])

    def _publish(self, case: str) -> None:
        found = work(self._store, case)
        if found is None or found.run is None:
            return
        with self._store.read() as conn:
            view = reading.view(conn, case, self._now())
        link = f"{self._public_url}/cases/{found.reference}"
        self._gateway.publish_artifact(found.reference, running_state(view), link, found.run)


def _event(view: CaseView, about: Mapping[str, Any], key: str) -> Event:
    """A transition for operators: which step or gate, by its name in the programme."""
    names = {s.id: s.key for s in view.steps} | {g.id: g.name for g in view.gates} | {view.case.id: view.case.kind}
    facts = {name: about[name] for name in ("subject", "event", "from", "to")}
    return Event(f"isms.{about['subject']}.{about['event'].replace(' ', '-')}", view.case.reference,
                 {**facts, "kind": view.case.kind, "name": names.get(about["subject_id"], "")},
                 from_iso(about["happened"]), key)


def running_state(view: CaseView) -> str:
    """Markdown for operators: counts, states and responsibilities; never persons, titles or reasons."""
    lines = [f"# {view.case.reference}: {view.case.state}", "", "| phase | settled | of | gate |", "|---|---|---|---|"]
    for phase in view.workflow.phases:
        steps = view.steps_of(phase.id)
        gate = view.latest_gate(phase.id)
        said = f"round {gate.round}: {gate.state}" if gate else "not yet"
        lines.append(f"| {phase.id} | {sum(s.is_settled for s in steps)} | {len(steps)} | {said} |")
    found = waits(view)
    lines += ["", "## Waits for", *(f"- {w}" for w in found)] if found else ["", "Waits for nothing."]
    return "\n".join(lines)


def _tried(deed: Callable[[], None]) -> EffectError | None:
    try:
        deed()
    except EffectError as error:
        return error
    return None
