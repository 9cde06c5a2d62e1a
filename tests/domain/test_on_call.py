"""Every instant has one shift or is a gap; hand-overs keep their local hour; an override wins just for its span."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from isms_workflow.domain.on_call import AHEAD, at, between, gaps, hand_over, horizon, number_at, whose
from isms_workflow.domain.people import Directory, Holding, Order, Override, Person
from isms_workflow.programme.model import Rotation

START = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PEOPLE = ("ann", "bob", "eve")

instants = some.datetimes(datetime(2026, 1, 6), datetime(2027, 12, 31), timezones=some.just(UTC))  # noqa: DTZ001 - the strategy adds it
spans = some.tuples(instants, some.timedeltas(timedelta(minutes=1), timedelta(days=40))).map(lambda s: (s[0], s[0] + s[1]))
zones = some.sampled_from(["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])


@some.composite
def rotations(draw: some.DrawFn) -> Rotation:
    """Any rotation that the programme lets one write."""
    shift = draw(some.sampled_from(["7 days", "1 days", "3 days", "12 hours", "5 hours"]))
    at_ = draw(some.sampled_from(["09:00", "02:30", "00:00", "23:59"]))
    return Rotation.model_validate({
        "id": "line", "title": "Line", "responsibility": "responder", "shift": shift, "from": date(2026, 1, 1),
        "hand_over": {"weekday": draw(some.sampled_from(["monday", "thursday"])), "at": at_}, "zone": draw(zones)})


def directory(*overrides: Override, people: tuple[str, ...] = PEOPLE, ends: dict[str, datetime] | None = None) -> Directory:
    """These people take turns."""
    return Directory({p: Person(p, "user", "UTC", True, (ends or {}).get(p)) for p in people},
                     tuple(Holding("responder", p, LONG_AGO, "x") for p in people), overrides=overrides)


def override(person: str, starts: datetime, ends: datetime) -> Override:
    """Somebody covers."""
    return Override("o", "line", person, starts, ends, person, starts)


@given(rotations(), spans, instants, some.lists(some.sampled_from([*PEOPLE, "gone"]), max_size=1), spans)
def test_every_instant_has_just_one_shift_or_is_a_gap(
        rotation: Rotation, span: tuple[datetime, datetime], leaves: datetime, covers: list[str],
        covered: tuple[datetime, datetime]) -> None:
    """They fill the span without overlaps, and say what `at` says."""
    people = directory(*(override(who, *covered) for who in covers), ends={"bob": leaves})
    shifts = between(rotation, people, *span)
    assert (shifts[0].starts, shifts[-1].ends) == span
    assert all(one.ends == next_.starts for one, next_ in itertools.pairwise(shifts))
    for shift in shifts:
        middle = shift.starts + (shift.ends - shift.starts) / 2
        assert shift.starts < shift.ends
        assert {at(rotation, people, instant) for instant in (shift.starts, middle)} == {shift.person}


@given(rotations(), some.integers(0, 2000))
def test_hand_overs_keep_their_local_hour(rotation: Rotation, number: int) -> None:
    """In summer and winter; an hour that a change of time skips is the first after it."""
    wall = rotation.first + number * rotation.length
    there = hand_over(rotation, number).astimezone(ZoneInfo(str(rotation.zone))).replace(tzinfo=None)
    assert there == wall or timedelta() < there - wall <= timedelta(hours=1)
    assert number_at(rotation, hand_over(rotation, number)) >= number  # more only where a shift fell into a skipped hour


def test_both_changes_of_summer_time() -> None:
    """Monday 09:00 in Vienna is 08:00 UTC in winter and 07:00 in summer."""
    rotation = Rotation.model_validate({
        "id": "line", "title": "Line", "responsibility": "responder", "shift": "7 days", "from": date(2026, 3, 23),
        "hand_over": {"weekday": "monday", "at": "09:00"}, "zone": "Europe/Vienna"})
    assert [hand_over(rotation, n).isoformat()[:16] for n in (0, 1, 30, 31)] == [
        "2026-03-23T08:00", "2026-03-30T07:00", "2026-10-19T07:00", "2026-10-26T08:00"]
    people = directory()
    change = datetime(2026, 3, 30, 7, tzinfo=UTC)
    second = timedelta(seconds=1)
    assert (at(rotation, people, change - second), at(rotation, people, change)) == ("ann", "bob")


@given(rotations(), spans, instants)
def test_an_override_wins_just_for_its_span(rotation: Rotation, span: tuple[datetime, datetime], instant: datetime) -> None:
    """Outside of it the turns are as they were."""
    with_it, without = directory(override("eve", *span)), directory()
    inside = span[0] <= instant < span[1]
    assert at(rotation, with_it, instant) == ("eve" if inside else at(rotation, without, instant))
    assert (at(rotation, with_it, span[0]), at(rotation, with_it, span[1])) == ("eve", at(rotation, without, span[1]))


WEEKLY = Rotation.model_validate({
    "id": "line", "title": "Line", "responsibility": "responder", "shift": "7 days", "from": date(2026, 1, 5),
    "hand_over": {"weekday": "monday", "at": "09:00"}, "zone": "UTC"})
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def test_nobody_in_office_is_one_gap_however_many_hand_overs_it_swallows() -> None:
    """It begins with the shift of now."""
    found = gaps(WEEKLY, directory(people=()), NOW)
    assert [(g.starts, g.ends, g.person) for g in found] == [(datetime(2026, 3, 2, 9, tzinfo=UTC), NOW + AHEAD, None)]


def test_an_override_by_somebody_who_left_is_a_gap_for_its_span() -> None:
    """Nobody answers in their place by guess; the gap is found before it happens."""
    span = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 12, tzinfo=UTC)
    found = gaps(WEEKLY, directory(override("gone", *span)), NOW)
    assert [(g.starts, g.ends) for g in found] == [span]
    assert gaps(WEEKLY, directory(), NOW) == ()


def test_an_account_that_will_end_leaves_no_gap_while_somebody_takes_turns() -> None:
    """The turns close up at its end; the last one's end is a gap from then on."""
    ends = datetime(2026, 3, 11, tzinfo=UTC)
    assert gaps(WEEKLY, directory(ends={"ann": ends}), NOW) == ()
    assert [g.starts for g in gaps(WEEKLY, directory(people=("ann",), ends={"ann": ends}), NOW)] == [ends]


