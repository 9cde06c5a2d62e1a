"""Why an incident's internal clocks have the instants that they have, before and after the fact. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from isms_workflow.domain.calendars import LENGTHS, DueRule
from isms_workflow.domain.clocks import Push, escalation, incidents_of, pushes, response_rule, severity_of
from isms_workflow.domain.incident import UNANSWERED, Stop
from isms_workflow.domain.ladders import Rung, rung
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.whom import named


@dataclass(frozen=True, slots=True)
class Explained:
    """One clock: its rule, the instant that the rule alone gives, what moved it, and the instant that came of it.

    `level` is the ladder's, None for the response; `stops` are those for which it stands still.
    """

    level: int | None
    rule: DueRule
    plain: datetime
    stops: tuple[Stop, ...]
    pushes: tuple[Push, ...]

    @property
    def due(self) -> datetime | None:
        """The instant that came of it; None while the clock stands still."""
        return self.pushes[-1].to if self.pushes else self.plain

    def standing(self, push: Push) -> tuple[Stop, ...]:
        """What it stood still for during a time: the stops that make it up."""
        return tuple(stop for stop in self.stops if stop.began_at >= push.began
                     and (push.ended is None or (stop.ended_at is not None and stop.ended_at <= push.ended)))


def clocks(view: CaseView) -> tuple[Explained, ...]:
    """The response clock, and every level of the ladder that the severity picks now, those that were told as well."""
    _, incident = incidents_of(view)
    ladder = view.programme.ladders[severity_of(view).ladder]
    rule = response_rule(view)
    of_response = tuple(stop for stop in incident.stops if stop.what != "word")
    rungs = (rung(ladder, level, 0, view.case.opened_at, view.calendar) for level in range(len(ladder.levels)))
    return (_explained(view, None, rule, rule.instant(view.calendar), of_response),
            *(_explained(view, each.level, each.rule, each.due_at, incident.stops) for each in rungs))


def _explained(view: CaseView, level: int | None, rule: DueRule, plain: datetime, stops: tuple[Stop, ...]) -> Explained:
    return Explained(level, rule, plain, stops, tuple(pushes(plain, rule, stops, view.calendar)))


def ahead(view: CaseView, now: datetime, ends: datetime | None) -> Iterator[Rung]:
    """The levels that will be told if nobody acts, in order; of the last one's repetitions the first alone.

    `ends` is when what stops the escalation now ends by itself; None where nothing does.
    """
    if view.case.state not in UNANSWERED:
        return
    _, incident = incidents_of(view)
    if ends is not None:
        stops = tuple(stop if stop.ended_at else replace(stop, ended_at=max(ends, stop.began_at)) for stop in incident.stops)
        view, now = replace(view, incident=replace(incident, stops=stops)), max(now, ends)
    ladder = view.programme.ladders[severity_of(view).ladder]
    passed: datetime | None = None
    while (found := escalation(view, now)) is not None:
        due = max(now, min(found.due_at, passed or found.due_at))
        is_last = found.level == len(ladder.levels) - 1
        has_people = any(named(view, name, due) for name in ladder.levels[found.level].to)
        if has_people or is_last:
            yield replace(found, due_at=due)
        if is_last:
            return
        passed = None if has_people else due  # where nobody is reached, what follows isn't waited for
        _, incident = incidents_of(view)
        view = replace(view, incident=replace(incident, climbed=found.level, repeats=0))


def word_lapses(view: CaseView, asked_at: datetime, asked: int) -> datetime:
    """When a word lapses if nobody answers: `asked_at` is when it is asked after next, `asked` how often it was before."""
    spec = severity_of(view).acknowledgement
    for _ in range(asked, spec.reminders):
        asked_at = DueRule.of(asked_at, spec.remind, view.calendar).instant(view.calendar)
    return asked_at


def says(rule: DueRule) -> str:
    """A rule in words: `4 hours from 2026-01-05 08:00:00 UTC`."""
    hour = "" if rule.unit in LENGTHS else f" at {rule.at:%H:%M} in {rule.zone}"
    return f"{rule.amount} {rule.unit.replace('_', ' ')}{hour} from {rule.anchor:%Y-%m-%d %H:%M:%S} UTC"
