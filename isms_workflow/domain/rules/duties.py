"""What follows for an incident's reports from what is known: the step of questions, the deadlines of what runs, who is told.

None of it stands still with the incident: what an act counts knows no pause, no night, and nobody's word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from isms_workflow.domain.calendars import LENGTHS, DueRule
from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.duties import (
    ACT_BY,
    LAWFUL,
    REMIND,
    STEP_PHASE,
    WARN,
    Duties,
    anchor,
    event_of,
    has_duties,
    warning,
)
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.ladders import Rung, first
from isms_workflow.domain.machine import ENGINE
from isms_workflow.domain.messages import Urgency
from isms_workflow.domain.obligations import Standing, State
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Arm, Change, Insert, Plan
from isms_workflow.domain.records import Scalar, StepRecord
from isms_workflow.domain.refusals import Missing
from isms_workflow.domain.rules import owing
from isms_workflow.domain.rules.cases import step_row
from isms_workflow.domain.rules.common import LADDER, arm_ladder, tell, wake
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import CaseView, Step
from isms_workflow.programme.incidents import Reporting
from isms_workflow.programme.model import Programme

AGENT = Actor(ENGINE, "engine")
STATUTORY: Urgency = "statutory"
"""Of every notice about a report that runs: no quiet hours, no throttling."""

ASKED: Urgency = "critical"
"""Of what triage is asked: no quiet hours, but in a storm, where every incident asks, told together."""

AFTER = 1000
"""The place of the step of questions among the steps of its case: behind those of the phases."""


def reporting_of(view: CaseView) -> Reporting:
    """What the programme says of how reports are seen to. Raises `Missing` where the incident has no duties."""
    workflow, incident = incidents_of(view)
    if workflow.reporting is None or view.duties is None:
        why = ("an exercise is reported to nobody" if incident.is_exercise else
               "the programme that it keeps names no obligations; apply one that does, and re-plan the incident")
        raise Missing(f"a fact about the reports of {view.case.reference}", why)
    return workflow.reporting


def margin(view: CaseView) -> timedelta:
    """How long before an instant the last call comes."""
    span = reporting_of(view).margin
    return span.amount * LENGTHS[span.unit]  # the programme is refused with a unit that isn't among these


def questions_step(view: CaseView) -> Step | None:
    """The step in which triage answers, if it was ever owed."""
    return next((each for each in view.steps if each.phase == STEP_PHASE), None)


def began(view: CaseView, when: When) -> Plan:
    """At the report: the step of questions opens where anything may apply."""
    return Plan() if view.duties is None else followed(view, view.duties, AGENT, when, before={})


def followed(view: CaseView, then: Duties, actor: Actor, when: When, *, fired: str = "", onwards: Arm | None = None,
             before: Mapping[str, State] | None = None) -> Plan:
    """All that comes of knowing `then` where `view.duties` was known before.

    `fired`: the event of a stage's deadline that this carries out, and what follows it on its ladder, `onwards`.
    `before`: how the stages stood, where time alone has changed that.
    """
    known = before if before is not None else states(view.duties or then, then.at)
    plan = _step(view, then, actor, when) + _clocks(view, then, fired, onwards) + _begun(view, then, known)
    is_free = view.duties is not None and view.duties.hold and not then.hold
    return plan + (wake(view) if is_free else Plan())


def states(duties: Duties, at: datetime) -> dict[str, State]:
    """How each stage stands."""
    return {each.obligation.id: each.state for each in duties.standings(at)}


def _step(view: CaseView, then: Duties, actor: Actor, when: When) -> Plan:
    step = questions_step(view)
    if then.owed and step is None:
        return _opened(view, _new(view), then, when)
    if then.owed and step is not None and step.is_settled:
        return _open_again(view, step, then, when)
    if not then.owed and step is not None and step.state == "open":
        sets = {"settled_at": when.happened, "settled_by": actor.id}
        line = _moved(view, step, "complete", StepRecord.COMPLETED, actor, when, {}, **sets)
        return Plan(change=(line,), cancel=((step.id, LADDER),))
    return Plan()


def _new(view: CaseView) -> Step:
    spec = reporting_of(view).questions
    return Step(new_id(), view.case.id, STEP_PHASE, spec.id, AFTER, "waiting", 1, spec.responsibility, None, None, None,
                None, None, 0, None)


def _opened(view: CaseView, step: Step, then: Duties, when: When) -> Plan:
    owner, due_at = view.directory.owner(step.responsibility), _due(view, then, when.happened)
    sets = {"owner": owner, "opened_at": when.happened, "due_at": due_at}
    line = _moved(view, step, "open", StepRecord.OPENED, AGENT, when, {"owner": owner, "due": iso(due_at)}, **sets)
    return Plan(insert=(Insert("steps", step_row(step)),), change=(line,)) + _owed(view, step, owner, due_at, when, again=False)


def _open_again(view: CaseView, step: Step, then: Duties, when: When) -> Plan:
    """An answer was taken back, or one brought a question with it."""
    owner = step.owner if step.owner and view.directory.is_active(step.owner) else view.directory.owner(step.responsibility)
    due_at = _due(view, then, when.happened)
    sets = {"owner": owner, "due_at": due_at, "settled_at": None, "settled_by": None}
    line = _moved(view, step, "reopen", StepRecord.REOPENED, AGENT, when, {"due": iso(due_at)}, **sets)
    return Plan(change=(line,)) + _owed(view, step, owner, due_at, when, again=True)


def _moved(view: CaseView, step: Step, event: str, kind: StepRecord, actor: Actor, when: When, facts: Mapping[str, Scalar],
           **sets: Any) -> Change:
    """What becomes of the step of questions is told behind what was said, for it follows from that."""
    return replace(owing.move(view, step, event, kind, actor, when, facts, "", **sets), follows=True)


def _owed(view: CaseView, step: Step, owner: str | None, due_at: datetime, when: When, *, again: bool) -> Plan:
    occasion = f"{step.id}:{step.version + 1}"
    return Plan(arm=arm_ladder(view, "step", step.id, reporting_of(view).questions.ladder, due_at, when.happened),
                send=tell(view, "step_opened", (owner,), occasion, ASKED, step=step.id, due=iso(due_at), again=again),
                reach=((view.case.id, owner),) if owner else ())


def _due(view: CaseView, then: Duties, since: datetime) -> datetime:
    """When the questions are to be answered: the programme's span from now, but well before the shortest *act by*."""
    plain = DueRule.of(since, reporting_of(view).questions.due, view.calendar).instant(view.calendar)
    shortest = then.answers_before()
    if shortest is None or shortest <= since:
        return max(plain, since)
    half = since + (shortest - since) / 2
    return min(plain, max(shortest - margin(view), half))