def test_who_comes_newly_takes_part_from_the_next_hand_over() -> None:
    """The shift that goes on stays whose it is."""
    before = directory(people=("ann", "bob"))
    new = Holding("responder", "eve", NOW, "x")
    after = Directory({**before.people, "eve": Person("eve", "user", "UTC", True)}, (*before.holdings, new))
    assert at(WEEKLY, after, NOW) == at(WEEKLY, before, NOW)
    assert {at(WEEKLY, after, NOW + n * timedelta(days=7)) for n in (1, 2, 3)} == set(PEOPLE)


def test_before_the_first_shift_nobody_is_on_call_and_that_is_no_gap() -> None:
    """The rotation hasn't begun."""
    early = datetime(2026, 1, 1, tzinfo=UTC)
    assert at(WEEKLY, directory(), early) is None
    assert gaps(WEEKLY, directory(), early) == ()


WEEKEND = {"id": "weekend", "title": "Weekend", "responsibility": "weekender", "shift": "7 days", "from": date(2026, 1, 5),
           "hand_over": {"weekday": "monday", "at": "09:00"}, "zone": "UTC",
           "during": [{"days": ["saturday", "sunday"], "begins": "08:00", "ends": "20:00"}]}
NIGHTS = {**WEEKEND, "id": "night", "title": "Nights", "responsibility": "nightly", "during": [{"begins": "22:00", "ends": "06:00"}]}
LINE = Rotation.model_validate({**WEEKLY.model_dump(by_alias=True), "layers": [WEEKEND, NIGHTS]})
LAYERED = LINE.whole("UTC")
SATURDAY = datetime(2026, 3, 7, tzinfo=UTC)


def staffed(**holders: str) -> Directory:
    """The three of the line, and whoever holds a layer's responsibility."""
    people = directory()
    extra = {who: Person(who, "user", "UTC", True) for who in holders.values()}
    return Directory({**people.people, **extra}, (*people.holdings, *(
        Holding(name, who, LONG_AGO, "x") for name, who in holders.items())))


LAYERS = {
    # when: (hours after Saturday 00:00, who: w holds the weekend, n the nights)
    "at night the highest": (1, "n", "line/night"), "at its end it is over": (6, "eve", None),
    "the day begins": (8, "w", "line/weekend"), "until before its end": (19.99, "w", "line/weekend"),
    "the evening is the line's": (20, "eve", None), "over midnight": (29.5, "n", "line/night"),
    "a working day": (57, "ann", None),
}


@pytest.mark.parametrize(("hours", "who", "layer"), LAYERS.values(), ids=LAYERS)
def test_the_highest_layer_that_is_on_goes_first(hours: float, who: str, layer: str | None) -> None:
    """On the wall of its zone; beneath it the turns go on as if it weren't there."""
    people = staffed(weekender="w", nightly="n")
    instant = SATURDAY + timedelta(hours=hours)
    assert (at(LAYERED, people, instant), whose(LAYERED, people, instant)[1]) == (who, layer)


