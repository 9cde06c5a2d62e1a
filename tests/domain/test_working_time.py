"""Working time: only what lies between opening and closing on days of work counts, whatever clocks and holidays do."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import get_args

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from isms_workflow.domain.calendars import Unit, UnknownHolidays, WorkingCalendar, build, delayed, due, elapsed
from isms_workflow.domain.times import NaiveInstant
from isms_workflow.domain.working_time import moved, worked
from isms_workflow.programme.model import Calendar, Span

HOUR = timedelta(hours=1)
NOTHING = timedelta(0)
DAYS = {  # opening and closing: an office, hours that a change of clocks cuts or doubles, nearly no time, nearly all
    "office": (time(9), time(17)), "night": (time(1, 30), time(2, 45)), "moment": (time(2, 10), time(2, 20)),
    "always": (time(0), time(23, 59)), "late": (time(22), time(23, 30)),
}
ZONES = ("Europe/Berlin", "America/St_Johns", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "UTC")


@cache
def calendar(zone: str, name: str = "office", week: tuple[int, ...] = (0, 1, 2, 3, 4)) -> WorkingCalendar:
    """With Christmas and New Year off."""
    opens, closes = DAYS[name]
    off = {date(year, *day): "off" for year in range(2009, 2033) for day in ((12, 25), (12, 26), (1, 1))}
    return build(Calendar(zone=zone, opens=opens, closes=closes, extra_holidays=off, working_week=week), range(2009, 2033))


BERLIN = calendar("Europe/Berlin")
SUNDAYS = tuple(range(7))
calendars = st.builds(calendar, st.sampled_from(ZONES), st.sampled_from(sorted(DAYS)),
                      st.sampled_from([(0, 1, 2, 3, 4), SUNDAYS]))
around = st.sampled_from([  # changes of clocks: Berlin, St John's at a minute past midnight, Apia's missing day, Lord Howe
    datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC), datetime(2010, 11, 7, tzinfo=UTC),
    datetime(2011, 12, 30, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2018, 2, 18, 2, tzinfo=UTC),
])
instants = (st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - its bounds
            | st.builds(lambda day, minutes: day + timedelta(minutes=minutes), around, st.integers(-3000, 3000)))
spans = st.timedeltas(NOTHING, timedelta(hours=60))
units = st.sampled_from(get_args(Unit))


def at(text: str) -> datetime:
    """An instant by its ISO text in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(amount: int) -> Span:
    """So many working hours."""
    return Span(amount=amount, unit="working_hours")


def is_worked(instant: datetime, days: WorkingCalendar) -> bool:
    """Whether it lies in working time or at its edge; asked of each day around, so that it can't share a mistake."""
    day = days.day_of(instant)
    for each in (day - timedelta(days=1), day, day + timedelta(days=1)):
        opens, closes = days.hours_on(each)
        if days.works(each) and opens < closes and opens <= instant <= closes:
            return True
    return False


