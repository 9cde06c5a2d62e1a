"""Ladders: who is told when, around an anchor. One level is armed at a time; firing it arms the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from isms_workflow.domain.calendars import LENGTHS, DueRule, WorkingCalendar, elapsed
from isms_workflow.programme.model import Ladder, Level


@dataclass(frozen=True, slots=True)
class Rung:
    """A ladder's level at its instant; `repeat` counts the repetitions of the last one."""

    ladder: str
    level: int
    repeat: int
    due_at: datetime
    rule: DueRule


def rung(ladder: Ladder, level: int, repeat: int, anchor: datetime, calendar: WorkingCalendar) -> Rung:
    """A level's instant, counted from the anchor; a later turn's or a repetition's, from the level's own first instant."""
    spec = ladder.levels[level]
    rule = DueRule.of(anchor, spec.offset, calendar)
    instant = rule.instant(calendar)
    if spec.nth and spec.apart:
        rule = replace(DueRule.of(instant, spec.apart, calendar), amount=spec.apart.amount * spec.nth)
        instant = rule.instant(calendar)
    if repeat and spec.repeat:
        rule = replace(DueRule.of(instant, spec.repeat, calendar), amount=spec.repeat.amount * repeat)
        instant = rule.instant(calendar)
    return Rung(ladder.id, level, repeat, instant, rule)


def first(ladder: Ladder, anchor: datetime, now: datetime, calendar: WorkingCalendar) -> Rung | None:
    """The first level not yet past at `now`; where all are past, the last one's next repetition.

    None only if every level is past and the last doesn't repeat, as a gate's ladder before its lapse.
    """
    for level in range(len(ladder.levels)):
        found = rung(ladder, level, 0, anchor, calendar)
        if found.due_at >= now:
            return found
    skipped = _passed(ladder.levels[-1], found.due_at, now, calendar)
    found_or_none: Rung | None = rung(ladder, level, skipped, anchor, calendar) if skipped else found
    while found_or_none and found_or_none.due_at < now:
        found_or_none = following(ladder, found_or_none.level, found_or_none.repeat, anchor, calendar)
    return found_or_none


def _passed(level: Level, since: datetime, now: datetime, calendar: WorkingCalendar) -> int:
    """Repetitions that are past at `now`, perhaps not all: a level that repeats every minute has many in a year."""
    again = level.repeat
    if again is None or again.unit not in LENGTHS:
        return 0
    return elapsed(again.unit, since, now, calendar) // (LENGTHS[again.unit] * again.amount)


def following(ladder: Ladder, level: int, repeat: int, anchor: datetime, calendar: WorkingCalendar) -> Rung | None:
    """What comes after a level that has fired: the next level, else the last one's next repetition."""
    if level + 1 < len(ladder.levels):
        return rung(ladder, level + 1, 0, anchor, calendar)
    if ladder.levels[level].repeat is None:
        return None
    return rung(ladder, level, repeat + 1, anchor, calendar)


def latest(due: Callable[[int], datetime | None], repeat: int, now: datetime) -> int:
    """The last of a level's repetitions that is due by `now`, given one that is; `due` says when each is, None for never.

    Found by doubling and halving: a level that repeats every minute has many in a year.
    """
    def passed(number: int) -> bool:
        at = due(number)
        return at is not None and at <= now

    step = 1
    while passed(repeat + step):
        repeat, step = repeat + step, step * 2
    while step > 1:
        step //= 2
        repeat += step if passed(repeat + step) else 0
    return repeat


def tone(level: Level) -> str:
    """Which notice a level sends: a reminder before the anchor, then overdue to the owner, escalated to others."""
    if level.offset.amount < 0:
        return "reminder"
    return "overdue" if set(level.to) <= {"owner", "approvers"} else "escalated"
