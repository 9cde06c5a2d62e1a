"""The life of a case as a whole: planned, started, led from phase to phase, paused, closed or cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from isms_workflow.domain import machines
from isms_workflow.domain.calendars import DueRule, WorkingCalendar, local_date, shift
from isms_workflow.domain.gates import disposes
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.machine import ENGINE, FLOW
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT, Actor, Directory
from isms_workflow.domain.plan import Arm, Change, Insert, Plan, total
from isms_workflow.domain.records import AuditRecord, CaseRecord, CorrectiveRecord, IncidentRecord, Scalar
from isms_workflow.domain.refusals import Missing, NotAllowed, NotYours, Wrong
from isms_workflow.domain.rules import gates, owing
from isms_workflow.domain.rules.common import (
    LADDER,
    LAPSE,
    RESUME,
    arm_ladder,
    change,
    counted_from,
    days_left,
    entitled,
    fresh,
    on_day,
    reasoned,
    record,
    tell,
    wake,
)
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import STEP_ROW, Case, CaseView, Gate, Step, programme_key
from isms_workflow.programme.model import Phase, Programme, Workflow
from isms_workflow.programme.model import Step as Spec

AGENT = Actor(ENGINE, "engine")


def needed(workflow: Workflow) -> frozenset[str]:
    """Every responsibility that a workflow's steps, gates and phases name."""
    own = {s.responsibility for p in workflow.phases for s in p.steps} | {p.owner for p in workflow.phases}
    return frozenset(own | {r for gate in workflow.gates.values() for r in gate.responsibilities} | {TOP_MANAGEMENT})


@dataclass(frozen=True, slots=True)
class Carried:
    """A waived step of an earlier case that somebody named takes over."""

    step: Step
    reference: str
    person: str


def plan_case(kind: str, reference: str, programme: Programme, calendar: WorkingCalendar, directory: Directory,
              carried: tuple[Carried, ...], actor: Actor, when: When) -> tuple[Plan, CaseView]:
    """A new case in its first state, with every step of its workflow. It starts at once if everything is held."""
    workflow, machine = programme.workflows[kind], machines.ALL[kind]
    case = Case(new_id(), kind, reference, machine.initial, 1, machine.version, programme.digest, workflow.label,
                when.happened, None, None, None, None, None, 0, 0)
    owed = unbegun(case, workflow, carried)
    view = CaseView(case, owed, (), programme, calendar, directory)
    facts: dict[str, Scalar] = {"reference": reference, "programme": programme.digest, "label": workflow.label}
    gone = (_declined(view, each, when) for each in carried if _taken_over(workflow, each) is None)
    plan = Plan(
        insert=(Insert("cases", case_row(case)), *(Insert("steps", step_row(s)) for s in owed)),
        record=(record(CaseRecord.OPENED, view, case.id, actor, when, facts), *gone),
    ) + wake(view)
    return plan + start_or_wait(view, when), view


def start_or_wait(view: CaseView, when: When) -> Plan:
    """Starts a planned case if every responsibility is held; else it waits, with a ladder, and says who is missing."""
    missing = view.directory.missing(needed(view.workflow))
    if not missing:
        return start(view, None, AGENT, when)
    anchor = DueRule.of(when.happened, view.workflow.decide_due, view.calendar).instant(view.calendar)
    return say_missing(view, missing) + Plan(
        arm=arm_ladder(view, "case", view.case.id, view.workflow.planned_ladder, anchor, when.happened))


def say_missing(view: CaseView, missing: tuple[str, ...]) -> Plan:
    """Tells ISMS manager and top management which responsibilities a planned case waits for."""
    people = (*view.directory.holders(ISMS_MANAGER), *view.directory.holders(TOP_MANAGEMENT))
    return Plan(send=tell(view, "planned_missing", people, f"{view.case.id}:{new_id()}", missing=list(missing)))


def start(view: CaseView, seen: int | None, actor: Actor, when: When) -> Plan:
    """The case begins: its first phase opens. Raises `Missing` while a responsibility is held by nobody."""
    check(view, "start", seen, actor)
    missing = view.directory.missing(needed(view.workflow))
    if missing:
        raise Missing(view.case.reference, f"nobody holds {', '.join(missing)}; grant each to somebody")
    people = dict.fromkeys(h.person for h in view.directory.holdings)
    return enter(view, "start", actor, when, when.happened) + Plan(
        cancel=((view.case.id, LADDER),),
        send=tell(view, "cycle_started", people, view.case.id),
    ) + wake(view)