def test_a_layer_that_nobody_takes_falls_to_the_one_beneath() -> None:
    """So a layer makes no gap; where the line has nobody, its hours are the only ones without."""
    noon = SATURDAY + timedelta(hours=12)
    assert at(LAYERED, staffed(nightly="n"), noon) == at(LAYERED, directory(), noon) == "eve"
    assert gaps(LAYERED, staffed(), NOW) == ()
    alone = staffed(weekender="w")
    empty = Directory({"w": alone.people["w"]}, tuple(h for h in alone.holdings if h.person == "w"))
    found = gaps(LAYERED, empty, NOW)
    assert (found[0].ends, found[1].starts, found[1].ends) == (
        SATURDAY + timedelta(hours=8), SATURDAY + timedelta(hours=20), SATURDAY + timedelta(hours=32))
    assert len(found) == 9  # four weeks with two days each


def test_a_cover_goes_before_every_layer() -> None:
    """By anybody who takes turns in the rotation, in whichever layer."""
    people = staffed(weekender="w", nightly="n")
    covered = Directory(people.people, people.holdings, overrides=(override("n", SATURDAY, SATURDAY + timedelta(hours=24)),))
    shift = next(s for s in between(LAYERED, covered, SATURDAY, SATURDAY + timedelta(hours=24)) if s.layer == "line/weekend")
    assert (shift.person, shift.instead_of) == ("n", "w")


@given(spans, some.booleans(), some.booleans())
def test_with_layers_every_instant_has_just_one_shift(span: tuple[datetime, datetime], weekends: bool, nights: bool) -> None:
    """They fill the span, say what `at` says, and no two neighbours are the same."""
    people = staffed(**({"weekender": "w"} if weekends else {}), **({"nightly": "n"} if nights else {}))
    shifts = between(LAYERED, people, *span)
    assert (shifts[0].starts, shifts[-1].ends) == span
    assert all(one.ends == next_.starts for one, next_ in itertools.pairwise(shifts))
    for shift in shifts:
        for part in (0.0, 0.37, 0.99):
            assert at(LAYERED, people, shift.starts + part * (shift.ends - shift.starts)) == shift.person


def test_another_order_holds_from_the_next_hand_over() -> None:
    """Whoever is on call now stays so; whom it doesn't name comes last."""
    people = directory()
    new = Directory(people.people, people.holdings, orders=(Order("2", "line", ("eve", "bob"), NOW),))
    weeks = [NOW + n * timedelta(days=7) for n in range(4)]
    assert at(WEEKLY, new, NOW) == at(WEEKLY, people, NOW) == "eve"
    turns = [at(WEEKLY, new, week) for week in weeks[1:]]
    assert turns == [("eve", "bob", "ann")[number_at(WEEKLY, week) % 3] for week in weeks[1:]]
    earlier = Directory(people.people, people.holdings, orders=(Order("1", "line", ("eve", "bob", "ann"), LONG_AGO), *new.orders))
    assert at(WEEKLY, earlier, NOW) == ("eve", "bob", "ann")[number_at(WEEKLY, NOW) % 3]


@pytest.mark.parametrize("way", [1, -1], ids=["as they were set", "the other way round"])
def test_of_two_orders_of_one_instant_the_later_id_holds(way: int) -> None:
    """However the database hands them out; one that was set after both replaces them, whatever its id."""
    people, week = directory(), NOW + timedelta(days=7)
    both = (Order("1", "line", ("ann", "bob", "eve"), NOW), Order("2", "line", ("eve", "bob", "ann"), NOW))
    last = Order("0", "line", ("bob", "ann", "eve"), NOW + timedelta(seconds=1))
    for orders, order in ((both, both[1]), ((*both, last), last)):
        found = Directory(people.people, people.holdings, orders=orders[::way])
        assert at(WEEKLY, found, week) == order.people[number_at(WEEKLY, week) % 3]


@pytest.mark.parametrize("now", [NOW, NOW + timedelta(days=3, hours=5), NOW - timedelta(minutes=1)])
def test_what_lies_ahead_ends_with_a_hand_over(now: datetime) -> None:
    """Four weeks, and what is left of the last shift: none looks as if it ended at the time of day at which one asks."""
    until = horizon(WEEKLY, now)
    assert timedelta(0) <= until - (now + AHEAD) < timedelta(days=7)
    assert until == hand_over(WEEKLY, number_at(WEEKLY, until))
    assert between(WEEKLY, directory(), now, until)[-1].ends == until
