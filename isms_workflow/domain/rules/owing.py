"""Owing a step: it opens, reopens, changes hands, is re-timed or cancelled, by the engine's own doing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from isms_workflow.domain.calendars import DueRule, zone_of
from isms_workflow.domain.machine import ENGINE
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Change, Plan, total
from isms_workflow.domain.records import Scalar, StepRecord
from isms_workflow.domain.rules import apart
from isms_workflow.domain.rules.common import LADDER, arm_ladder, change, counted_from, record, tell
from isms_workflow.domain.steps import MACHINE
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import CaseView, Step, programme_key
from isms_workflow.programme.model import Span

AGENT = Actor(ENGINE, "engine")


def reopened(view: CaseView, steps: Iterable[Step], reason: str, actor: Actor, when: When) -> Plan:
    """The named steps are owed again: due as before, or after the workflow's time to decide, whichever is later."""
    return total(_reopened(view, step, reason, actor, when) for step in steps)


def _reopened(view: CaseView, step: Step, reason: str, actor: Actor, when: When) -> Plan:
    begins = counted_from(view, when.happened)
    rule = DueRule.of(begins, view.workflow.decide_due, view.calendar)
    due_at, due_rule = rule.instant(view.calendar), rule.as_json()
    sets: dict[str, Any] = {"settled_at": None, "settled_by": None}
    if step.due_at is None or step.due_at < due_at:
        sets |= {"due_at": due_at, "due_rule": due_rule}
    else:
        due_at = step.due_at
    owner = step.owner if step.owner and view.directory.is_active(step.owner) else None
    owner = owner or apart.owner_of(view, step)
    sets |= {"owner": owner, "opened_at": step.opened_at or when.happened}
    occasion = f"{step.id}:{step.version + 1}"
    return Plan(
        change=(move(view, step, "reopen", StepRecord.REOPENED, actor, when, {"due": iso(due_at)}, reason, **sets),),
        arm=arm_ladder(view, "step", step.id, ladder_of(view, step), due_at, begins),
        send=tell(view, "step_opened", (owner,), occasion, step=step.id, due=iso(due_at), again=True),
    )


def openable(view: CaseView, phase: str, opened_at: datetime, when: When) -> Plan:
    """Opens the phase's waiting steps whose dependencies are settled, and tells their owners."""
    state = {s.key: s for s in view.steps_of(phase)}
    return total(_opened(view, step, opened_at, when) for step in view.steps_of(phase)
                 if step.state == "waiting" and all(state[name].is_settled for name in _needs(view, step)))


def _needs(view: CaseView, step: Step) -> tuple[str, ...]:
    """By key; in a later round of a corrective action those of the same round."""
    if step.carried_from:
        return ()
    name, at, number = step.key.partition("@")
    return tuple(f"{each}{at}{number}" for each in view.workflow.step(name).depends_on)


def _opened(view: CaseView, step: Step, phase_opened_at: datetime, when: When) -> Plan:
    spec = view.workflow.step(programme_key(step.key))
    rule = DueRule.of(phase_opened_at, spec.due, view.calendar)
    begins = counted_from(view, when.happened)
    due_at = max(rule.instant(view.calendar), begins)
    owner = step.owner if step.owner and view.directory.is_active(step.owner) else apart.owner_of(view, step)
    sets = {"owner": owner, "opened_at": when.happened, "due_at": due_at, "due_rule": rule.as_json()}
    return Plan(
        change=(move(view, step, "open", StepRecord.OPENED, AGENT, when, {"owner": owner, "due": iso(due_at)}, "",
                      **sets),),
        arm=arm_ladder(view, "step", step.id, spec.ladder, due_at, begins),
        send=tell(view, "step_opened", (owner,), f"{step.id}:{step.version + 1}", step=step.id, due=iso(due_at)),
    )


def handed_over(view: CaseView, step: Step, to: str | None, reason: str, actor: Actor, when: When) -> Plan:
    """The writes of a change of owner, whoever decided it."""
    occasion = f"{step.id}:{step.version + 1}"
    return Plan(
        change=(move(view, step, "reassign", StepRecord.REASSIGNED, actor, when, {"from": step.owner, "to": to},
                      reason, owner=to),),
        send=tell(view, "reassigned", (step.owner, to), occasion, step=step.id, from_person=step.owner, to_person=to),
    )


def cancelled(view: CaseView, step: Step, when: When) -> Plan:
    """The case is cancelled, and nobody owes the step any more."""
    sets = {"settled_at": when.happened, "settled_by": ENGINE}
    return Plan(
        change=(move(view, step, "cancel", StepRecord.CANCELLED, AGENT, when, {}, "", **sets),),
        cancel=((step.id, LADDER),),
    )


def retiming(view: CaseView, step: Step, due_at: datetime, when: When) -> Change:
    """An open step is due at another instant because its case was paused or went on early."""
    assert step.due_at is not None  # an open step has one: the table refuses another
    facts = {"from": iso(step.due_at), "due": iso(due_at)}
    return move(view, step, "retime", StepRecord.RETIMED, AGENT, when, facts, "", due_at=due_at,
                 due_rule=fixed(due_at, view))


def fixed(instant: datetime, view: CaseView) -> dict[str, Any]:
    """The rule of an instant that a person chose: the same local day and hour, whatever the calendar."""
    at = instant.astimezone(zone_of(view.calendar.zone)).time()
    return DueRule.of(instant, Span(amount=0, unit="days", at=at), view.calendar).as_json()


def ladder_of(view: CaseView, step: Step) -> str:
    """Which ladder the programme gives the step."""
    return view.workflow.step(programme_key(step.key)).ladder


def move(view: CaseView, step: Step, event: str, kind: StepRecord, actor: Actor, when: When,
         facts: Mapping[str, Scalar], reason: str, **sets: Any) -> Change:
    """The step's change by one rule of its machine, with its line of history. Raises `NotAllowed`."""
    line = record(kind, view, step.id, actor, when, facts, reason)
    return change(MACHINE, "step", step, event, line, **sets)
