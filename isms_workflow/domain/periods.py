"""How the acts count periods: from an event to the last lawful instant, with the paragraph of each step. Pure.

Hours elapse, wherever clocks are changed meanwhile; days and months are those of the wall at the place where the act is
due. What isn't known (the public holidays of a place, or of a year) makes an instant earlier, never later, and is said.

Sources: Regulation (EEC, Euratom) No 1182/71, Art. 2 and 3; the regime's own article, which its `Rules` name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import count

from isms_workflow.domain.calendars import (
    UnknownHolidays,
    WorkingCalendar,
    build,
    instant_of,
    local_date,
    years_known,
    zone_of,
)
from isms_workflow.domain.times import utc
from isms_workflow.programme.model import Calendar, Programme
from isms_workflow.programme.obligations import Counting, Period, Rules

YEARS = range(2020, 2041)
"""The years in which public holidays are counted, as far as they are known."""

LENGTHS = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1),
           "business_days": timedelta(days=1)}
TWO_DAYS = timedelta(days=2)
DAY = timedelta(days=1)
MIDNIGHT, NOON = time(0), time(12)
OF_EVENT, OF_YEAR = "the day of the event", "the last day of the year"
"""What the day that isn't counted is called: the one of the instant that is counted from."""


@dataclass(frozen=True, slots=True)
class Where:
    """The place where an act is due: its zone, and its days off; without a `calendar` nobody knows the public ones."""

    zone: str
    calendar: WorkingCalendar | None

    def works(self, day: date) -> bool:
        """Whether it is a working day: no Saturday, no Sunday, no public holiday that is known (1182/71, Art. 2(2))."""
        if self.calendar is None or not self.knows(day):
            return day.weekday() < 5
        return self.calendar.works(day)

    def knows(self, day: date) -> bool:
        """Whether the public holidays of that year are known here."""
        return self.calendar is not None and self.calendar.first <= day.year <= self.calendar.last

    def next_working(self, day: date, amount: int = 1) -> date:
        """The day of work that lies `amount` of them after `day`."""
        for _ in range(amount):
            day = next(d for n in count(1) if self.works(d := day + n * DAY))
        return day


@dataclass(frozen=True, slots=True)
class Counted:
    """Until when, UTC; on which local day that is (24:00 of a day is the next one's first instant); and how it came about."""

    until: datetime
    day: date
    lines: tuple[str, ...]


def wheres(programme: Programme) -> dict[str, Where]:
    """The place of each regime, by its id: its own, or the organisation's where it names none."""
    found = {}
    for name, regime in programme.obligations.items():
        place, own = regime.place, programme.calendar
        found[name] = (_where(own.zone, own.country, own.subdivision, ()) if place is None else
                       _where(place.zone, place.country, place.subdivision, tuple(place.extra_holidays.items())))
    return found


@lru_cache(maxsize=64)
def _where(zone: str, country: str | None, subdivision: str | None, extra: tuple[tuple[date, str], ...]) -> Where:
    """Monday to Friday whatever the organisation works; its own days off are nobody else's holidays."""
    if country is None and not extra:
        return Where(zone, None)
    calendar = Calendar(zone=zone, country=country, subdivision=subdivision, extra_holidays=dict(extra))
    try:
        return Where(zone, build(calendar, years_known(calendar, YEARS)))
    except UnknownHolidays:
        return Where(zone, None)


def elapsed(start: datetime, period: Period, zone: str) -> datetime:
    """The safe instant, UTC: hours and days of 24 hours elapse; months lead to the same day and hour on the wall, or to
    that hour of the month's last day. Raises `NaiveInstant`.
    """
    if period.unit == "months":
        wall = utc(start).astimezone(zone_of(zone))
        return instant_of(_months_later(wall.date(), period.amount), wall.time(), zone)
    return utc(start) + period.amount * LENGTHS[period.unit]


