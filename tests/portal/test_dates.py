"""Dates that people type: of their own zone, and of our age."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from isms_workflow.domain.refusals import Wrong
from isms_workflow.portal import dates
from isms_workflow.store.database import Store
from tests.world import World, found

VIENNA = "Europe/Vienna"


@pytest.fixture
def world(sqlite_store: Store) -> World:
    """An organisation with its zone."""
    return found(sqlite_store)


TYPED = {
    "in winter": ("2026-01-12T14:00", datetime(2026, 1, 12, 13, tzinfo=UTC)),
    "in summer, with a blank": (" 2026-07-12 14:00", datetime(2026, 7, 12, 12, tzinfo=UTC)),
    "the first year": ("1900-01-02T00:00", datetime(1900, 1, 1, 23, tzinfo=UTC)),
    "in the hour that occurs twice, the first": ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    "nothing": (" ", None),
}


@pytest.mark.parametrize(("text", "instant"), TYPED.values(), ids=TYPED)
def test_an_instant_is_of_the_zone_of_whoever_typed_it(text: str, instant: datetime | None) -> None:
    """None for an empty field."""
    assert dates.instant(text, VIENNA, "starts") == instant


FAR = ("9999-01-01T00:00", "9999-12-31T23:59", "0001-01-01T00:00", "3000-01-01T12:00", "275760-01-01T00:00", "1900-01-01T00:00")


@pytest.mark.parametrize("text", FAR)
def test_an_instant_of_another_age_is_refused_with_the_years_that_are_taken(text: str) -> None:
    """It is a date and a time: to be told to give one would help nobody."""
    with pytest.raises(Wrong, match=r"starts: .* give a date and a time of the years 1900 to 2999, such as"):
        dates.instant(text, VIENNA, "starts")


def test_an_hour_that_the_clocks_leave_out_is_refused() -> None:
    """Nobody saw it on a clock: it is a slip, and which instant is meant isn't ours to guess."""
    with pytest.raises(Wrong, match=r"2026-03-29 02:30.*the clocks in Europe/Vienna go forward then, and leave that time out"):
        dates.instant("2026-03-29T02:30", VIENNA, "starts")


@pytest.mark.parametrize("text", ["2026-01-12", "soon", "2026-01-12T14:00+01:00", "2026-02-30T14:00"])
def test_what_is_no_local_instant_is_refused(text: str) -> None:
    """With an example."""
    with pytest.raises(Wrong, match="such as 2026-03-12T14:00"):
        dates.instant(text, VIENNA, "starts")


@pytest.mark.parametrize("text", ["9999-12-31", "3000-01-01", "0001-01-01"])
def test_a_day_of_another_age_is_refused_likewise(world: World, text: str) -> None:
    """At the field, before anything is done with it."""
    with world.store.write() as tx, pytest.raises(Wrong, match=r"ends: .* give a date of the years 1900 to 2999"):
        dates.end_of_day(tx, text, "ends")
