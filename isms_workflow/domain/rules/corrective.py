"""The life of a corrective action: corrected, planned, done, observed, checked; sent back, referred, accepted, cancelled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from isms_workflow.domain import machines
from isms_workflow.domain.calendars import DueRule, WorkingCalendar
from isms_workflow.domain.corrective_action import (
    AGAIN,
    CHECKING,
    CORRECTING,
    MACHINE,
    PLANNING,
    CorrectiveAction,
    key_in,
    round_of,
)
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.machine import CLOCK, ENGINE, FLOW
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT, Actor, Directory
from isms_workflow.domain.plan import Arm, Beside, Insert, Plan, total
from isms_workflow.domain.records import AuditRecord, CaseRecord, CorrectiveRecord, Scalar
from isms_workflow.domain.refusals import Missing, NotYours, Wrong
from isms_workflow.domain.rules import apart, gates, owing
from isms_workflow.domain.rules.cases import case_row, check, enter, move, step_row, unbegun
from isms_workflow.domain.rules.common import LADDER, arm_ladder, change, reasoned, record, tell, wake
from isms_workflow.domain.rules.steps import complete
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import Case, CaseView, Step, held
from isms_workflow.programme.corrective import CorrectiveWorkflow
from isms_workflow.programme.model import Programme

AGENT, LEADER = Actor(ENGINE, "engine"), Actor(FLOW, FLOW)
FOLLOW_UP = "follow up"
"""The deadline at which the effectiveness check begins."""

LONGEST_TITLE, LONGEST_TEXT = 200, 20_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What an action is to be about, how grave it is, and who answers for it."""

    title: str
    description: str
    gravity: str
    owner: str


def action_of(view: CaseView) -> tuple[CorrectiveWorkflow, CorrectiveAction]:
    """The programme's section and the action of a case of that kind."""
    workflow = view.workflow
    assert isinstance(workflow, CorrectiveWorkflow), view.case.kind  # whoever asks has an action's case
    assert view.corrective is not None, view.case.id
    return workflow, view.corrective


def section_of(programme: Programme) -> CorrectiveWorkflow:
    """What a programme says of corrective actions. Raises `Missing` if nothing."""
    found = programme.workflows.get(MACHINE.kind)
    if not isinstance(found, CorrectiveWorkflow):
        raise Missing("a corrective action", "the programme in force says nothing of them; copy corrective_action.yaml from "
                                             "the shipped programme, and apply it")
    return found


def may_open(programme: Programme, directory: Directory, actor: Actor) -> None:
    """Raise `NotYours` unless somebody opens actions by hand under this programme; the operator does. Raises `Missing` as well."""
    openers = section_of(programme).openers
    if actor.id != "operator" and not any(directory.holds(actor.id, name) for name in openers):
        raise NotYours("a corrective action", "open", held(programme, *openers))


def check_draft(found: Draft, workflow: CorrectiveWorkflow, directory: Directory) -> None:
    """Raise `Wrong` for the first field that can't be."""
    if not 0 < len(found.title.strip()) <= LONGEST_TITLE:
        raise Wrong("title", found.title[:40], f"say in 1 to {LONGEST_TITLE} characters what is wrong")
    if len(found.description) > LONGEST_TEXT:
        raise Wrong("description", f"{len(found.description)} characters", f"at most {LONGEST_TEXT:,}; attach the rest later")
    if found.gravity not in {each.id for each in workflow.gravities}:
        raise Wrong("gravity", found.gravity, f"one of {', '.join(each.id for each in workflow.gravities)}")
    if not directory.is_active(found.owner):
        raise Wrong("owner", found.owner, "name an active person with role user or admin")


def opened(found: Draft, reference: str, programme: Programme, calendar: WorkingCalendar, directory: Directory,
           label: str, from_case: str | None, actor: Actor, when: When) -> tuple[Plan, CaseView]:
    """A new action, whose correction its owner owes from now on. Raises `Wrong` naming the field, `Missing`.

    `label` is at least as narrow as that of what it comes from.
    """
    workflow = section_of(programme)
    check_draft(found, workflow, directory)
    case = Case(new_id(), MACHINE.kind, reference, MACHINE.initial, 1, MACHINE.version, programme.digest, label,
                when.happened, when.happened, when.happened, None, None, None, 0, 0)
    action = CorrectiveAction(found.owner, found.gravity, actor.id, 1, 0, from_case, frozenset({found.owner}))
    view = CaseView(case, (), (), programme, calendar, directory, corrective=action)
    view = replace(view, steps=tuple(_owned(view, step) for step in unbegun(case, workflow)))
    facts: dict[str, Scalar] = {"reference": reference, "programme": programme.digest, "label": label}
    told: dict[str, Scalar] = {"owner": found.owner, "gravity": found.gravity, "from": from_case}
    line = record(CorrectiveRecord.OPENED, view, case.id, actor, when, told)
    private = {"title": found.title.strip(), **({"description": text} if (text := found.description.strip()) else {})}
    row = {"case_id": case.id, "owner": found.owner, "gravity": found.gravity, "opened_by": actor.id, "round": 1, "failed": 0,
           "from_case": from_case, "title": found.title.strip(), "description": found.description.strip() or None}
    plan = Plan(
        insert=(Insert("cases", case_row(case)), Insert("corrective_actions", row), _has_owned(view, found.owner),
                *(Insert("steps", step_row(step)) for step in view.steps)),
        record=(record(CaseRecord.OPENED, view, case.id, actor, when, facts), replace(line, private=private)),
    )
    return plan + owing.openable(view, CORRECTING, when.happened, when) + wake(view), view


