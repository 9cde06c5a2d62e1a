"""When something falls due: local hours, gaps and folds, working days, holidays, planned instants."""

from __future__ import annotations

import pickle
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isms_workflow.domain.calendars import (
    DueRule,
    Period,
    Unit,
    UnknownHolidays,
    UnknownZone,
    WorkingCalendar,
    build,
    due,
    instant_of,
    local_date,
    planned,
    shift,
    working_day,
    zone_of,
)
from isms_workflow.domain.times import NaiveInstant

FIVE = time(17, 0)
ZONES = (
    "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia",
    "Africa/Casablanca", "Asia/Kathmandu", "America/St_Johns", "UTC",
)


@dataclass(frozen=True)
class Organisation:
    """Its section of the programme."""

    zone: str = "Europe/Berlin"
    country: str | None = "DE"
    subdivision: str | None = "BY"
    extra_holidays: dict[date, str] = field(default_factory=dict)
    working_week: tuple[int, ...] = (0, 1, 2, 3, 4)
    opens: time = time(9)
    closes: time = FIVE


@dataclass(frozen=True)
class Span:
    """A distance, as the programme gives it."""

    amount: int
    unit: Unit
    at: time = FIVE


BAVARIA = build(Organisation(extra_holidays={date(2026, 12, 24): "Christmas Eve"}), range(2009, 2033))