def _clocks(view: CaseView, then: Duties, fired: str, onwards: Arm | None) -> Plan:
    """Arms what runs and isn't armed, ends what is armed and doesn't run so any more; what has fired fires no more."""
    wanted = {arm.event: arm for found in then.running for arm in _armed(view, then, found)}
    if onwards is not None and onwards.event in wanted:
        wanted[onwards.event] = onwards
    armed = {each.event: each.base for each in then.clocks if each.is_armed and each.event != fired}
    done = {(each.event, each.base) for each in then.clocks if not each.is_armed or each.event == fired}
    kept = {event for event, base in armed.items() if event in wanted and base_of(wanted[event]) == base}
    new = tuple(arm for event, arm in wanted.items() if event not in kept
                and (event.startswith(REMIND) or (event, base_of(arm)) not in done))
    return Plan(arm=new, cancel=tuple((view.case.id, event) for event in armed if event not in kept))


def base_of(arm: Arm) -> str:
    """The instant that a stage's deadline stands for."""
    return str((arm.rule or {})["base"])


def _armed(view: CaseView, then: Duties, found: Standing) -> Iterable[Arm]:
    """The deadlines of a stage that runs; one whose instant has passed falls due now."""
    name = found.obligation.id
    if (rung := first(view.programme.ladders[reporting_of(view).ladder], anchor(found), then.at, view.calendar)) is not None:
        yield on_ladder(view, name, rung, anchor(found))
    instants = ((ACT_BY, found.act_by), (WARN, warning(found, margin(view))), (LAWFUL, found.latest_lawful))
    for sort, instant in instants:
        if instant is None or (sort == ACT_BY and instant == found.latest_lawful) or (sort == WARN and found.latest_lawful is not None and found.latest_lawful <= then.at):
            continue
        yield Arm(view.case.id, "case", view.case.id, event_of(sort, name), max(instant, then.at), rule={"base": iso(instant)})


