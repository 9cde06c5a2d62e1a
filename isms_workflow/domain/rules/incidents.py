"""The life of an incident: reported, triaged, answered, learned from; or dismissed, merged, taken back, reopened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from isms_workflow.domain import machines
from isms_workflow.domain.access import strictest
from isms_workflow.domain.calendars import WorkingCalendar
from isms_workflow.domain.clocks import incidents_of, response_rule, severity_of
from isms_workflow.domain.duties import Duties, has_duties
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.incident import FILE, LEARNING, RESPONDING, UNANSWERED, Incident, Stop
from isms_workflow.domain.machine import FLOW
from isms_workflow.domain.people import ISMS_MANAGER, Actor, Directory
from isms_workflow.domain.plan import Beside, Insert, Plan
from isms_workflow.domain.records import AuditRecord, CaseRecord, IncidentRecord, Scalar
from isms_workflow.domain.refusals import NotAllowed, Wrong
from isms_workflow.domain.rules import duties, escalation, gates, owing
from isms_workflow.domain.rules.cases import case_row, check, enter, move, step_row, unbegun
from isms_workflow.domain.rules.common import reasoned, record, tell, wake
from isms_workflow.domain.severity import Assessed, assess, label
from isms_workflow.domain.systems import System
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import Case, CaseView, Step
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.programme.model import Programme

AGENT = Actor(FLOW, FLOW)
LONGEST_TITLE, LONGEST_TEXT = 200, 20_000


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody, or a source, says has happened. `systems` are those of the register that are affected."""

    title: str
    description: str
    category: str
    systems: tuple[System, ...] = ()
    occurred_at: datetime | None = None
    external_key: str | None = None
    is_exercise: bool = False
    severity: str | None = None
    """Given by whoever knows it already; None: the programme's rules assess it."""


def report(found: Report, reference: str, programme: Programme, calendar: WorkingCalendar, directory: Directory,
           follows: str | None, actor: Actor, when: When) -> tuple[Plan, CaseView]:
    """A new incident: assessed, its clocks running from this instant, and told to the whole response team.

    Raises `Wrong` naming the field.
    """
    workflow = programme.workflows["incident"]
    assert isinstance(workflow, IncidentWorkflow)  # load.py reads incident.yaml as one
    check_report(found, workflow, when.happened)
    assessed = _assessed(found, workflow)
    view = _reported(found, reference, programme, calendar, directory, assessed, follows, actor, when)
    team = escalation.responders(view) or directory.holders(ISMS_MANAGER)
    told, then = escalation.due_levels(view, when)
    plan = Plan(
        insert=_rows(view, found),
        record=_lines(view, found, assessed, actor, when),
        send=tell(view, "incident_reported", team, view.case.id, due=iso(incidents_of(view)[1].response_due)),
        reach=tuple((view.case.id, person) for person in team),
    )
    return plan + told + escalation.running(then, when.happened) + duties.began(view, when) + wake(view), view


def filed(found: Report, reference: str, programme: Programme, calendar: WorkingCalendar, directory: Directory,
          actor: Actor, when: When) -> tuple[Plan, Plan, CaseView]:
    """One that was dealt with before it came here, as from another register: recorded, and at its end at once. Nobody
    is told, and no clock ever runs. The plans are to be written in this order. Raises `Wrong`, `NotYours`.
    """
    workflow = programme.workflows["incident"]
    assert isinstance(workflow, IncidentWorkflow)  # load.py reads incident.yaml as one
    check_report(found, workflow, when.happened)
    assessed = _assessed(found, workflow)
    view = _reported(found, reference, programme, calendar, directory, assessed, None, actor, when)
    return (Plan(insert=_rows(view, found), record=_lines(view, found, assessed, actor, when)),
            move(view, FILE, IncidentRecord.FILED, actor, when, closed_at=when.happened), view)


def _assessed(found: Report, workflow: IncidentWorkflow) -> Assessed:
    if found.severity is None:
        return assess(workflow, found.category, found.systems)
    return Assessed(found.severity, None)


