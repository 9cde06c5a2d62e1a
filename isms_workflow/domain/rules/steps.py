"""What may be done with a step, and what follows from it."""

from __future__ import annotations

from dataclasses import replace

from isms_workflow.domain.duties import STEP_PHASE
from isms_workflow.domain.incident import LEARNING
from isms_workflow.domain.lessons import still_to_decide
from isms_workflow.domain.machine import ENGINE
from isms_workflow.domain.people import ISMS_MANAGER, Actor
from isms_workflow.domain.plan import Plan
from isms_workflow.domain.records import StepRecord
from isms_workflow.domain.refusals import Frozen, Missing, NotAllowed, Wrong
from isms_workflow.domain.rules import apart, gates, owing
from isms_workflow.domain.rules.common import (
    LADDER,
    after,
    arm_ladder,
    counted_from,
    entitled,
    fresh,
    named,
    on_day,
    reasoned,
    wake,
)
from isms_workflow.domain.steps import MACHINE
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import CaseView, Step, programme_key

AGENT = Actor(ENGINE, "engine")


def complete(view: CaseView, step: Step, seen: int | None, actor: Actor, when: When, *, judged: bool = False) -> Plan:
    """The owner, or a deputy, declares the step complete. Raises `Missing` where evidence is owed.

    A corrective action's check is completed only by a verdict: `judged`.
    """
    what = named(view, step)
    _check(view, step, "complete", seen, actor)
    apart.check_step(view, step, "judge" if judged else "complete", actor.id)
    if lacking := unfinished(view, step):
        raise Missing(what, lacking)
    return _settle(view, step, "complete", "done", StepRecord.COMPLETED, actor, when, "")


def unfinished(view: CaseView, step: Step) -> str:
    """What a step lacks before it can be declared complete, in words; nothing if nothing."""
    spec = view.workflow.step(programme_key(step.key))
    if step.carries < spec.evidence_min:
        sorts = "files of evidence or entries" if takes_entries(view, step) else "files of evidence"
        return f"it carries {step.carries} of {spec.evidence_min} {sorts} ({spec.evidence_needed})"
    return still_to_decide(step.lessons)


def takes_entries(view: CaseView, step: Step) -> bool:
    """Whether what is written on the incident's page counts beside files: of its lessons' steps."""
    return view.incident is not None and step.phase == LEARNING


def waive(view: CaseView, step: Step, seen: int | None, reason: str, actor: Actor, when: When) -> Plan:
    """The ISMS manager lets a step go, with a reason that the gate shows."""
    _check(view, step, "waive", seen, actor)
    apart.check_step(view, step, "waive", actor.id)
    return _settle(view, step, "waive", "waived", StepRecord.WAIVED, actor, when, reasoned("waive a step", reason))


def reopen(view: CaseView, step: Step, seen: int | None, reason: str, actor: Actor, when: When) -> Plan:
    """A settled step is owed again, by a recorded decision; what a gate said of it no longer stands.

    Raises `Missing` for one that was waived before its phase has begun: nothing of that phase is owed yet.
    """
    _check(view, step, "reopen", seen, actor)
    apart.check_step(view, step, "reopen", actor.id)
    phases = [phase.id for phase in view.workflow.phases]
    if view.case.state not in phases or phases.index(step.phase) > phases.index(view.case.state):
        raise Missing(f"reopening {named(view, step)}", f"phase {step.phase} hasn't begun")
    return owing.reopened(view, (step,), reasoned("reopen a step", reason), actor, when) + gates.unsettle(
        view, step.phase, actor, when
    ) + wake(view)