def _owned(view: CaseView, step: Step) -> Step:
    """The work is the action's owner's from the beginning; who checks it is chosen when it is to be checked."""
    return step if step.phase == CHECKING else replace(step, owner=action_of(view)[1].owner)


def _has_owned(view: CaseView, person: str) -> Insert:
    return Insert("corrective_owners", {"case_id": view.case.id, "person": person})


def plan_action(view: CaseView, when: When) -> Plan:
    """The flow: it is corrected; its cause is looked for, and what removes it is planned."""
    return enter(view, "analyse", LEADER, when, view.case.started_at) + wake(view)


def carry_out(view: CaseView, when: When) -> Plan:
    """The flow: the plan is approved, and what it says is owed."""
    return enter(view, "carry out", LEADER, when, view.case.started_at) + wake(view)


def observe(view: CaseView, when: When) -> Plan:
    """The flow: it is done. The clock asks for its effectiveness after the time that its gravity gives."""
    armed = to_be_checked(view, when.happened)
    facts: dict[str, Scalar] = {"check": iso(armed.due_at), "gravity": action_of(view)[1].gravity}
    return move(view, "observe", CaseRecord.MOVED, LEADER, when, "", facts, phase_opened_at=when.happened) + Plan(
        arm=(armed,)) + wake(view)


def to_be_checked(view: CaseView, done_at: datetime) -> Arm:
    """When its effectiveness is looked at, by its gravity and when it was done."""
    workflow, action = action_of(view)
    rule = DueRule.of(done_at, workflow.gravity(action.gravity).check_after, view.calendar)
    return Arm(view.case.id, "case", view.case.id, FOLLOW_UP, rule.instant(view.calendar), rule=rule.as_json())


def follow_up(view: CaseView, when: When) -> Plan:
    """The clock: it is time to look whether it was effective; somebody who had no part in it is asked."""
    return _checking(view, "follow up", Actor(CLOCK, CLOCK), when)


def bring_forward(view: CaseView, seen: int | None, reason: str, actor: Actor, when: When) -> Plan:
    """The ISMS manager has it checked before its time, as when the same happens again."""
    check(view, "bring forward", seen, actor)
    why = reasoned("bring an effectiveness check forward", reason)
    line = record(CorrectiveRecord.BROUGHT_FORWARD, view, view.case.id, actor, when, {}, why)
    return _checking(view, "bring forward", actor, when) + Plan(cancel=((view.case.id, FOLLOW_UP),), record=(line,))


def _checking(view: CaseView, event: str, actor: Actor, when: When) -> Plan:
    chosen = tuple(replace(s, owner=apart.owner_of(view, s)) if s.phase == CHECKING and s.state == "waiting" else s
                   for s in view.steps)
    plan = enter(replace(view, steps=chosen), event, actor, when, view.case.started_at)
    barred = apart.doers(view)
    if any(s.owner in barred for s in chosen if s.phase == CHECKING and s.state == "waiting"):
        people = (*view.directory.holders(ISMS_MANAGER), *view.directory.holders(TOP_MANAGEMENT))
        plan += Plan(send=tell(view, "action_uncheckable", people, f"{view.case.id}:{view.case.version}"))
    return plan + wake(view)