def check_report(found: Report, workflow: IncidentWorkflow, now: datetime) -> None:
    """Raise `Wrong` for the first field that can't be."""
    if not 0 < len(found.title.strip()) <= LONGEST_TITLE:
        raise Wrong("title", found.title[:40], f"say in 1 to {LONGEST_TITLE} characters what happened")
    if len(found.description) > LONGEST_TEXT:
        raise Wrong("description", f"{len(found.description)} characters", f"at most {LONGEST_TEXT:,}; attach the rest later")
    if found.category not in {each.id for each in workflow.categories}:
        raise Wrong("category", found.category, f"one of {', '.join(each.id for each in workflow.categories)}")
    if found.severity is not None and found.severity not in {each.id for each in workflow.severities}:
        raise Wrong("severity", found.severity, f"one of {', '.join(each.id for each in workflow.severities)}")
    if found.occurred_at is not None and found.occurred_at > now:
        raise Wrong("occurred_at", iso(found.occurred_at), "it lies ahead: give the instant at which it began, or none")
    if found.external_key is not None and not 0 < len(found.external_key) <= LONGEST_TITLE:
        raise Wrong("external_key", found.external_key[:40], f"1 to {LONGEST_TITLE} characters, or none")


def _reported(found: Report, reference: str, programme: Programme, calendar: WorkingCalendar, directory: Directory,
              assessed: Assessed, follows: str | None, actor: Actor, when: When) -> CaseView:
    workflow, machine = programme.workflows["incident"], machines.ALL["incident"]
    assert isinstance(workflow, IncidentWorkflow)
    case = Case(new_id(), "incident", reference, machine.initial, 1, machine.version, programme.digest,
                label(workflow, found.category, found.systems), when.happened, when.happened, None, None, None, None, 0, 0)
    person = actor.id if actor.id in directory.people else None
    incident = Incident(found.category, assessed.severity, person, actor.id,
                        when.happened, None, None, -1, 0, found.is_exercise, None, follows,
                        tuple(system.id for system in found.systems))
    view = CaseView(case, unbegun(case, workflow), (), programme, calendar, directory, incident=incident,
                    duties=duties_at(programme, found, when))
    due = response_rule(view).instant(calendar)
    return replace(view, incident=replace(incident, response_due=due))


def duties_at(programme: Programme, found: Report, when: When) -> Duties | None:
    """What may have to be reported, of which nothing is known yet."""
    if not has_duties(programme, found.is_exercise):
        return None
    return Duties(programme, when.happened, when.happened, found.occurred_at)


def _rows(view: CaseView, found: Report) -> tuple[Insert, ...]:
    _, incident = incidents_of(view)
    own = {name: getattr(incident, name) for name in Incident.__slots__ if name not in ("systems", "stops")}
    row = {"case_id": view.case.id, **own, "title": found.title.strip(), "description": found.description.strip() or None,
           "occurred_at": found.occurred_at, "external_key": found.external_key}
    return (Insert("cases", case_row(view.case)), Insert("incidents", row),
            *(Insert("incident_systems", {"case_id": view.case.id, "system_id": each}) for each in incident.systems),
            *(Insert("steps", step_row(step)) for step in view.steps))


def _lines(view: CaseView, found: Report, assessed: Assessed, actor: Actor, when: When) -> tuple[AuditRecord, ...]:
    _, incident = incidents_of(view)
    opened: dict[str, Scalar] = {"reference": view.case.reference, "programme": view.case.programme, "label": view.case.label}
    facts: dict[str, Scalar] = {
        "severity": assessed.severity, "rule": assessed.rule, "category": found.category,
        "systems": " ".join(incident.systems), "due": iso(incident.response_due), "exercise": found.is_exercise,
        "occurred": iso(found.occurred_at) if found.occurred_at else None, "follows": incident.follows}
    line = record(IncidentRecord.REPORTED, view, view.case.id, actor, when, facts)
    private = {"title": found.title.strip(), **({"description": d} if (d := found.description.strip()) else {})}
    return record(CaseRecord.OPENED, view, view.case.id, actor, when, opened), replace(line, private=private)


def occurred(view: CaseView, from_case: str | None, actor: Actor, when: When, said: Report | None = None) -> Plan:
    """The same again: the incident that is open counts it, and nobody is paged anew. What was `said` stands in its history."""
    row = {"id": new_id(), "case_id": view.case.id, "occurred_at": when.happened, "from_case": from_case}
    line = record(IncidentRecord.OCCURRED, view, view.case.id, actor, when, {"from": from_case})
    texts = (said.title.strip(), said.description.strip()) if said else ()
    private = {"text": text} if (text := "\n\n".join(filter(None, texts))) else {}
    return Plan(insert=(Insert("occurrences", row),), record=(replace(line, private=private),))


