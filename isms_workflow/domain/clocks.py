"""An incident's internal clocks: pure functions of its history and a calendar, so that they can be explained at any time.

Each counts from the report and stands still during some of the history's stops: the response clock during pauses, the
escalation also while somebody's word holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from isms_workflow.domain.calendars import DueRule, WorkingCalendar, delayed, elapsed
from isms_workflow.domain.incident import Incident, Stop
from isms_workflow.domain.ladders import Rung, rung
from isms_workflow.domain.views import CaseView
from isms_workflow.programme.incidents import IncidentWorkflow, Severity


def incidents_of(view: CaseView) -> tuple[IncidentWorkflow, Incident]:
    """The programme's section and the incident of a case of that kind."""
    workflow = view.workflow
    assert isinstance(workflow, IncidentWorkflow), view.case.kind  # whoever asks has an incident's case
    assert view.incident is not None, view.case.id
    return workflow, view.incident


def severity_of(view: CaseView) -> Severity:
    """What the programme says of the incident's severity."""
    workflow, incident = incidents_of(view)
    return workflow.severity(incident.severity)


def response_rule(view: CaseView) -> DueRule:
    """The rule by which somebody has to be at it, as if the clock never stood still."""
    return DueRule.of(view.case.opened_at, severity_of(view).response, view.calendar)


def response_due(view: CaseView) -> datetime | None:
    """When somebody has to be at it; None while the clock stands still before that."""
    rule = response_rule(view)
    stops = (stop for stop in incidents_of(view)[1].stops if stop.what != "word")
    return moved_on(rule.instant(view.calendar), rule, stops, view.calendar)


def escalation(view: CaseView, now: datetime, fired: tuple[int, int] | None = None) -> Rung | None:
    """The ladder's next level at its instant; None while the escalation stands still before that.

    `fired` is a level and its repetition that have fired just now, and aren't in the view yet. A level that was told is
    never told again, whatever ladder the severity picks; of the last one's repetitions those that are past are left out.
    """
    _, incident = incidents_of(view)
    ladder = view.programme.ladders[severity_of(view).ladder]
    last = len(ladder.levels) - 1
    climbed, repeats = fired or (incident.climbed, incident.repeats)
    climbed = max(climbed, incident.climbed)
    if climbed < last:
        return _at(view, rung(ladder, climbed + 1, 0, view.case.opened_at, view.calendar))
    repeat = repeats + 1
    while (found := _at(view, rung(ladder, last, repeat, view.case.opened_at, view.calendar))) and found.due_at < now:
        repeat += 1
    return found


def repetition(view: CaseView, repeat: int) -> Rung | None:
    """A repetition of the ladder's last level at its instant; None if the escalation stands still before that."""
    ladder = view.programme.ladders[severity_of(view).ladder]
    return _at(view, rung(ladder, len(ladder.levels) - 1, repeat, view.case.opened_at, view.calendar))


def _at(view: CaseView, found: Rung) -> Rung | None:
    due_at = moved_on(found.due_at, found.rule, incidents_of(view)[1].stops, view.calendar)
    return found if due_at == found.due_at else None if due_at is None else replace(found, due_at=due_at)


def moved_on(instant: datetime, rule: DueRule, stops: Iterable[Stop], calendar: WorkingCalendar) -> datetime | None:
    """The instant, later by the time that its clock stood still before it; None if it stands still now."""
    return next((each.to for each in reversed(pushes(instant, rule, stops, calendar))), instant)


@dataclass(frozen=True, slots=True)
class Push:
    """A time during which a clock stood still, and the instant to which that moved what it counts; None: it goes on."""

    began: datetime
    ended: datetime | None
    to: datetime | None


def pushes(instant: datetime, rule: DueRule, stops: Iterable[Stop], calendar: WorkingCalendar) -> list[Push]:
    """What moves an instant, in order: each time that its clock stood still before it."""
    found: list[Push] = []
    for began, ended in stood_still(stops):
        if began > instant:  # what falls due as its clock begins to stand still waits: nobody is told once somebody sees to it
            break
        if ended is None:
            return [*found, Push(began, None, None)]
        instant = delayed(instant, elapsed(rule.unit, began, ended, calendar), rule.unit, calendar)
        found.append(Push(began, ended, instant))
    return found


def stood_still(stops: Iterable[Stop]) -> list[tuple[datetime, datetime | None]]:
    """The stops as spans that don't touch, in order; None ends one that goes on."""
    found: list[tuple[datetime, datetime | None]] = []
    for stop in sorted(stops, key=lambda s: s.began_at):
        before = found[-1] if found else None
        if before is None or (before[1] is not None and before[1] < stop.began_at):
            found.append((stop.began_at, stop.ended_at))
        elif before[1] is not None:
            found[-1] = (before[0], None if stop.ended_at is None else max(before[1], stop.ended_at))
    return found