def begin(view: CaseView, phase: str, when: When) -> Plan:
    """The flow goes on to the next phase: the gate before it has passed. Raises `NotAllowed`, `Missing`."""
    return enter(view, f"begin {phase}", Actor(FLOW, FLOW), when, view.case.started_at) + wake(view)


def enter(view: CaseView, event: str, actor: Actor, when: When, started_at: datetime | None, reason: str = "",
          **sets: Any) -> Plan:
    """Into the state that is a phase: what it owes opens, counted from now. `sets` are further columns of the case."""
    begins = counted_from(view, when.happened)
    plan = move(view, event, CaseRecord.MOVED, actor, when, reason, phase_opened_at=begins, started_at=started_at, **sets)
    phase = plan.change[0].to
    then = replace(view, case=replace(view.case, state=phase, phase_opened_at=begins))
    opened = owing.openable(then, phase, begins, when)
    settled = then.is_settled(phase) and phase in view.workflow.gates
    return plan + opened + (gates.open_round(then, phase, when) if settled else Plan())


def close(view: CaseView, when: When) -> Plan:
    """Every gate has passed: the case ends. Raises `NotAllowed`, `Missing`."""
    people = dict.fromkeys(h.person for h in view.directory.holdings)
    return move(view, "close", CaseRecord.MOVED, Actor(FLOW, FLOW), when, closed_at=when.happened, paused_at=None,
                paused_until=None) + Plan(
        cancel=((view.case.id, LADDER), (view.case.id, RESUME)),
        send=tell(view, "cycle_closed", people, view.case.id),
    )


def cancel(view: CaseView, seen: int | None, reason: str, actor: Actor, when: When) -> Plan:
    """Top management ends the case before its time; nothing is owed any more, and nothing is deleted."""
    check(view, "cancel", seen, actor)
    why = reasoned("cancel a cycle", reason)
    people = dict.fromkeys(h.person for h in view.directory.holdings)
    open_steps = (s for s in view.steps if s.state in ("waiting", "open"))
    open_gates = (g for g in view.gates if g.state == "open")
    waiting = tuple((g.id, LADDER) for g in view.gates if g.waits_for_way_out)
    return (
        move(view, "cancel", CaseRecord.MOVED, actor, when, why, closed_at=when.happened, paused_at=None,
             paused_until=None)
        + total(owing.cancelled(view, s, when) for s in open_steps)
        + total(gates.withdraw(view, g, AGENT, when) for g in open_gates)
        + Plan(cancel=((view.case.id, LADDER), (view.case.id, RESUME), *waiting),
               send=tell(view, "cycle_cancelled", people, view.case.id))
        + wake(view)
    )


def pause(view: CaseView, seen: int | None, until: str, reason: str, anchors: Mapping[str, datetime], actor: Actor,
          when: When) -> Plan:
    """Everything that is due, or will be, moves by the pause's whole days; it ends by itself on the day given.

    `anchors` are the instants that armed ladders count from, by step or gate.
    """
    check(view, "pause", seen, actor)
    if view.case.paused_until:
        raise NotAllowed(view.case.reference, "pause", "paused", ("resume", "cancel"))
    end = on_day(until, view.case.phase_opened_at or when.happened, when.happened, view.calendar, "until")
    days = (local_date(end, view.calendar.zone) - local_date(when.happened, view.calendar.zone)).days
    if days < 1:
        raise Wrong("until", until, "a pause lasts at least until tomorrow")
    why = reasoned("pause a cycle", reason)
    facts: dict[str, Scalar] = {"until": iso(end), "days": days}
    people = dict.fromkeys(h.person for h in view.directory.holdings)
    return (
        move(view, "pause", CaseRecord.PAUSED, actor, when, why, facts, paused_at=when.happened, paused_until=end,
             phase_opened_at=_moved_phase(view, days))
        + retimed(view, days, anchors, shift(when.happened, days, view.calendar), when)
        + Plan(arm=(Arm(view.case.id, "case", view.case.id, RESUME, end),),
               send=tell(view, "cycle_paused", people, f"{view.case.id}:{view.case.version}", until=iso(end)))
        + wake(view)
    )