def triage(view: CaseView, seen: int | None, severity: str, reason: str, actor: Actor, when: When) -> Plan:
    """Somebody who knows confirms the severity, or changes it with a reason. It is an incident, and waits for a response."""
    _, incident = incidents_of(view)
    changed = _severity(view, severity) != incident.severity
    why = reasoned("change the severity", reason) if changed else reason.strip()
    check(view, "triage", seen, actor)
    plan = move(view, "triage", CaseRecord.MOVED, actor, when, why, {"severity": severity})
    then = replace(view, case=replace(view.case, state="triaged"))
    return plan + (_reassessed(then, severity, when) if changed else Plan()) + _say_state(view, "triaged")


def reassess(view: CaseView, seen: int | None, severity: str, reason: str, actor: Actor, when: When) -> Plan:
    """Another severity, with a reason: every clock that runs counts anew from the report, and what was told stays told."""
    check(view, "reassess", seen, actor)
    _, incident = incidents_of(view)
    if _severity(view, severity) == incident.severity:
        raise Wrong("severity", severity, "it has this severity already")
    facts: dict[str, Scalar] = {"severity": severity, "before": incident.severity}
    return move(view, "reassess", IncidentRecord.REASSESSED, actor, when, reasoned("change the severity", reason), facts) + (
        _reassessed(view, severity, when))


def _severity(view: CaseView, name: str) -> str:
    known = [each.id for each in incidents_of(view)[0].severities]
    if name not in known:
        raise Wrong("severity", name, f"one of {', '.join(known)}")
    return name


def _reassessed(view: CaseView, severity: str, when: When) -> Plan:
    """What follows from another severity, or another programme: `view` is as it will be but for the severity."""
    _, incident = incidents_of(view)
    then = replace(view, incident=replace(incident, severity=severity))
    plan = Plan(beside=(Beside("incidents", view.case.id, {"severity": severity}),))
    if view.case.state not in UNANSWERED:
        return plan
    word = escalation.word_anew(then, when) if severity != incident.severity else Plan()
    told = escalation.told_so_far(view)
    new = tuple(person for person in escalation.counted_as_told(then, when.noticed) if person not in told)
    return plan + escalation.anew(then, when) + word + Plan(
        send=tell(then, "incident_reassessed", (*told, *new), f"{view.case.id}:{view.case.version}",
                  severity=severity, before=incident.severity),
        reach=tuple((view.case.id, person) for person in new))


def respond(view: CaseView, seen: int | None, actor: Actor, when: When) -> Plan:
    """A person is at it: the response clock is met, the escalation ends, and the steps of the response are owed.

    Whoever takes it up owns the steps that their responsibility lets them.
    """
    check(view, "respond", seen, actor)
    _, incident = incidents_of(view)
    return escalation.over(view, when) + escalation.missed(view, when) + enter(
        _taken_up(view, actor), "respond", actor, when, view.case.started_at) + Plan(
        beside=(Beside("incidents", view.case.id, {"responded_at": incident.responded_at or when.happened}),),
        send=tell(view, "incident_responded", (p for p in escalation.told_so_far(view) if p != actor.id),
                  f"{view.case.id}:{view.case.version}", by=actor.id),
    ) + _say_state(view, RESPONDING) + wake(view)


def _taken_up(view: CaseView, actor: Actor) -> CaseView:
    """With the steps owned by whoever takes the response up, as far as their responsibilities let them."""
    return replace(view, steps=tuple(
        replace(s, owner=actor.id) if view.directory.holds(actor.id, s.responsibility) else s for s in view.steps))


def resolve(view: CaseView, when: When) -> Plan:
    """Every step of the response is settled: contained, its cause gone, recovered."""
    return move(view, "resolve", CaseRecord.MOVED, AGENT, when) + _say_state(view, "resolved") + wake(view)


def learn(view: CaseView, when: When) -> Plan:
    """What happened is written down, its cause found, and somebody approves what changes; what a gate said before a
    reopening stands no longer.
    """
    gate = view.latest_gate(LEARNING)
    waits = gate is not None and gate.waits_for_way_out
    before = Plan() if waits else gates.unsettle(view, LEARNING, AGENT, when)
    return before + enter(view, "learn", AGENT, when, view.case.started_at) + wake(view)


