"""When something falls due: local hours, working days and holidays, turned into instants. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import metadata, resources
from typing import Any, Literal, Protocol
from zoneinfo import ZoneInfo

import holidays

from isms_workflow.domain import working_time
from isms_workflow.domain.times import from_iso, iso, utc
from isms_workflow.errors import IsmsError

Unit = Literal["days", "working_days", "working_hours", "hours", "minutes", "seconds"]
Period = Literal["year", "quarter", "month"]

OR_LIST = "or leave the country out and list the days off yourself."

LENGTHS: Mapping[Unit, timedelta] = {
    "working_hours": timedelta(hours=1), "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1), "seconds": timedelta(seconds=1),
}
"""How long one of a unit is on its clock. Days aren't here: they end at a local hour, however long that takes."""

UNSAID = time(9), time(17)
"""Opening and closing that a calendar's version doesn't name, so that versions from before hours had names stay."""

MONTHS_BETWEEN: Mapping[Period, int] = {"year": 12, "quarter": 3, "month": 1}


class UnknownZone(IsmsError):
    """No time zone has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name!r} is not a time zone: use a name of the IANA list, e.g. Europe/Vienna."


class UnknownHolidays(IsmsError):
    """The public holidays of a place or of a year are not known, so nobody can count working days there."""

    def __init__(self, where: str, problem: str, right: str) -> None:
        super().__init__(where, problem, right)
        self.where, self.problem, self.right = where, problem, right

    def __str__(self) -> str:
        return f"No holiday calendar for {self.where}: {self.problem}. {self.right}"


class CalendarLike(Protocol):
    """What the programme says about the organisation's calendar."""

    @property
    def zone(self) -> str:
        """An IANA name, e.g. `Europe/Vienna`."""
    @property
    def country(self) -> str | None:
        """ISO 3166-1 alpha-2; None where only `extra_holidays` count."""
    @property
    def subdivision(self) -> str | None:
        """ISO 3166-2 part after the hyphen, e.g. `BY`."""
    @property
    def extra_holidays(self) -> Mapping[date, str]:
        """Days off of the organisation's own, with their names."""
    @property
    def working_week(self) -> tuple[int, ...]:
        """Days of work, Monday 0 to Sunday 6, as `date.weekday` counts."""
    @property
    def opens(self) -> time:
        """The local hour at which a day of work begins."""
    @property
    def closes(self) -> time:
        """The local hour at which it ends, later than `opens`."""


class SpanLike(Protocol):
    """How far after (or, below zero, before) an anchor something falls due."""

    @property
    def amount(self) -> int:
        """How many of the unit."""
    @property
    def unit(self) -> Unit:
        """What is counted."""
    @property
    def at(self) -> time:
        """The local hour of the due day; without meaning for units that elapse."""


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The organisation's zone, its days and hours of work, and its days off in the years from `first` to `last`."""

    zone: str
    holidays: frozenset[date]
    working_week: tuple[int, ...]
    version: str
    first: int
    last: int
    opens: time
    closes: time

    def works(self, day: date) -> bool:
        """Whether people work on this day. Raises `UnknownHolidays` outside the calendar's years."""
        if not self.first <= day.year <= self.last:
            problem = f"{day.year} is not in {self.first} to {self.last}"
            raise UnknownHolidays(self.version, problem, "Choose a date in those years.")
        return day.weekday() in self.working_week and day not in self.holidays

    def day_of(self, instant: datetime) -> date:
        """The date on the wall at an aware instant. Raises `NaiveInstant`."""
        return local_date(instant, self.zone)

    def hours_on(self, day: date) -> tuple[datetime, datetime]:
        """The instants, UTC, at which work begins and ends on this day if it is one of work."""
        return instant_of(day, self.opens, self.zone), instant_of(day, self.closes, self.zone)


def build(calendar: CalendarLike, years: Iterable[int]) -> WorkingCalendar:
    """The working calendar of these years, gaps between them included.

    It begins later where the holidays of the first years are not known, for deadlines lie ahead. Its
    version names everything that instants depend on but the zone's name: both libraries, the place, the
    days of work, their hours unless they are nine to five, and a digest of the organisation's own days off.
    Raises `UnknownZone`, or `UnknownHolidays` for a place or year that the library doesn't know, or
    where nobody ever works.
    """
    if not calendar.working_week:
        raise UnknownHolidays("a week with no day of work", "nobody ever works", "Name days, Monday is 0.")
    if calendar.opens >= calendar.closes:
        raise UnknownHolidays("a day with no hour of work", "nobody ever works", "Open before you close.")
    zone_of(calendar.zone)
    wanted = sorted(years)
    span = range(wanted[0], wanted[-1] + 1)
    public, first = _public_holidays(calendar.country, calendar.subdivision, span)
    return WorkingCalendar(
        calendar.zone, public | frozenset(calendar.extra_holidays), tuple(sorted(calendar.working_week)),
        _version(calendar), first, span[-1], calendar.opens, calendar.closes,
    )