DUE = {  # anchor on the left in UTC: Berlin is an hour ahead in winter, two in summer
    "within a day": (BERLIN, "2026-03-12T09:00", 4, "2026-03-12T13:00"),
    "overnight": (BERLIN, "2026-03-12T14:30", 4, "2026-03-13T10:30"),
    "over the weekend": (BERLIN, "2026-03-13T15:00", 2, "2026-03-16T09:00"),
    "a whole day ends at its closing": (BERLIN, "2026-03-12T08:00", 8, "2026-03-12T16:00"),
    "a week later": (BERLIN, "2026-03-11T10:00", 40, "2026-03-18T10:00"),
    "from before the opening": (BERLIN, "2026-03-12T03:00", 1, "2026-03-12T09:00"),
    "from after the closing": (BERLIN, "2026-03-12T20:00", 1, "2026-03-13T09:00"),
    "from the closing": (BERLIN, "2026-03-12T16:00", 1, "2026-03-13T09:00"),
    "over days off": (BERLIN, "2026-12-24T15:00", 2, "2026-12-28T09:00"),
    "over the beginning of summer time": (BERLIN, "2026-03-27T15:00", 2, "2026-03-30T08:00"),
    "over its end": (BERLIN, "2026-10-23T14:00", 2, "2026-10-26T09:00"),
    "none within working time": (BERLIN, "2026-03-12T09:12", 0, "2026-03-12T09:12"),
    "none from the closing": (BERLIN, "2026-03-12T16:00", 0, "2026-03-12T16:00"),
    "none from the evening": (BERLIN, "2026-03-12T16:01", 0, "2026-03-13T08:00"),
    "none from a day off": (BERLIN, "2026-03-14T10:00", 0, "2026-03-16T08:00"),
    "backwards within a day": (BERLIN, "2026-03-12T13:00", -4, "2026-03-12T09:00"),
    "backwards over the weekend": (BERLIN, "2026-03-16T09:00", -2, "2026-03-13T15:00"),
    "backwards to the opening": (BERLIN, "2026-03-12T16:00", -8, "2026-03-12T08:00"),
    "backwards from the opening": (BERLIN, "2026-03-12T08:00", -1, "2026-03-11T15:00"),
    "backwards from the night": (BERLIN, "2026-03-12T03:00", -1, "2026-03-11T15:00"),
    "backwards from a day off": (BERLIN, "2026-03-14T10:00", -1, "2026-03-13T15:00"),
    "an hour of work that clocks skip: 01:30 to 02:45 is half an hour, then a whole and a quarter":
        (calendar("Europe/Berlin", "night", SUNDAYS), "2026-03-29T00:00", 1, "2026-03-30T00:00"),
    "an hour of work that comes twice: 01:30 to the first 02:45":
        (calendar("Europe/Berlin", "night", SUNDAYS), "2026-10-24T23:30", 1, "2026-10-25T00:30"),
    "a day whose hours all fall into the gap, and six of ten minutes":
        (calendar("Europe/Berlin", "moment", SUNDAYS), "2026-03-28T12:00", 1, "2026-04-04T00:20"),
    "none before such a day":
        (calendar("Europe/Berlin", "moment", SUNDAYS), "2026-03-28T12:00", 0, "2026-03-30T00:10"),
    "the longest": (BERLIN, "2026-01-05T08:00", 1000, "2026-06-26T15:00"),
}


@pytest.mark.parametrize(("days", "anchor", "amount", "instant"), DUE.values(), ids=DUE)
def test_due_after_working_hours(days: WorkingCalendar, anchor: str, amount: int, instant: str) -> None:
    """Only working time counts, forwards and backwards."""
    assert due(at(anchor), hours(amount), days) == at(instant)


WORKED = {
    "within a day": ("2026-03-12T09:00", "2026-03-12T10:15", timedelta(hours=1, minutes=15)),
    "with night around it": ("2026-03-12T03:00", "2026-03-12T23:00", timedelta(hours=8)),
    "a week": ("2026-03-09T00:00", "2026-03-16T00:00", timedelta(hours=40)),
    "a week in which clocks change": ("2026-03-23T00:00", "2026-03-30T00:00", timedelta(hours=40)),
    "a weekend": ("2026-03-13T16:00", "2026-03-16T08:00", NOTHING),
    "no time": ("2026-03-12T09:00", "2026-03-12T09:00", NOTHING),
    "backwards": ("2026-03-12T12:00", "2026-03-12T09:00", NOTHING),
}


@pytest.mark.parametrize(("start", "end", "time_"), WORKED.values(), ids=WORKED)
def test_worked(start: str, end: str, time_: timedelta) -> None:
    """What an office in Berlin works between two instants."""
    assert worked(at(start), at(end), BERLIN) == time_