def close(view: CaseView, when: When) -> Plan:
    """It ends: after the lessons where its severity asks for them."""
    duties.hold(view, "the end")
    event = "conclude" if view.case.state == LEARNING else "close"
    people = (*escalation.told_so_far(view), *view.directory.holders(ISMS_MANAGER))
    return move(view, event, CaseRecord.MOVED, AGENT, when, closed_at=when.happened) + escalation.over(view, when) + Plan(
        send=tell(view, "incident_closed", people, f"{view.case.id}:{view.case.version}"),
    ) + _say_state(view, "closed")


def learns(view: CaseView) -> bool:
    """Whether its severity asks for lessons before it closes."""
    return severity_of(view).lessons


def dismiss(view: CaseView, seen: int | None, reason: str, actor: Actor, when: When) -> Plan:
    """It was none: it ends as a false positive, and can be taken back."""
    check(view, "dismiss", seen, actor)
    why = reasoned("dismiss an incident", reason)
    return _ended(view, "dismiss", why, actor, when, {}) + _say_state(view, "false_positive")


def merge(view: CaseView, seen: int | None, into: CaseView, reason: str, actor: Actor, when: When) -> Plan:
    """It is part of another that is open, which counts it as an occurrence, and is from then on as grave as both.

    Raises `Wrong` for one that isn't.
    """
    check(view, "merge", seen, actor)
    if into.case.id == view.case.id or into.incident is None or into.case.closed_at is not None:
        raise Wrong("into", into.case.reference, "name another incident that is open")
    ended = _ended(view, "merge", reason.strip(), actor, when, {"into": into.case.reference})
    return ended + Plan(beside=(Beside("incidents", view.case.id, {"merged_into": into.case.id}),)) + _absorbed(
        view, into, reason.strip(), actor, when) + occurred(into, view.case.id, actor, when) + _say_state(view, "merged")


def _absorbed(view: CaseView, into: CaseView, reason: str, actor: Actor, when: When) -> Plan:
    """The other concerns the systems of both, has the graver severity of both, and is seen by no more people than either."""
    (_, ours), (workflow, theirs) = incidents_of(view), incidents_of(into)
    graver = min((each for each in workflow.severities if each.id in (ours.severity, theirs.severity)),
                 key=workflow.severities.index).id
    narrower = strictest(into.case.label, view.case.label)
    more = [each for each in ours.systems if each not in theirs.systems]
    facts: dict[str, Scalar] = {"from": view.case.reference, "systems": " ".join(more), "label": narrower}
    why = f"{view.case.reference} was merged into it{f': {reason}' if reason else ''}"
    added = Plan(insert=tuple(Insert("incident_systems", {"case_id": into.case.id, "system_id": each}) for each in more))
    if (graver, narrower) == (theirs.severity, into.case.label):
        return added + Plan(record=(record(IncidentRecord.ABSORBED, into, into.case.id, actor, when, facts, why),))
    plan = added + move(into, "reassess", IncidentRecord.ABSORBED, actor, when, why,
                        {**facts, "severity": graver, "before": theirs.severity}, label=narrower)
    return plan if graver == theirs.severity else plan + _reassessed(into, graver, when)


def _ended(view: CaseView, event: str, reason: str, actor: Actor, when: When, facts: dict[str, Scalar]) -> Plan:
    """An end that can be taken back stops every clock from now on."""
    stop = Stop(new_id(), "end", actor.id, when.happened, None, None)
    return move(view, event, CaseRecord.MOVED, actor, when, reason, facts, closed_at=when.happened) + (
        escalation.over(view, when)) + duties.ended(view, event, actor, when) + Plan(
        insert=(escalation.begun(view, stop),)) + wake(view)


def take_back(view: CaseView, seen: int | None, reason: str, actor: Actor, when: When) -> Plan:
    """It was an incident after all: its clocks go on where they stood when it was dismissed."""
    check(view, "take back", seen, actor)
    why = reasoned("take back a false positive", reason)
    plan = move(view, "take back", CaseRecord.MOVED, actor, when, why, closed_at=None)
    then = replace(view, case=replace(view.case, state="triaged", closed_at=None))
    for stop in (s for s in incidents_of(view)[1].stops if s.what == "end" and s.ended_at is None):
        plan += Plan(end=((stop.id, when.happened),))
        then = escalation.with_stop(then, replace(stop, ended_at=when.happened))
    team = escalation.told_so_far(view)
    return plan + escalation.anew(then, when) + duties.again(view, when) + Plan(
        send=tell(view, "incident_reopened", team, f"{view.case.id}:{view.case.version}", by=actor.id),
    ) + _say_state(view, "triaged") + wake(view)