def judge(view: CaseView, seen: int | None, effective: bool, reason: str, actor: Actor, when: When) -> Plan:
    """Whoever checks it says whether it was effective, which ends it, sends it back to its cause, or refers it to management.

    Raises `NotYours`, `Conflicted`, `Missing` without evidence, `ReasonNeeded`, `NotAllowed`, `Moved`.
    """
    workflow, action = action_of(view)
    why = reasoned("say whether an action was effective", reason)
    event = "confirm" if effective else "refer" if action.failed + 1 >= workflow.management_after else "send back"
    machines.ALL[view.case.kind].rule_for(event, view.case.state, view.case.reference)
    step = next(s for s in view.steps_of(CHECKING) if round_of(s.key) == action.round)
    apart.may_own(view, step, actor.id)
    completed = complete(view, step, None, actor, when, judged=True)
    check(view, event, seen, AGENT)
    facts: dict[str, Scalar] = {"effective": effective, "round": action.round, "step": step.id}
    line = record(CorrectiveRecord.JUDGED, view, view.case.id, actor, when, facts, why)
    failed = replace(view, corrective=replace(action, failed=action.failed + (0 if effective else 1)))
    then = _ended(view, event, AGENT, when) if effective else _referred(failed, when) if event == "refer" else _again(
        failed, event, AGENT, when)
    told = () if effective else tell(view, "action_ineffective", _concerned(view, apart_from_management=event == "refer"), step.id,
                                     failed=action.failed + 1, referred=event == "refer")
    beside = () if effective else (Beside("corrective_actions", view.case.id, {"failed": action.failed + 1}),)
    return replace(completed, wake=()) + Plan(record=(line,), beside=beside, send=told) + then + wake(view)


def _concerned(view: CaseView, *, apart_from_management: bool = False) -> tuple[str, ...]:
    """Who hears how it went: the owner, whoever opened it, the ISMS manager and top management, unless they are asked."""
    _, action = action_of(view)
    opener = (action.opened_by,) if view.directory.is_active(action.opened_by) else ()
    management = view.directory.holders(TOP_MANAGEMENT)
    people = (action.owner, *opener, *view.directory.holders(ISMS_MANAGER), *management)
    return tuple(person for person in people if not (apart_from_management and person in management))


def _referred(view: CaseView, when: When) -> Plan:
    """Top management says how it goes on; a ladder runs while they don't."""
    workflow, action = action_of(view)
    anchor = DueRule.of(when.happened, workflow.decide_due, view.calendar).instant(view.calendar)
    facts: dict[str, Scalar] = {"due": iso(anchor)}
    return move(view, "refer", CaseRecord.MOVED, AGENT, when, "", facts, phase_opened_at=when.happened) + Plan(
        arm=arm_ladder(view, "case", view.case.id, workflow.referral_ladder, anchor, when.happened),
        send=tell(view, "action_referred", view.directory.holders(TOP_MANAGEMENT), f"{view.case.id}:{view.case.version}",
                  due=iso(anchor), failed=action.failed))


def go_on(view: CaseView, seen: int | None, owner: str | None, reason: str, actor: Actor, when: When) -> Plan:
    """Top management has it tried once more, perhaps by somebody else: back to its root cause."""
    check(view, "go on", seen, actor)
    apart.refuse_doer(view, actor.id, f"how {view.case.reference} goes on")
    why = reasoned("have an action tried again", reason)
    then, handed = view, Plan()
    if owner is not None and owner != action_of(view)[1].owner:
        _may_answer(view, owner)
        handed, then = _given(view, owner, actor, when)
        handed += Plan(record=(_handing(view, owner, why, actor, when),))
    return handed + _again(then, "go on", actor, when, why) + Plan(cancel=((view.case.id, LADDER),)) + wake(view)


def accept(view: CaseView, seen: int | None, reason: str, actor: Actor, when: When) -> Plan:
    """Top management lets it be as it is, and answers for what remains."""
    check(view, "accept", seen, actor)
    apart.refuse_doer(view, actor.id, f"how {view.case.reference} goes on")
    return _ended(view, "accept", actor, when, reasoned("accept what remains", reason)) + Plan(
        cancel=((view.case.id, LADDER),)) + wake(view)


def _again(view: CaseView, event: str, actor: Actor, when: When, reason: str = "") -> Plan:
    """A new round from the root cause on, with steps of its own; what the earlier ones held stays as it was."""
    workflow, action = action_of(view)
    number = action.round + 1
    new = _steps_of_round(view, workflow, number)
    then = replace(view, steps=(*view.steps, *new), corrective=replace(action, round=number))
    plan = Plan(insert=tuple(Insert("steps", step_row(step)) for step in new),
                beside=(Beside("corrective_actions", view.case.id, {"round": number}),))
    return plan + gates.unsettle(view, PLANNING, AGENT, when) + enter(then, event, actor, when, view.case.started_at, reason)


def _steps_of_round(view: CaseView, workflow: CorrectiveWorkflow, number: int) -> tuple[Step, ...]:
    first = max(step.position for step in view.steps) + 1
    specs = [(phase.id, spec) for phase in workflow.phases if phase.id in AGAIN for spec in phase.steps]
    made = (Step(new_id(), view.case.id, phase, key_in(spec.id, number), first + place, "waiting", 1, spec.responsibility, None,
                 None, None, None, None, 0, None) for place, (phase, spec) in enumerate(specs))
    return tuple(_owned(view, step) for step in made)