@given(calendars, instants, st.integers(-40, 40))
@example(calendar("America/St_Johns", "always", SUNDAYS), datetime(2010, 11, 7, 2, 40, tzinfo=UTC), 3)
@example(calendar("America/St_Johns", "always", SUNDAYS), datetime(2010, 11, 7, 2, 40, tzinfo=UTC), -3)
def test_so_much_is_worked_until_it_is_due(days: WorkingCalendar, anchor: datetime, amount: int) -> None:
    """Exactly the amount lies between, and the instant in working time or at its edge."""
    instant = due(anchor, hours(amount), days)
    assert is_worked(instant, days)
    assert instant >= anchor if amount >= 0 else instant < anchor
    assert worked(min(anchor, instant), max(anchor, instant), days) == abs(amount) * HOUR


@given(calendars, st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_working_time_adds_up(days: WorkingCalendar, cuts: list[datetime]) -> None:
    """Up to an instant and from it on is the whole; none of it is negative or longer than what passes."""
    start, between, end = cuts
    assume(end - start < timedelta(days=400))
    parts = worked(start, between, days), worked(between, end, days)
    assert worked(start, end, days) == sum(parts, NOTHING)
    assert min(parts) >= NOTHING
    assert worked(start, end, days) <= end - start
    assert worked(end, start, days) == NOTHING


@given(calendars, instants, units)
def test_a_delay_of_nothing_changes_nothing_in_working_time(days: WorkingCalendar, instant: datetime, unit: Unit) -> None:
    """Outside of it a clock of working time waits for the opening, without any time being worked."""
    found = delayed(instant, NOTHING, unit, days)
    if unit != "working_hours" or is_worked(instant, days):
        assert found == instant
    else:
        assert found > instant
        assert found in {days.hours_on(days.day_of(found) + timedelta(days=near))[0] for near in (0, 1)}
        assert worked(instant, found, days) == NOTHING


@given(calendars, instants, units, spans, spans)
def test_delays_compose(days: WorkingCalendar, instant: datetime, unit: Unit, one: timedelta, other: timedelta) -> None:
    """One after the other is both at once; and that much has elapsed on the unit's clock."""
    both = delayed(instant, one + other, unit, days)
    assert delayed(delayed(instant, one, unit, days), other, unit, days) == both
    assert elapsed(unit, instant, both, days) == one + other
    assert elapsed(unit, both, instant, days) == NOTHING


@given(calendars, units, st.tuples(instants, instants).map(sorted), st.timedeltas(timedelta(hours=-30), timedelta(hours=30)),
       spans)
def test_later_is_never_due_sooner(
    days: WorkingCalendar, unit: Unit, ends: list[datetime], by: timedelta, more: timedelta
) -> None:
    """Neither from a later instant nor by a longer span."""
    assert delayed(ends[0], by, unit, days) <= delayed(ends[1], by, unit, days)
    assert delayed(ends[0], by, unit, days) <= delayed(ends[0], by + more, unit, days)


def test_years_that_nobody_knows_are_refused() -> None:
    """Rather than counted as if they were worked; up to their edge everything is known."""
    with pytest.raises(UnknownHolidays, match="2033 is not in 2009 to 2032"):
        due(at("2032-12-31T12:00"), hours(5), BERLIN)
    assert worked(at("2032-12-31T12:00"), at("2032-12-31T22:59"), BERLIN) == 4 * HOUR
    assert due(at("2032-12-31T12:00"), hours(4), BERLIN) == at("2032-12-31T16:00")
    assert due(at("2032-12-31T22:59"), hours(-1), BERLIN) == at("2032-12-31T15:00")


def test_naive_instants_are_refused() -> None:
    """An instant without a zone means nothing."""
    naive, aware = datetime(2026, 3, 12), at("2026-03-12T09:00")  # noqa: DTZ001 - that is the point
    for ask in (lambda: worked(naive, aware, BERLIN), lambda: worked(aware, naive, BERLIN),
                lambda: moved(naive, HOUR, BERLIN), lambda: delayed(naive, HOUR, "hours", BERLIN),
                lambda: elapsed("hours", aware, naive, BERLIN)):
        with pytest.raises(NaiveInstant):
            ask()