def reopen(view: CaseView, seen: int | None, steps: Sequence[str], reason: str, actor: Actor, when: When) -> Plan:
    """It isn't over: the named steps of the response are owed again. The history goes on; nothing starts anew.

    Of one that was filed with its end nothing was done here: its response begins, and none is named.
    """
    check(view, "reopen", seen, actor)
    why = reasoned("reopen an incident", reason)
    plan = _owed_again(view, steps, why, actor, when) if is_answered_here(view) else _begun_late(view, steps, why, actor, when)
    return plan + duties.again(view, when) + Plan(
        send=tell(view, "incident_reopened", escalation.told_so_far(view), f"{view.case.id}:{view.case.version}", by=actor.id),
    ) + _say_state(view, RESPONDING) + wake(view)


def is_answered_here(view: CaseView) -> bool:
    """Whether a step of its response was ever settled; none was of one that was filed with its end."""
    return any(step.is_settled for step in view.steps_of(RESPONDING))


def _owed_again(view: CaseView, steps: Sequence[str], why: str, actor: Actor, when: When) -> Plan:
    named = _response_steps(view, steps)
    plan = move(view, "reopen", CaseRecord.MOVED, actor, when, why, closed_at=None, phase_opened_at=when.happened)
    then = replace(view, case=replace(view.case, state=RESPONDING, closed_at=None, phase_opened_at=when.happened))
    return plan + owing.reopened(then, named, why, actor, when)


def _begun_late(view: CaseView, steps: Sequence[str], why: str, actor: Actor, when: When) -> Plan:
    if steps:
        raise Wrong("steps", ", ".join(steps), "name none: nothing of its response was done here, and all of it is owed")
    then = _taken_up(replace(view, case=replace(view.case, closed_at=None)), actor)
    return enter(then, "reopen", actor, when, view.case.started_at, why, closed_at=None)


def _response_steps(view: CaseView, ids: Sequence[str]) -> tuple[Step, ...]:
    found = tuple(s for s in view.steps_of(RESPONDING) if s.id in set(ids) and s.is_settled)
    if not found or len(found) != len(set(ids)):
        raise Wrong("steps", ", ".join(ids) or "none", "name at least one step of the response that is settled")
    return found


def replan(view: CaseView, seen: int | None, programme: Programme, reason: str, actor: Actor, when: When) -> Plan:
    """It goes on under the programme in force: its severity picks the clocks there, and what was told stays told."""
    check(view, "re-plan", seen, actor)
    _, incident = incidents_of(view)
    if programme.digest == view.case.programme:
        raise NotAllowed(view.case.reference, "re-plan", "under the programme in force already", ())
    workflow = programme.workflows.get("incident")
    if not isinstance(workflow, IncidentWorkflow) or incident.severity not in {s.id for s in workflow.severities}:
        raise Wrong("programme", programme.digest[:12], f"it has no severity {incident.severity}: change the severity first")
    gone = {s.key for s in view.steps} - {s.id for p in workflow.phases for s in p.steps} - (
        {workflow.reporting.questions.id} if workflow.reporting else set())
    if gone:
        raise Wrong("programme", programme.digest[:12], f"it has no step {', '.join(sorted(gone))}, which this incident owes")
    facts: dict[str, Scalar] = {"programme": programme.digest, "before": view.case.programme}
    plan = move(view, "re-plan", IncidentRecord.REPLANNED, actor, when, reasoned("re-plan an incident", reason), facts,
                programme=programme.digest)
    return plan + _reassessed(replace(view, programme=programme), incident.severity, when) + duties.replanned(
        view, programme, when)


def _say_state(view: CaseView, state: str) -> Plan:
    """Whoever reported it hears how it stands."""
    _, incident = incidents_of(view)
    return Plan(send=tell(view, "report_answered", (incident.reported_by,), f"{view.case.id}:{view.case.version}:{state}",
                          state=state))