def extend(view: CaseView, step: Step, seen: int | None, day: str, reason: str, actor: Actor, when: When) -> Plan:
    """A new date, with a reason; the second time it takes the ISMS manager."""
    what = named(view, step)
    _check(view, step, "extend", seen, actor)
    if step.extensions and not view.directory.holds(actor.id, ISMS_MANAGER):
        raise Missing(what, "it was extended once; a second extension is the ISMS manager's to give")
    if step.due_at is None:
        raise Wrong("step", step.key, "it has no due date to extend")
    due_at = on_day(day, step.due_at, when.happened, view.calendar)
    if due_at <= step.due_at:
        raise Wrong("date", day, f"an extension is later than {step.due_at:%Y-%m-%d}")
    why = reasoned("extend a step", reason)
    sets = {"due_at": due_at, "due_rule": owing.fixed(due_at, view), "extensions": step.extensions + 1}
    return Plan(
        change=(owing.move(view, step, "extend", StepRecord.EXTENDED, actor, when,
                      {"from": iso(step.due_at), "due": iso(due_at)}, why, **sets),),
        cancel=((step.id, LADDER),),
        arm=arm_ladder(view, "step", step.id, owing.ladder_of(view, step), due_at, counted_from(view, when.happened)),
    )


def reassign(view: CaseView, step: Step, seen: int | None, to: str, reason: str, actor: Actor, when: When) -> Plan:
    """Somebody else owes the step from now on; both sides are told."""
    _check(view, step, "reassign", seen, actor)
    if not view.directory.is_active(to):
        raise Wrong("person", to, "name an active person with role user or admin")
    if to == step.owner:
        raise Wrong("person", to, "they own the step already")
    apart.may_own(view, step, to)
    return owing.handed_over(view, step, to, reasoned("reassign a step", reason), actor, when)


def touch(view: CaseView, step: Step) -> None:
    """Raise `Frozen` if a passed gate covers the step, or `NotAllowed` if its case has ended."""
    gate = view.latest_gate(step.phase)
    if view.case.closed_at is None and gate and gate.state == "passed" and step.is_settled:
        raise Frozen(named(view, step), gate.name)
    _going_on(view, f"change step {step.key}")


def _settle(view: CaseView, step: Step, event: str, state: str, kind: StepRecord, actor: Actor, when: When,
            reason: str) -> Plan:
    """Done or waived: its ladder ends, what depended on it opens, and the phase's last step opens the gate."""
    sets = {"settled_at": when.happened, "settled_by": actor.id}
    plan = Plan(
        change=(owing.move(view, step, event, kind, actor, when, {}, reason, **sets),),
        cancel=((step.id, LADDER),),
    )
    then = after(view, replace(step, state=state, settled_at=when.happened, settled_by=actor.id,
                               version=step.version + 1))
    then = replace(then, workers=then.workers | {(step.id, actor.id)})
    opened_at = view.case.phase_opened_at if step.phase == view.case.state else counted_from(view, when.happened)
    if step.opened_at is None and step.phase != view.case.state:
        return plan  # waived before its phase began: what depends on it opens with the phase
    plan += owing.openable(then, step.phase, opened_at or when.happened, when)
    if not then.is_settled(step.phase):
        return plan
    return plan + (gates.open_round(then, step.phase, when) if step.phase in view.workflow.gates else wake(view))


def _going_on(view: CaseView, event: str) -> None:
    """Raise `NotAllowed` if the case has ended: nothing of it changes any more."""
    if view.case.closed_at is not None:
        raise NotAllowed(view.case.reference, event, view.case.state, ())


BY_ITSELF = frozenset({"complete", "waive", "reopen", "extend"})
"""What the step of questions does by itself: it is done when they are answered, and an act's instant isn't put off."""


def _check(view: CaseView, step: Step, event: str, seen: int | None, actor: Actor) -> None:
    what = named(view, step)
    if step.phase == STEP_PHASE and event in BY_ITSELF:
        raise Missing(f"{event} {what}", "it follows the answers; give them, or correct them, on the incident's page under "
                                         "\"Obligations to report\"")
    found = MACHINE.rule_for(event, step.state, what)
    _going_on(view, f"{event} step {step.key}")
    entitled(view, found, actor, what, step, step.phase)
    fresh(what, seen, step.version)