def resume(view: CaseView, seen: int | None, anchors: Mapping[str, datetime], actor: Actor, when: When) -> Plan:
    """The pause ends; ended early, it gives back the days that are left."""
    check(view, "resume", seen, actor)
    if view.case.paused_until is None:
        raise NotAllowed(view.case.reference, "resume", "not paused", ("pause", "cancel"))
    left = days_left(view, when.happened)
    facts: dict[str, Scalar] = {"days_given_back": left}
    return (
        move(view, "resume", CaseRecord.RESUMED, actor, when, "", facts, paused_at=None, paused_until=None,
             phase_opened_at=_moved_phase(view, -left))
        + (retimed(view, -left, anchors, when.happened, when) if left else Plan())
        + Plan(cancel=((view.case.id, RESUME),))
        + wake(view)
    )


def _moved_phase(view: CaseView, days: int) -> datetime | None:
    """What the dates of steps that have not opened yet will count from."""
    opened = view.case.phase_opened_at
    return None if opened is None else shift(opened, days, view.calendar)


def retimed(view: CaseView, days: int, anchors: Mapping[str, datetime], ahead: datetime, when: When) -> Plan:
    """Every open step and gate is due whole local days later (or earlier), its ladder with it.

    Ladders go on where they stood: with the first level that isn't past at `ahead`.
    """
    owed = total(_moved_step(view, s, days, ahead, when) for s in view.steps if s.state == "open")
    rounds = total(_moved_gate(view, g, days, ahead, when) for g in view.gates if g.state == "open")
    ways = total(_moved_wait(view, g, days, anchors, ahead) for g in view.gates if g.waits_for_way_out)
    return owed + rounds + ways


def _moved_step(view: CaseView, step: Step, days: int, ahead: datetime, when: When) -> Plan:
    assert step.due_at is not None  # an open step has a due instant: the table refuses another
    due_at = shift(step.due_at, days, view.calendar)
    line = owing.retiming(view, step, due_at, when)
    return Plan(change=(line,), cancel=((step.id, LADDER),),
                arm=arm_ladder(view, "step", step.id, owing.ladder_of(view, step), due_at, ahead))


def _moved_gate(view: CaseView, gate: Gate, days: int, ahead: datetime, when: When) -> Plan:
    spec = view.workflow.gate(gate.name)
    due_at = shift(gate.due_at, days, view.calendar)
    lapse = DueRule.of(due_at, spec.lapse, view.calendar)
    return Plan(
        change=(gates.retiming(view, gate, due_at, owing.fixed(due_at, view), when),),
        cancel=((gate.id, LADDER), (gate.id, LAPSE)),
        arm=(*arm_ladder(view, "gate", gate.id, spec.ladder, due_at, ahead),
             Arm(view.case.id, "gate", gate.id, LAPSE, lapse.instant(view.calendar), rule=lapse.as_json())),
    )


def _moved_wait(view: CaseView, gate: Gate, days: int, anchors: Mapping[str, datetime], ahead: datetime) -> Plan:
    """A rejected or lapsed gate: whoever has to say how to go on has the pause's days more."""
    since = DueRule.of(gate.closed_at or ahead, view.workflow.decide_due, view.calendar).instant(view.calendar)
    anchor = shift(anchors.get(gate.id, since), days, view.calendar)
    return Plan(cancel=((gate.id, LADDER),),
                arm=arm_ladder(view, "gate", gate.id, view.workflow.phase(gate.name).waiting_ladder, anchor, ahead))