anchors = st.datetimes(datetime(2010, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - its bounds
CHANGES = (  # days on which clocks of some zone change
    (2011, 12, 30), (2018, 11, 4), (2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 10, 4), (2026, 10, 25),
)
days = st.dates(date(2010, 1, 1), date(2031, 1, 1)) | st.sampled_from([date(*each) for each in CHANGES])
hours = (st.times() | st.times(max_value=time(3))).map(lambda each: each.replace(fold=0))
zones = st.sampled_from(ZONES)
amounts = st.integers(-60, 60)


def at(text: str) -> datetime:
    """An instant by its ISO text in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def calendar(zone: str) -> WorkingCalendar:
    """A calendar of weekends only, in this zone."""
    return build(Organisation(zone=zone, country=None, subdivision=None), range(2009, 2033))


DUE = {  # anchor on the left in UTC: Berlin is an hour ahead in winter, two in summer
    "days end at the local hour":
        ("2026-03-12T09:00", Span(5, "days"), "2026-03-17T16:00"),
    "days keep the local hour when summer time begins":
        ("2026-03-28T09:00", Span(1, "days"), "2026-03-29T15:00"),
    "days count from the local date, not from UTC's":
        ("2026-03-12T23:30", Span(1, "days"), "2026-03-14T16:00"),
    "days before the anchor":
        ("2026-03-12T09:00", Span(-2, "days"), "2026-03-10T16:00"),
    "the same day":
        ("2026-03-12T09:00", Span(0, "days"), "2026-03-12T16:00"),
    "working days skip the weekend":
        ("2026-03-12T09:00", Span(2, "working_days"), "2026-03-16T16:00"),
    "working days skip public and own holidays":
        ("2026-12-23T09:00", Span(1, "working_days"), "2026-12-28T16:00"),
    "working days begin on a day off":
        ("2026-03-14T09:00", Span(1, "working_days"), "2026-03-16T16:00"),
    "no working day from a day off is the next one":
        ("2026-03-14T09:00", Span(0, "working_days"), "2026-03-16T16:00"),
    "no working day from a working day is itself":
        ("2026-03-13T09:00", Span(0, "working_days"), "2026-03-13T16:00"),
    "working days count backwards":
        ("2026-12-28T09:00", Span(-2, "working_days"), "2026-12-22T16:00"),
    "hours elapse, whatever the wall says":
        ("2026-03-28T16:00", Span(24, "hours"), "2026-03-29T16:00"),
    "minutes and seconds elapse, too":
        ("2026-03-28T16:00", Span(-90, "minutes"), "2026-03-28T14:30"),
    "seconds pay no heed to the hour":
        ("2026-03-28T23:59:45", Span(30, "seconds"), "2026-03-29T00:00:15"),
    "an hour that the day doesn't have":
        ("2026-03-28T09:00", Span(1, "days", time(2, 30)), "2026-03-29T01:00"),
    "an hour that the day has twice":
        ("2026-10-24T09:00", Span(1, "days", time(2, 30)), "2026-10-25T00:30"),
}


@pytest.mark.parametrize(("anchor", "span", "instant"), DUE.values(), ids=DUE)
def test_due(anchor: str, span: Span, instant: str) -> None:
    """Days end at a local hour of the organisation's zone; hours, minutes and seconds elapse in UTC."""
    assert due(at(anchor), span, BAVARIA) == at(instant)


def test_a_day_that_a_zone_left_out_ends_where_the_next_begins() -> None:
    """Samoa had no 30 December 2011: 17:00 of it is the first instant after the gap."""
    assert instant_of(date(2011, 12, 30), FIVE, "Pacific/Apia") == at("2011-12-30T10:00")


def test_a_naive_anchor_is_refused() -> None:
    """An instant without a zone means nothing."""
    with pytest.raises(NaiveInstant):
        due(datetime(2026, 3, 12), Span(1, "days"), BAVARIA)  # noqa: DTZ001 - that is the point


REFUSED = {
    "an unknown country": (Organisation(country="XX", subdivision=None), "Country XX not available"),
    "an unknown subdivision": (Organisation(subdivision="QQ"), "does not have subdivision QQ"),
    "years after the library ends":
        (Organisation(country="LK", subdivision=None), "only 2003 to 20.. are known"),
    "a week without work": (Organisation(working_week=()), "nobody ever works"),
    "a day without work": (Organisation(opens=FIVE), "nobody ever works"),
}


@pytest.mark.parametrize(("organisation", "sentence"), REFUSED.values(), ids=REFUSED)
def test_an_unknown_calendar_is_refused_when_built(organisation: Organisation, sentence: str) -> None:
    """It errs when it is made, not when the first deadline is wrong."""
    with pytest.raises(UnknownHolidays, match=sentence) as refusal:
        build(organisation, range(1990, 2100))
    assert str(pickle.loads(pickle.dumps(refusal.value))) == str(refusal.value)  # noqa: S301


def test_a_calendar_begins_where_its_holidays_are_known() -> None:
    """A place whose older holidays nobody wrote down can still plan."""
    bavaria = build(Organisation(), range(1980, 2030))
    assert (bavaria.first, bavaria.last) == (1991, 2029)
    with pytest.raises(UnknownHolidays, match="1990 is not in 1991 to 2029"):
        bavaria.works(date(1990, 12, 31))


def test_working_days_outside_the_calendars_years_are_refused() -> None:
    """Nobody can say whether a day in an unknown year is worked."""
    with pytest.raises(UnknownHolidays, match="2033 is not in 2009 to 2032"):
        working_day(date(2032, 12, 31), 1, BAVARIA)


@pytest.mark.parametrize("name", ["Europe/Wien", "europe/berlin", "../../etc/passwd", "", "zones"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    """Only names of the IANA list are zones, and nothing outside its folder is read."""
    with pytest.raises(UnknownZone, match="not a time zone"):
        zone_of(name)


def test_the_version_names_what_instants_depend_on() -> None:
    """Libraries, place, week, hours and own days off: any change of them is a new version; the same is the same."""
    own = Organisation(extra_holidays={date(2026, 12, 24): "Christmas Eve"})
    others = (
        Organisation(), Organisation(subdivision="BE"), Organisation(working_week=(6, 0, 1, 2, 3)),
        Organisation(extra_holidays={date(2026, 12, 31): "New Year's Eve"}), Organisation(opens=time(8)),
        Organisation(closes=time(16, 30)), own,
    )
    versions = [build(each, [2026]).version for each in others]
    assert len(set(versions)) == len(others)
    assert versions[-1] == BAVARIA.version
    assert re.match(r"holidays [\d.]+; tzdata [\d.]+; DE-BY; week 01234; extra [0-9a-f]{12}$", versions[0])
    assert "; week 01234; hours 09:00-16:30; extra " in versions[-2]


def test_without_a_country_only_own_days_off_count() -> None:
    """An organisation may list its days off itself."""
    founders = {date(2026, 5, 4): "Founders"}
    own = build(Organisation(country=None, subdivision=None, extra_holidays=founders), [2026])
    assert own.works(date(2026, 5, 1))
    assert not own.works(date(2026, 5, 4))


@given(day=days, hour=hours, zone=zones)
def test_an_instant_shows_its_local_time_or_ends_the_gap(day: date, hour: time, zone: str) -> None:
    """The first instant at which the wall shows the time; in a gap the first that is past it."""
    info, wall = zone_of(zone), datetime.combine(day, hour)
    instant = instant_of(day, hour, zone)
    shown = instant.astimezone(info).replace(tzinfo=None)
    if shown == wall:
        assert instant <= wall.replace(tzinfo=info, fold=1).astimezone(UTC)
    else:
        before = (instant - timedelta(seconds=1)).astimezone(info).replace(tzinfo=None)
        assert before < wall < shown
        assert instant.microsecond == 0


@given(anchor=anchors, amount=amounts, zone=zones)
def test_days_are_counted_on_the_wall(anchor: datetime, amount: int, zone: str) -> None:
    """The local date of a due instant is the anchor's plus the days, or in a gap of a day the next."""
    found = local_date(due(anchor, Span(amount, "days"), calendar(zone)), zone)
    wanted = local_date(anchor, zone) + timedelta(days=amount)
    left_out = zone == "Pacific/Apia" and wanted == date(2011, 12, 30)
    assert found == (date(2011, 12, 31) if left_out else wanted)


@given(day=days, amount=amounts)
def test_working_days_between_are_exactly_the_amount(day: date, amount: int) -> None:
    """The due day is worked, and so many worked days lie between it and the anchor."""
    found = working_day(day, amount, BAVARIA)
    step = 1 if found >= day else -1
    between = [day + timedelta(days=n) for n in range(step, (found - day).days + step, step)]
    worked = sum(BAVARIA.works(each) for each in between)
    assert BAVARIA.works(found)
    assert worked == (abs(amount) if amount else int(not BAVARIA.works(day)))


@given(day=days, amount=amounts)
def test_working_days_there_and_back(day: date, amount: int) -> None:
    """From a day of work, forwards and backwards undo each other."""
    start = working_day(day, 0, BAVARIA)
    assert working_day(working_day(start, amount, BAVARIA), -amount, BAVARIA) == start


@given(anchor=anchors, amount=amounts)
def test_hours_elapse(anchor: datetime, amount: int) -> None:
    """No zone and no holiday lengthens an hour."""
    assert due(anchor, Span(amount, "hours"), BAVARIA) - anchor == timedelta(hours=amount)


@given(instant=anchors, amount=st.integers(-400, 400), zone=zones)
def test_a_shift_keeps_the_local_hour(instant: datetime, amount: int, zone: str) -> None:
    """A pause moves a due instant by whole local days; where that hour isn't, to the end of the gap."""
    info, days_later = zone_of(zone), timedelta(days=amount)
    wall = (instant.astimezone(info).replace(tzinfo=None)) + days_later
    moved = shift(instant, amount, calendar(zone))
    assert moved.astimezone(info).replace(tzinfo=None) >= wall
    assert amount or moved == instant
    assert abs(moved - instant - days_later) <= timedelta(hours=2) or zone == "Pacific/Apia"


PLANNED: dict[str, tuple[Period, int, int, list[str]]] = {
    "once a year": ("year", 3, 31, ["2026-03-31T06:00"]),
    "each quarter, on the last day of a shorter month":
        ("quarter", 11, 31, ["2026-02-28T07:00", "2026-05-31T06:00", "2026-08-31T06:00", "2026-11-30T07:00"]),
    "each month, year's end included": ("month", 1, 1, [
        "2026-01-01T07:00", "2026-02-01T07:00", "2026-03-01T07:00", "2026-04-01T06:00", "2026-05-01T06:00",
        "2026-06-01T06:00", "2026-07-01T06:00", "2026-08-01T06:00", "2026-09-01T06:00", "2026-10-01T06:00",
        "2026-11-01T07:00", "2026-12-01T07:00",
    ]),
}


@pytest.mark.parametrize(("every", "month", "day", "instants"), PLANNED.values(), ids=PLANNED)
def test_planned_instants_of_a_year(every: Period, month: int, day: int, instants: list[str]) -> None:
    """A schedule's instants stand at 08:00 on the organisation's wall."""
    year = at("2025-12-31T23:00"), at("2026-12-31T23:00")
    found = planned(every, month, day, time(8), "Europe/Berlin", *year)
    assert found == [at(each) for each in instants]


@given(
    every=st.sampled_from(["year", "quarter", "month"]), month=st.integers(1, 12), day=st.integers(1, 31),
    hour=hours, zone=zones, cuts=st.lists(anchors, min_size=3, max_size=3).map(sorted),
)
def test_planned_instants_are_neither_lost_nor_repeated(
    every: Period, month: int, day: int, hour: time, zone: str, cuts: list[datetime]
) -> None:
    """Asking twice, up to an instant and from it on, is asking once: nothing else is remembered."""
    after, between, until = cuts
    whole = planned(every, month, day, hour, zone, after, until)
    parts = (planned(every, month, day, hour, zone, *ends) for ends in ((after, between), (between, until)))
    assert whole == [instant for part in parts for instant in part]
    assert whole == sorted(set(whole))
    assert all(after < instant <= until for instant in whole)


@given(
    anchor=anchors, hour=hours, zone=zones,
    span=st.builds(Span, amounts, st.sampled_from(get_args(Unit))),
)
def test_a_rule_is_kept_as_json(anchor: datetime, hour: time, zone: str, span: Span) -> None:
    """What stands beside a deadline is enough to compute its instant anew."""
    spanned, own = Span(span.amount, span.unit, hour), calendar(zone)
    rule = DueRule.of(anchor, spanned, own)
    assert DueRule.from_json(rule.as_json()) == rule
    assert rule.instant(own) == due(anchor, spanned, own)


def test_a_rule_is_retimed_by_another_calendar() -> None:
    """After a move to New York the same rule ends at 17:00 there, and says so."""
    rule = DueRule.of(at("2026-03-12T09:00"), Span(5, "days"), BAVARIA)
    there = calendar("America/New_York")
    assert rule.instant(there) == at("2026-03-17T21:00")
    assert (rule.under(there).zone, rule.under(there).calendar) == ("America/New_York", there.version)