def lawful(start: datetime, period: Period, rules: Rules, where: Where, *, is_relieved: bool = False,
           zero: str = OF_EVENT) -> Counted:
    """The last lawful instant by a rule of counting. `is_relieved`: a relief of the regime's own stands in the place of
    1182/71, Art. 3(4), and is applied by `noon_after`. `zero` is what the day of `start` is called. Raises `NaiveInstant`.
    """
    return COUNT[rules.counting](utc(start), period, rules, where, is_relieved, zero)


def noon_after(counted: Counted, where: Where, article: str) -> Counted:
    """Put off to 12:00 of the next working day if it ends on a Saturday, a Sunday or a public holiday."""
    if where.works(counted.day):
        return Counted(counted.until, counted.day, (*counted.lines, *_unknown(where, counted.day)))
    day = where.next_working(counted.day)
    line = f"{_day(counted.day)} is a day off: until 12:00 of the next working day, {_day(day)} ({article})"
    return Counted(instant_of(day, NOON, where.zone), day, (*counted.lines, line, *_unknown(where, day)))


def end_of_year(start: datetime, zone: str) -> datetime:
    """The last second, UTC, of the calendar year on the wall: what follows is counted from its last day."""
    return instant_of(date(local_date(start, zone).year, 12, 31), time(23, 59, 59), zone)


def said(instant: datetime, zone: str) -> str:
    """On the wall and in UTC: `2026-03-27 11:20 CET (10:20 UTC)`; seconds where there are any."""
    wall = utc(instant).astimezone(zone_of(zone))
    clock = "%H:%M:%S" if wall.second else "%H:%M"
    there = f"{wall:%Y-%m-%d {clock} %Z}"
    if wall.utcoffset() == timedelta(0):
        return there
    days = "" if wall.date() == utc(instant).date() else "%Y-%m-%d "
    return f"{there} ({utc(instant):{days}{clock}} UTC)"


def _elapsed(start: datetime, period: Period, rules: Rules, where: Where, _: bool, __: str) -> Counted:
    until = elapsed(start, period, where.zone)
    return Counted(until, local_date(until, where.zone), (f"{period} elapse, to {said(until, where.zone)} ({rules.article})",))


def _by_1182(start: datetime, period: Period, rules: Rules, where: Where, is_relieved: bool, zero: str) -> Counted:
    if period.unit == "minutes":
        return _elapsed(start, period, rules, where, is_relieved, zero)
    if period.unit == "hours":
        return _hours_1182(start, period, where)
    return _days_1182(start, period, where, zero, is_relieved=is_relieved)


def _hours_1182(start: datetime, period: Period, where: Where) -> Counted:
    """The hour of the event isn't counted; weekends and holidays are, but two working days lie within two days or more.

    A working day lies within if any of its hours does: of the readings of Art. 3(5) the one that ends first.
    """
    wall = start.astimezone(zone_of(where.zone))
    begins = start - timedelta(minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond) + timedelta(hours=1)
    until = begins + period.amount * LENGTHS["hours"]
    first, last = local_date(begins, where.zone), local_date(until - timedelta(microseconds=1), where.zone)
    lines = (f"the hour of the event isn't counted: from {said(begins, where.zone)} (1182/71, Art. 3(1))",
             f"{period}, to the end of the last one: {said(until, where.zone)} (1182/71, Art. 3(2)(a))")
    if until - begins < TWO_DAYS:
        return Counted(until, last, lines)
    return _two_working_days(Counted(until, last, lines), first, where)


def _days_1182(start: datetime, period: Period, where: Where, zero: str, *, is_relieved: bool) -> Counted:
    day = local_date(start, where.zone)
    last, lines = _last_day(day, period, zero, "1182/71, Art. 3(1)", "1182/71, Art. 3(2)")
    counted = Counted(_midnight_after(last, where.zone), last, lines)
    if not is_relieved and not where.works(last):
        moved = where.next_working(last)
        line = f"{_day(last)} is a day off: to 24:00 of the next working day, {_day(moved)} (1182/71, Art. 3(4))"
        counted = Counted(_midnight_after(moved, where.zone), moved, (*lines, line))
    if period.unit == "days" and period.amount < 2:
        return Counted(counted.until, counted.day, (*counted.lines, *_unknown(where, counted.day)))
    return _two_working_days(counted, day + DAY, where)


