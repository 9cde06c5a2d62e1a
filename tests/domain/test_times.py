"""Instants at the boundary: aware, UTC, and of an age in which somebody can mean them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from isms_workflow.domain.times import FarInstant, from_iso, iso, utc

FAR = {
    "the first year": datetime(1, 1, 1, tzinfo=UTC), "the last year": datetime(9999, 12, 31, 23, 59, tzinfo=UTC),
    "before the first year, in UTC": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    "after the last year, in UTC": datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-12))),
    "by its zone": datetime(1900, 1, 1, tzinfo=timezone(timedelta(hours=14))),
}


@pytest.mark.parametrize("value", FAR.values(), ids=FAR)
def test_what_nobody_can_mean_is_refused(value: datetime) -> None:
    """Written down it would break every page that shows it in a zone to the west or the east."""
    with pytest.raises(FarInstant, match="give an instant of the years 1900 to 2999"):
        utc(value)


@pytest.mark.parametrize("value", [datetime(1900, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)])
def test_what_can_be_meant_is_kept_as_it_is(value: datetime) -> None:
    """Also written and read again."""
    assert utc(value) == value == from_iso(iso(value))