def _public_holidays(
    country: str | None, subdivision: str | None, years: range
) -> tuple[frozenset[date], int]:
    """The days off of a place, and the first of the years in which they are known."""
    if country is None:
        return frozenset(), years[0]
    found = _public(country, subdivision, years)
    first = max(years[0], found.start_year)
    if first > years[-1] or years[-1] > found.end_year:
        known = f"only {found.start_year} to {found.end_year} are known"
        problem = f"{years[0]} to {years[-1]} are asked, {known}"
        raise UnknownHolidays(_place(country, subdivision), problem, f"Ask for other years, {OR_LIST}")
    return frozenset(found), first


def _public(country: str, subdivision: str | None, years: range) -> holidays.HolidayBase:
    try:
        return holidays.country_holidays(country, subdiv=subdivision, years=years, expand=False)
    except NotImplementedError as error:
        right = f"Use codes of ISO 3166, e.g. DE and BY, {OR_LIST}"
        raise UnknownHolidays(_place(country, subdivision), str(error), right) from error


def _place(country: str, subdivision: str | None) -> str:
    return f"{country}-{subdivision}" if subdivision else country


def years_known(calendar: CalendarLike, wanted: range) -> range:
    """Those of the wanted years whose public holidays the library knows. Raises `UnknownHolidays` for the place."""
    if calendar.country is None:
        return wanted
    where = _public(calendar.country, calendar.subdivision, wanted[:1])
    return range(max(wanted.start, where.start_year), min(wanted.stop, where.end_year + 1))