def _ended(view: CaseView, event: str, actor: Actor, when: When, reason: str = "") -> Plan:
    plan = move(view, event, CaseRecord.MOVED, actor, when, reason, closed_at=when.happened)
    return plan + Plan(send=tell(view, "action_ended", _concerned(view), f"{view.case.id}:{view.case.version}", how=plan.change[0].to))


def cancel(view: CaseView, seen: int | None, reason: str, actor: Actor, when: When) -> Plan:
    """It is let go, with a reason, by somebody who doesn't owe it; nothing is owed any more, and nothing is deleted."""
    check(view, "cancel", seen, actor)
    apart.refuse_doer(view, actor.id, f"the cancelling of {view.case.reference}")
    why = reasoned("cancel a corrective action", reason)
    waiting = tuple((g.id, LADDER) for g in view.gates if g.waits_for_way_out)
    return (
        _ended(view, "cancel", actor, when, why)
        + total(owing.cancelled(view, s, when) for s in view.steps if s.state in ("waiting", "open"))
        + total(gates.withdraw(view, g, AGENT, when) for g in view.gates if g.state == "open")
        + Plan(cancel=((view.case.id, LADDER), (view.case.id, FOLLOW_UP), *waiting))
        + wake(view)
    )


def hand_over(view: CaseView, seen: int | None, to: str, reason: str, actor: Actor, when: When) -> Plan:
    """Somebody else answers for it from now on, and owes what is left of it; both sides are told."""
    check(view, "hand over", seen, actor)
    why = reasoned("hand an action over", reason)
    if to == action_of(view)[1].owner:
        raise Wrong("owner", to, "they own the action already")
    _may_answer(view, to)
    line = _handing(view, to, why, actor, when)
    plan, then = _given(view, to, actor, when)
    moved = change(MACHINE, "case", view.case, "hand over", line)
    return plan + Plan(change=(moved,)) + gates.newly_undecidable(view, then, when)


def _may_answer(view: CaseView, to: str) -> None:
    """Raise `Wrong` for an owner who can't act, or who decides on it just now: that would be on their own work."""
    if not view.directory.is_active(to):
        raise Wrong("owner", to, "name an active person with role user or admin")
    if _checks(view, to):
        raise Wrong("owner", to, "they check it just now: give the check to somebody else first")
    if any(to in (d.person, d.for_person) for gate in view.gates if gate.state == "open" for d in gate.decisions):
        raise Wrong("owner", to, "they have approved its plan, which waits for others still: name somebody who hasn't")


def _checks(view: CaseView, person: str) -> bool:
    """Whether somebody is to say just now whether it is effective."""
    return any(s.phase == CHECKING and s.state == "open" and s.owner == person for s in view.steps)


def _handing(view: CaseView, to: str, reason: str, actor: Actor, when: When) -> AuditRecord:
    facts: dict[str, Scalar] = {"from_person": action_of(view)[1].owner, "to_person": to}
    return record(CorrectiveRecord.HANDED_OVER, view, view.case.id, actor, when, facts, reason)


def owner_left(view: CaseView, person: str, reason: str, when: When) -> tuple[Plan, CaseView]:
    """The owner's account has ended: whoever holds the work's responsibility now answers for it."""
    if view.corrective is None or view.case.closed_at is not None or view.corrective.owner != person:
        return Plan(), view
    responsibility = next(s.responsibility for s in view.steps if s.phase != CHECKING)
    holders = (*view.directory.holders(responsibility), *view.directory.holders(ISMS_MANAGER))
    heir = next((each for each in holders if not _checks(view, each)), None)
    if heir is None:
        return Plan(), view
    plan, then = _given(view, heir, AGENT, when, with_steps=False)
    return plan + Plan(record=(_handing(view, heir, reason, AGENT, when),)), then


def _given(view: CaseView, to: str, actor: Actor, when: When, *, with_steps: bool = True) -> tuple[Plan, CaseView]:
    """The writes of a change of owner, and the view as it is then; every step that the last one owed goes along.

    One mail tells of all of it, instead of one a step.
    """
    _, action = action_of(view)
    then = replace(view, corrective=replace(action, owner=to, owners=action.owners | {to}))
    theirs = (s for s in view.steps if s.state in ("waiting", "open") and s.owner == action.owner and s.phase != CHECKING)
    steps = total(owing.handed_over(view, s, to, "", actor, when) for s in theirs) if with_steps else Plan()
    return replace(steps, send=()) + Plan(
        insert=() if to in action.owners else (_has_owned(view, to),),
        beside=(Beside("corrective_actions", view.case.id, {"owner": to}),),
        send=tell(view, "action_handed_over", (action.owner, to), f"{view.case.id}:{new_id()}", from_person=action.owner,
                  to_person=to),
    ), then