def _two_working_days(counted: Counted, first: date, where: Where) -> Counted:
    """1182/71, Art. 3(5): a period of two days or more holds at least two working days."""
    second = where.next_working(first - DAY, 2)
    if second <= counted.day:
        return Counted(counted.until, counted.day, (*counted.lines, *_unknown(where, counted.day)))
    until = _midnight_after(second, where.zone)
    line = f"it must hold two working days: to 24:00 of the second, {_day(second)} (1182/71, Art. 3(5))"
    return Counted(until, second, (*counted.lines, line, *_unknown(where, second)))


def _calendar_days(start: datetime, period: Period, rules: Rules, where: Where, _: bool, zero: str) -> Counted:
    last, lines = _last_day(local_date(start, where.zone), period, zero, rules.article, rules.article)
    return _closing(last, lines, rules, where)


def _business_days(start: datetime, period: Period, rules: Rules, where: Where, _: bool, __: str) -> Counted:
    """The day of the event is day 0; from a day off the count begins on and includes the first business day after it."""
    zero = local_date(start, where.zone)
    last = where.next_working(zero, period.amount)
    begins = f"{_day(zero)} is day 0{'' if where.works(zero) else ', a day off'}: the first business day is"
    line = f"{begins} {_day(where.next_working(zero))}, the last of {period} is {_day(last)} ({rules.article})"
    return _closing(last, (line, *_unknown(where, last)), rules, where)


def _closing(last: date, lines: tuple[str, ...], rules: Rules, where: Where) -> Counted:
    if rules.closes is None:
        return Counted(_midnight_after(last, where.zone), last, lines)
    until = instant_of(last, rules.closes, where.zone)
    line = f"what arrives after {rules.closes:%H:%M} there counts as the next day's: {said(until, where.zone)} ({rules.article})"
    return Counted(until, last, (*lines, line))


def _last_day(day: date, period: Period, zero: str, begins: str, ends: str) -> tuple[date, tuple[str, ...]]:
    """The last day of a period of days or months whose first is the day after `day`, which `zero` names."""
    last = _months_later(day, period.amount) if period.unit == "months" else day + period.amount * DAY
    clipped = period.unit == "months" and last.day != day.day
    why = f": its month has no day {day.day}" if clipped else ""
    return last, (f"{zero}, {_day(day)}, isn't counted ({begins})",
                  f"{period}, to 24:00 of {_day(last)}{why} ({ends})")


def _months_later(day: date, months: int) -> date:
    """The day with the same number, or the month's last where it has none (1182/71, Art. 3(2)(c))."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + (day.day - 1) * DAY, following - DAY)


def _midnight_after(day: date, zone: str) -> datetime:
    """24:00 of a day."""
    return instant_of(day + DAY, MIDNIGHT, zone)


def _day(day: date) -> str:
    return f"{day:%a} {day.isoformat()}"


def _unknown(where: Where, day: date) -> tuple[str, ...]:
    """What is said where public holidays aren't known: the instant may be earlier than the lawful one, never later."""
    if where.knows(day):
        return ()
    unknown = f"the public holidays of {day.year} at the place ({where.zone}) are not known, so none is counted off and the"
    return (f"{unknown} instant may be too early: name the country in calendar.yaml, or the regime's place",)


COUNT: Mapping[Counting, Callable[[datetime, Period, Rules, Where, bool, str], Counted]] = {
    "elapsed": _elapsed, "1182/71": _by_1182, "calendar_days": _calendar_days, "business_days": _business_days,
}
"""How each rule counts."""