def _version(calendar: CalendarLike) -> str:
    own = json.dumps({day.isoformat(): name for day, name in calendar.extra_holidays.items()}, sort_keys=True)
    place = "-".join(part for part in (calendar.country, calendar.subdivision) if part) or "no country"
    week = "".join(str(day) for day in sorted(calendar.working_week))
    told = (calendar.opens, calendar.closes) != UNSAID
    hours = f"; hours {calendar.opens:%H:%M}-{calendar.closes:%H:%M}" if told else ""
    digest = hashlib.sha256(own.encode()).hexdigest()[:12]
    libraries = "; ".join(f"{name} {metadata.version(name)}" for name in ("holidays", "tzdata"))
    return f"{libraries}; {place}; week {week}{hours}; extra {digest}"


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The zone of this IANA name, by the tzdata package that the calendar's version names.

    Not by the system's files, which differ from machine to machine. Raises `UnknownZone`.
    """
    if name not in _zone_names():
        raise UnknownZone(name)
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@lru_cache(maxsize=1)
def _zone_names() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def local_date(instant: datetime, zone: str) -> date:
    """The date on the wall in this zone at an aware instant. Raises `NaiveInstant`, `UnknownZone`."""
    return utc(instant).astimezone(zone_of(zone)).date()


def instant_of(day: date, at: time, zone: str) -> datetime:
    """The instant, UTC, at which clocks on the wall in this zone show day and hour.

    A local time that doesn't exist is the first instant after the gap, one that occurs twice the first.
    """
    info = zone_of(zone)
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    late = wall.replace(tzinfo=info).astimezone(UTC)
    if late.astimezone(info).replace(tzinfo=None) == wall:
        return late
    early = wall.replace(tzinfo=info, fold=1).astimezone(UTC)
    return _end_of_gap(wall, early, late, info)


def _end_of_gap(wall: datetime, early: datetime, late: datetime, info: ZoneInfo) -> datetime:
    """The first instant, to the second, whose wall clock is past `wall`: zones change on whole seconds."""
    low, high = int(early.timestamp()), int(late.timestamp()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, info).replace(tzinfo=None) > wall:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)


def due(anchor: datetime, span: SpanLike, calendar: WorkingCalendar) -> datetime:
    """The instant, UTC, that lies `span` from `anchor`.

    Days and working days are counted from the anchor's local date (itself not counted) and end at the
    local hour `span.at`; so a span of 0 days may end before its anchor. 0 working days from a day off is
    the next day of work. Hours, minutes and seconds elapse; working hours elapse while people work, and 0 of
    them from outside of that is the next opening. Raises `NaiveInstant`, and `UnknownHolidays` outside the calendar.
    """
    return _due(utc(anchor), span.amount, span.unit, span.at, calendar)


@lru_cache(maxsize=4096)
def _due(anchor: datetime, amount: int, unit: Unit, at: time, calendar: WorkingCalendar) -> datetime:
    """Remembered, because what falls due together was anchored together."""
    if unit in LENGTHS:
        return delayed(anchor, amount * LENGTHS[unit], unit, calendar)
    day = local_date(anchor, calendar.zone)
    if unit == "days":
        return instant_of(day + timedelta(days=amount), at, calendar.zone)
    return instant_of(working_day(day, amount, calendar), at, calendar.zone)


def delayed(instant: datetime, by: timedelta, unit: Unit, calendar: WorkingCalendar) -> datetime:
    """The instant, UTC, so much later on the clock of a unit, or earlier if `by` is below zero.

    That clock runs in working time for working hours, always for every other unit. Raises `NaiveInstant`,
    and `UnknownHolidays` outside the calendar's years.
    """
    if unit == "working_hours":
        return working_time.moved(instant, by, calendar)
    return utc(instant) + by


def elapsed(unit: Unit, start: datetime, end: datetime, calendar: WorkingCalendar) -> timedelta:
    """How far the clock of a unit, as in `delayed`, runs from `start` to `end`; nothing if `end` isn't later.

    Raises `NaiveInstant`, and `UnknownHolidays` outside the calendar's years.
    """
    if unit == "working_hours":
        return working_time.worked(start, end, calendar)
    return max(timedelta(0), utc(end) - utc(start))


def working_day(day: date, amount: int, calendar: WorkingCalendar) -> date:
    """The day of work that lies `amount` of them after `day`, or before it if below zero.

    0 from a day off is the next day of work. Raises `UnknownHolidays` outside the calendar's years.
    """
    pace = timedelta(days=-1 if amount < 0 else 1)
    if amount == 0:
        day, amount = day - pace, 1
    for _ in range(abs(amount)):
        day += pace
        while not calendar.works(day):
            day += pace
    return day


def shift(instant: datetime, days: int, calendar: WorkingCalendar) -> datetime:
    """The instant, UTC, whole local days later (or earlier), at the same local hour; 0 changes nothing."""
    if days == 0:
        return utc(instant)
    wall = utc(instant).astimezone(zone_of(calendar.zone))
    return instant_of(wall.date() + timedelta(days=days), wall.time(), calendar.zone)


def planned(
    every: Period, month: int, day: int, at: time, zone: str, after: datetime, until: datetime
) -> list[datetime]:
    """The planned instants, UTC, of a schedule, later than `after` and not later than `until`, in order.

    `month` (1 to 12) is the month of a year, or any one of the quarters' four; a month's schedule has no
    use for it. A `day` that a month doesn't have is its last.
    """
    first, last = local_date(after, zone), local_date(until, zone)
    step = MONTHS_BETWEEN[every]
    months = (
        number for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
        if (number - (month - 1)) % step == 0
    )
    instants = (instant_of(_day_of_month(number, day), at, zone) for number in months)
    return [instant for instant in instants if utc(after) < instant <= utc(until)]


def _day_of_month(number: int, day: int) -> date:
    """A day of a month counted from year 0, or the month's last."""
    year, month = divmod(number, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day - 1), following - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class DueRule:
    """Why a deadline is due when it is: kept beside its instant, so that it can be re-timed."""

    anchor: datetime
    amount: int
    unit: Unit
    at: time
    zone: str
    calendar: str

    @classmethod
    def of(cls, anchor: datetime, span: SpanLike, calendar: WorkingCalendar) -> DueRule:
        """The rule by which `due(anchor, span, calendar)` came about."""
        return cls(utc(anchor), span.amount, span.unit, span.at, calendar.zone, calendar.version)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DueRule:
        """The rule that `as_json` wrote."""
        return cls(
            from_iso(data["anchor"]), data["amount"], data["unit"], time.fromisoformat(data["at"]),
            data["zone"], data["calendar"],
        )

    def as_json(self) -> dict[str, str | int]:
        """Plain strings and numbers, for a column."""
        return {
            "anchor": iso(self.anchor), "amount": self.amount, "unit": self.unit,
            "at": self.at.isoformat(), "zone": self.zone, "calendar": self.calendar,
        }

    def instant(self, calendar: WorkingCalendar) -> datetime:
        """When it falls due, UTC, by this calendar, which may be another than the one it was made with."""
        return due(self.anchor, self, calendar)

    def under(self, calendar: WorkingCalendar) -> DueRule:
        """The same rule, naming the zone and version of this calendar: what a re-timed deadline keeps."""
        return replace(self, zone=calendar.zone, calendar=calendar.version)