def on_ladder(view: CaseView, name: str, rung: Rung, counted_to: datetime) -> Arm:
    """The deadline of a level of a stage's ladder."""
    return Arm(view.case.id, "case", view.case.id, event_of(REMIND, name), rung.due_at, rung.ladder, rung.level, rung.repeat,
               {"base": iso(counted_to)})


def _begun(view: CaseView, then: Duties, before: Mapping[str, State]) -> Plan:
    """Whoever sees to reports is told of all that begins to run by one decision, in one mail."""
    found = [each.obligation.id for each in then.running if before.get(each.obligation.id) is not State.RUNNING]
    return told(view, "obligation_runs", concerned(view), new_id(), stages=found) if found else Plan()


def concerned(view: CaseView, *more: str) -> tuple[str, ...]:
    """Who sees to reports: whoever holds one of the responsibilities that the programme names, or one of these."""
    found = reporting_of(view)
    names = (*found.decides, *found.answers, *more)
    return tuple(dict.fromkeys(person for name in names for person in view.directory.holders(name)))


def told(view: CaseView, notice: str, people: Iterable[str], occasion: str, **about: Any) -> Plan:
    """A notice to each of them, who from then on are people of the case."""
    some = tuple(people)
    return Plan(send=tell(view, notice, some, f"{view.case.id}:{occasion}", STATUTORY, **about),
                reach=tuple((view.case.id, person) for person in some))


def ended(view: CaseView, event: str, actor: Actor, when: When) -> Plan:
    """The incident is dismissed or merged: no question is owed any more, and nothing is armed.

    Raises `Missing` while a report runs: that it isn't owed is for somebody accountable to decide.
    """
    if view.duties is None:
        return Plan()
    hold(view, event, running_only=True)
    armed = Plan(cancel=tuple((view.case.id, each.event) for each in view.duties.clocks if each.is_armed))
    step = questions_step(view)
    if step is None or step.state != "open":
        return armed
    sets = {"settled_at": when.happened, "settled_by": actor.id}
    line = owing.move(view, step, "waive", StepRecord.WAIVED, actor, when, {}, f"to {event} the incident", **sets)
    return armed + Plan(change=(line,), cancel=((step.id, LADDER),))


def recounted(view: CaseView, when: When) -> Plan:
    """By what is known of holidays and zones now: a deadline of a stage that counts otherwise is armed anew."""
    if view.duties is None or view.case.closed_at is not None:
        return Plan()
    return _clocks(view, view.duties.with_(at=when.noticed), "", None)


def again(view: CaseView, when: When) -> Plan:
    """The incident goes on: what was asked is asked again where it isn't answered, and what runs is armed."""
    if view.duties is None:
        return Plan()
    gone = replace(view.duties, clocks=tuple(each for each in view.duties.clocks if not each.is_armed), _cache={})
    return followed(view, gone, AGENT, when)


def replanned(view: CaseView, programme: Programme, when: When) -> Plan:
    """Another version of the programme may name other obligations: what was said stays said."""
    if incidents_of(view)[1].is_exercise:
        return Plan()
    before = view.duties or Duties(programme, view.case.opened_at, when.noticed)
    if has_duties(programme, is_exercise=False):
        then = replace(before, programme=programme, _cache={})
        return followed(replace(view, programme=programme, duties=before), then, AGENT, when,
                        before=None if view.duties else {})
    return ended(view, "re-plan", AGENT, when)


def hold(view: CaseView, event: str, *, running_only: bool = False) -> None:
    """Raise `Missing`, naming each, while a report is owed, or it isn't known whether one is."""
    duties = view.duties
    if duties is None:
        return
    names = ", ".join(each.obligation.id for each in duties.running)
    if names:
        raise Missing(f"{event} of {view.case.reference}", f"still to be submitted, or decided as not to be reported: {names}")
    if duties.owed and not running_only:
        raise Missing(f"{event} of {view.case.reference}", f"unanswered: {', '.join(each.id for each in duties.owed)}")
