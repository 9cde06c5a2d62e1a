"""Working time: what passes between opening and closing on days of work, and stands still otherwise. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Protocol

from isms_workflow.domain.times import utc

DAY = timedelta(days=1)
NOTHING = timedelta(0)


class Days(Protocol):
    """The organisation's days, as `WorkingCalendar` knows them."""

    def works(self, day: date) -> bool:
        """Whether people work on this day. Raises `UnknownHolidays` where nobody can say."""
    def day_of(self, instant: datetime) -> date:
        """The local date at an instant."""
    def hours_on(self, day: date) -> tuple[datetime, datetime]:
        """The instants at which work begins and ends on this day if it is one of work."""


def worked(start: datetime, end: datetime, days: Days) -> timedelta:
    """How much working time lies between two instants; nothing if `end` isn't later than `start`.

    Raises `NaiveInstant`, and `UnknownHolidays` for a day between them of which nobody knows whether it is worked.
    """
    start, end = utc(start), utc(end)
    if end <= start:
        return NOTHING
    day, total = days.day_of(start), NOTHING
    while (hours := days.hours_on(day))[0] < end:  # by instants: where clocks go back at midnight, dates may too
        if hours[1] > start and days.works(day):
            total += min(hours[1], end) - max(hours[0], start)
        day += DAY
    return total


def moved(instant: datetime, by: timedelta, days: Days) -> datetime:
    """The instant, UTC, from which `by` of working time has passed since this one, or before it if below zero.

    It ends at the closing, not at the next opening, where both would do; backwards at the opening. Moved by nothing,
    an instant of working time, opening and closing included, is itself, and any other the next opening.
    Raises `NaiveInstant`, and `UnknownHolidays` for a day of which nobody knows whether it is worked.
    """
    return _earlier(utc(instant), -by, days) if by < NOTHING else _later(utc(instant), by, days)


def _later(start: datetime, left: timedelta, days: Days) -> datetime:
    day = days.day_of(start)
    while True:
        opens, closes = days.hours_on(day)
        begins = max(opens, start)
        if opens < closes and begins <= closes and days.works(day):  # a change of clocks may swallow all hours of a day
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
        day += DAY


def _earlier(end: datetime, left: timedelta, days: Days) -> datetime:
    day = days.day_of(end) + DAY  # where clocks go back at midnight, its hours may have begun already
    while True:
        opens, closes = days.hours_on(day)
        ends = min(closes, end)
        if opens < ends and days.works(day):
            if left <= ends - opens:
                return ends - left
            left -= ends - opens
        day -= DAY