def dispose(view: CaseView, step: Step, to: str | None, reason: str, in_force: Workflow, actor: Actor,
            when: When) -> Plan:
    """At the last gate, a waived step is carried over into the next case by name, or declined with a reason.

    `in_force` is the programme under which the next case would open.
    """
    last = view.workflow.phases[-1]
    what = f"waived step {step.key} of {view.case.reference}"
    if not any(gate.state == "open" and disposes(view, gate) for gate in view.gates):
        raise Missing(what, f"gate {last.id} isn't open")
    if step.state != "waived" or step.id in view.disposed:
        raise NotAllowed(what, "dispose of", "disposed of" if step.id in view.disposed else step.state, ())
    if not any(view.directory.holds(actor.id, name) for name in (ISMS_MANAGER, *view.workflow.gate(last.id).responsibilities)):
        raise NotYours(what, "dispose of", "a responsibility of the gate")
    if to is not None and not view.directory.is_active(to):
        raise Wrong("person", to, "name an active person with role user or admin")
    if to is not None and _place(in_force, step) is None:
        raise Wrong("step", step.key, "the programme in force has no such step any more: decline it")
    why = reason.strip() if to else reasoned("decline a waived step", reason)
    row = {"id": new_id(), "case_id": view.case.id, "step_id": step.id, "to_person": to, "decided_by": actor.id,
           "answer": "carried" if to else "declined", "decided_at": when.happened}
    kind = CaseRecord.CARRIED if to else CaseRecord.DECLINED
    return Plan(insert=(Insert("dispositions", row),),
                record=(record(kind, view, step.id, actor, when, {"step": step.key, "to": to}, why),))


def check(view: CaseView, event: str, seen: int | None, actor: Actor) -> None:
    """Raise unless the machine allows the event, the gates that it needs have passed, and the actor may fire it."""
    reference = view.case.reference
    found = machines.ALL[view.case.kind].rule_for(event, view.case.state, reference)
    entitled(view, found, actor, reference, None, None)
    fresh(reference, seen, view.case.version)
    for name in sorted(found.gates):
        gate = view.latest_gate(name)
        if gate is None or gate.state != "passed":
            raise Missing(f"{event} of {reference}", f"gate {name} has not passed")


def move(view: CaseView, event: str, kind: CaseRecord | CorrectiveRecord | IncidentRecord, actor: Actor, when: When, reason: str = "",
         facts: Mapping[str, Scalar] | None = None, **sets: Any) -> Plan:
    """The case's own change by one rule of its machine."""
    check(view, event, None, actor)
    machine = machines.ALL[view.case.kind]
    to = machine.rule_for(event, view.case.state, view.case.reference).to or view.case.state
    line = record(kind, view, view.case.id, actor, when,
                  {"event": event, "from": view.case.state, "to": to, **(facts or {})}, reason)
    found: Change = change(machine, "case", view.case, event, line, **sets)
    return Plan(change=(found,))


def unbegun(case: Case, workflow: Workflow, carried: tuple[Carried, ...] = ()) -> tuple[Step, ...]:
    """Every step of a new case, and those that it takes over; none is owed yet."""
    own = [(phase, spec.id, spec.responsibility, None, None) for phase in workflow.phases for spec in phase.steps]
    more = [_taken_over(workflow, each) for each in carried]
    rows = [*own, *(each for each in more if each)]
    return tuple(Step(new_id(), case.id, phase.id, key, position, "waiting", 1, responsibility, owner,
                      None, None, None, None, 0, origin)
                 for position, (phase, key, responsibility, owner, origin) in enumerate(rows))


def _taken_over(workflow: Workflow, each: Carried) -> tuple[Phase, str, str, str | None, str | None] | None:
    """The extra step that takes over a waived one; None if the programme now in force has no such step.

    One that was carried over before keeps its name, so that it can stand beside its younger sister.
    """
    found = _place(workflow, each.step)
    if found is None:
        return None
    phase, spec = found
    key = each.step.key if each.step.carried_from else f"{spec.id}@{each.reference}"
    return phase, key, spec.responsibility, each.person, each.step.id


def _place(workflow: Workflow, step: Step) -> tuple[Phase, Spec] | None:
    """Where a workflow has the step; None if it has it no more."""
    name = programme_key(step.key)
    return next(((phase, spec) for phase in workflow.phases for spec in phase.steps if spec.id == name), None)


def _declined(view: CaseView, each: Carried, when: When) -> AuditRecord:
    """The programme changed after somebody was named: the history says that the step isn't owed again, and why."""
    return record(CaseRecord.DECLINED, view, each.step.id, AGENT, when, {"step": each.step.key, "to": None},
                  "the programme in force has no such step any more")


def case_row(case: Case) -> dict[str, object]:
    """A case as its table takes it."""
    return {name: getattr(case, name) for name in Case.__slots__}


def step_row(step: Step) -> dict[str, object]:
    """A step as its table takes it."""
    return {"case_id": step.case, **{name: getattr(step, name) for name in STEP_ROW}}
