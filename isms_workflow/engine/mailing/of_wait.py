"""What mails say about something that waits for a person: steps, gates, and the levels of their ladders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from isms_workflow.domain import machines
from isms_workflow.domain.effects import Unsent
from isms_workflow.domain.forecast import title
from isms_workflow.domain.gates import conflicts, eligible
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT
from isms_workflow.domain.records import GateRecord, StepRecord
from isms_workflow.domain.rules.ladder import PARTS_OF_A_WAIT
from isms_workflow.domain.times import iso
from isms_workflow.domain.views import CaseView, Gate, Step, phase_name, programme_key
from isms_workflow.domain.whom import named
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.mailing.look import Look
from isms_workflow.notify.wording import listed
from isms_workflow.programme.model import PERSON

Facts = dict[str, Any]
Expand = Callable[[Look, str, Effect], Facts]
"""The facts of one notice to one person."""


CALLED = {"pdca": "cycle", "incident": "incident", "corrective_action": "corrective action"}
"""What a case of each kind is called in a sentence."""


def told(at: datetime | None) -> str | None:
    """An instant as a fact."""
    return None if at is None else iso(at)


def step_opened(look: Look, person: str, effect: Effect) -> Facts:
    """A step is its owner's now, or again."""
    view, step = _step(look, effect)
    if step.owner != person:
        raise Unsent(f"{step.key} is not its recipient's any more, who was told so")
    about = effect.payload["about"]
    again = bool(about.get("again"))
    reopened = look.record(StepRecord.REOPENED, step.id, view.case.id) if again else None
    return {
        **_of_step(look, view, step), "responsibility": title(view, step.responsibility), "again": again,
        "reason": reopened.reason if reopened else "",
    }


def reassigned(look: Look, person: str, effect: Effect) -> Facts:
    """A step changed hands: to whoever had it, and to whoever has it."""
    view, step = _step(look, effect)
    about, record = effect.payload["about"], look.record(StepRecord.REASSIGNED, step.id, view.case.id)
    return {
        **_of_step(look, view, step), "since": told(effect.queued_at), "before": look.name(about["from_person"]),
        "after": look.name(about["to_person"]), "yours": person == about["to_person"],
        "by": look.name(record.actor) if record else "", "reason": record.reason if record else "",
    }


def rung(look: Look, person: str, effect: Effect) -> Facts:
    """A ladder's level: what waits, for whom, and as what the reader is told."""
    about = effect.payload["about"]
    if about.get("step"):
        view, step = _step(look, effect)
        owner = (step.owner,) if step.owner else ()
        facts = {**_of_step(look, view, step), "about": "step", "what": look.step(view, step)}
        return _rung({k: v for k, v in facts.items() if k not in ("step", "phase")}, look, view, person, owner, about)
    if about.get("gate"):
        view, gate = _gate(look, effect)
        what, since = _gate_waits_for(gate)
        facts = {**_wait(look, view, gate.id, f"/gates/{gate.id}"), "about": "gate", "what": what, "since": told(since)}
        return _rung(facts, look, view, person, _who_answers(look, view, gate), about)
    view = look.view(str(effect.case))
    facts = {**_wait(look, view, view.case.id, f"/cases/{view.case.reference}"), "about": "case",
             "what": f"The start of {view.case.reference}", "since": told(view.case.opened_at)}
    if view.corrective is not None:
        facts |= {"what": f"How {view.case.reference} goes on", "since": told(view.case.phase_opened_at)}
        return _rung(facts, look, view, person, view.directory.holders(TOP_MANAGEMENT), about)
    return _rung(facts, look, view, person, view.directory.holders(ISMS_MANAGER), about)


def gate_opened(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001 - all expanders are called alike
    """An approval is awaited."""
    view, gate = _gate(look, effect)
    spec, steps = view.workflow.gate(gate.name), view.steps_of(gate.name)
    return {
        **_of_gate(look, view, gate), "due": told(gate.due_at), "since": told(gate.opened_at), "round": gate.round,
        "steps": len(steps), "files": sum(not e.withdrawn for s in steps for e in s.evidence), "needed": gate.quorum,
        "responsibilities": [title(view, name) for name in spec.responsibilities],
        "approvers": [look.name(p) for p in eligible(view, gate, look.now)], "relaxed": spec.relaxed or "",
    }


def voided(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """An answer no longer counts; without `due` the round was withdrawn."""
    view, gate = _gate(look, effect)
    is_open = gate.state == "open"
    return {**_of_gate(look, view, gate), "round": gate.round, "at": told(effect.queued_at),
            "due": told(gate.due_at) if is_open else None}


def gate_lapsed(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """Nobody decided in time: the phase's owner says how to go on."""
    view, gate = _gate(look, effect)
    return {**_of_gate(look, view, gate), "due": effect.payload["about"]["due"], "since": told(gate.opened_at),
            "round": gate.round, "lapsed_at": told(gate.closed_at)}


def rejected_waits(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """Somebody rejected the phase: top management says how to go on."""
    view, gate = _gate(look, effect)
    record = look.record(GateRecord.REJECTED, gate.id, view.case.id)
    return {**_of_gate(look, view, gate), "due": effect.payload["about"]["due"], "since": told(gate.closed_at),
            "case": CALLED[view.case.kind],
            "ends": TOP_MANAGEMENT in {by for each in machines.ALL[view.case.kind].rules if each.event == "cancel" for by in each.by},
            "by": look.name(record.actor if record else None), "reason": record.reason if record else ""}


def undecidable_gate(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """The people in office can't decide a gate: who would have to be named."""
    view, gate = _gate(look, effect)
    names = view.workflow.gate(gate.name).responsibilities
    holding = dict.fromkeys(p for name in names for p in view.directory.holders(name))
    apart = conflicts(view, gate.name, look.now)
    return {**_of_gate(look, view, gate), "due": told(gate.due_at), "since": told(effect.queued_at),
            "lacking": effect.payload["about"]["lacking"], "responsibilities": [title(view, name) for name in names],
            "excluded": [look.name(p) for p in holding if p in apart]}


def several(look: Look, person: str, effects: Sequence[Effect]) -> Facts:
    """Notices about several steps or gates, the most urgent first: of one sort about the reader's steps, or of any."""
    notices = {str(effect.payload["notice"]) for effect in effects}
    is_mixed = len(notices) > 1 or "escalated" in notices or any(effect.payload["about"].get("gate") for effect in effects)
    view = look.view(str(effects[0].case))
    found = [(subject, line) for subject, line in (_line(look, person, effect, is_mixed) for effect in effects)]
    found.sort(key=lambda each: (each[1]["due"] is None, each[1]["due"]))
    return {"reference": view.case.reference, "link": "/", "notice": "waiting" if is_mixed else notices.pop(),
            "steps": [line for _, line in found], "then": look.then(view, found[0][0])}


def _line(look: Look, person: str, effect: Effect, is_mixed: bool) -> tuple[str, Facts]:
    """A step or gate among several, and its id."""
    due: datetime | None
    if effect.payload["about"].get("gate"):
        view, gate = _gate(look, effect)
        subject, name, due, who, note = gate.id, _gate_waits_for(gate)[0], gate.due_at, _who_answers(look, view, gate), ""
    else:
        view, step = _step(look, effect)
        subject, name, due, who, note = step.id, look.step(view, step), step.due_at, (step.owner,) if step.owner else (), needs(view, step)
    waits = "" if not is_mixed else "waits for you" if person in who else f"waits for {listed([look.name(p) for p in who])}"
    said = "; ".join(each for each in (waits, note) if each)
    return subject, {"reference": view.case.reference, "title": name, "due": told(due), "note": said}


def needs(view: CaseView, step: Step) -> str:
    """Which evidence an open step still needs, as a note beside it; empty if none."""
    spec = view.workflow.step(programme_key(step.key))
    return f"needs: {spec.evidence_needed}" if step.state == "open" and step.carries < spec.evidence_min else ""


FACTS: Mapping[str, Expand] = {
    "step_opened": step_opened, "reassigned": reassigned, "reminder": rung, "overdue": rung, "escalated": rung,
    "gate_opened": gate_opened, "voided": voided, "gate_lapsed": gate_lapsed, "rejected_waits": rejected_waits,
    "undecidable_gate": undecidable_gate,
}


def _step(look: Look, effect: Effect) -> tuple[CaseView, Step]:
    view = look.view(str(effect.case))
    return view, view.step(effect.payload["about"]["step"])


def _gate(look: Look, effect: Effect) -> tuple[CaseView, Gate]:
    view = look.view(str(effect.case))
    return view, view.gate(effect.payload["about"]["gate"])


def _wait(look: Look, view: CaseView, subject: str, link: str) -> Facts:
    return {"reference": view.case.reference, "link": link, "then": look.then(view, subject)}


def _of_step(look: Look, view: CaseView, step: Step) -> Facts:
    return {**_wait(look, view, step.id, f"/steps/{step.id}"), "step": look.step(view, step),
            "phase": phase_name(step.phase), "since": told(step.open_since), "due": told(step.due_at)}


def _of_gate(look: Look, view: CaseView, gate: Gate) -> Facts:
    return {**_wait(look, view, gate.id, f"/gates/{gate.id}"), "phase": phase_name(gate.name)}


def _rung(facts: Facts, look: Look, view: CaseView, person: str, waits_for: Sequence[str],
          about: Mapping[str, Any]) -> Facts:
    return {**facts, "due": about["due"], "waits_for": [look.name(p) for p in waits_for],
            "yours": person in waits_for, "told_as": _told_as(view, person, waits_for, about, look.now)}


def _told_as(view: CaseView, person: str, waits_for: Sequence[str], about: Mapping[str, Any], now: datetime) -> str:
    """As which of those whom the level names the reader is told."""
    to = _named_by(view, about)
    for name in to:
        if name not in PARTS_OF_A_WAIT and person in named(view, name, now):
            return "whom its ladder names" if name.startswith(PERSON) else title(view, name)
        if name in ("owner", "approvers") and person in waits_for:
            return "approver" if name == "approvers" else name
    return "deputy" if "deputy" in to else "somebody concerned"


def _named_by(view: CaseView, about: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom the level names; nobody if the case goes on under a programme without it."""
    ladder = view.programme.ladders.get(about["ladder"])
    levels = ladder.levels if ladder else ()
    return levels[about["level"]].to if about["level"] < len(levels) else ()


def _gate_waits_for(gate: Gate) -> tuple[str, datetime]:
    if gate.state in ("rejected", "lapsed"):
        return f"The way on after {phase_name(gate.name)} was {gate.state}", gate.closed_at or gate.opened_at
    return f"The gate of {phase_name(gate.name)}", gate.opened_at


def _who_answers(look: Look, view: CaseView, gate: Gate) -> tuple[str, ...]:
    if gate.state in ("rejected", "lapsed"):
        owner = view.workflow.phase(gate.name).owner
        return view.directory.holders(TOP_MANAGEMENT if gate.state == "rejected" else owner)
    decided = {d.person for d in gate.decisions}
    return tuple(p for p in eligible(view, gate, look.now) if p not in decided)
