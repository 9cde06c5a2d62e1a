"""Medians and percentiles, by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from isms_workflow.domain.statistics import Figures, Spread, Times, figures, spread

MINUTE = timedelta(minutes=1)
SPREADS: dict[str, tuple[list[int], tuple[float, int] | None]] = {
    "none": ([], None), "one": ([7], (7, 7)), "two": ([10, 20], (15, 20)), "three": ([9, 1, 5], (5, 9)),
    "ten": (list(range(1, 11)), (5.5, 9)), "eleven": (list(range(1, 12)), (6, 10)), "alike": ([4] * 20, (4, 4)),
}


@pytest.mark.parametrize(("minutes", "said"), SPREADS.values(), ids=SPREADS)
def test_a_spread_is_median_and_nearest_rank(minutes: list[int], said: tuple[float, int] | None) -> None:
    """The 90th percentile is one that happened."""
    median, p90 = (None, None) if said is None else (said[0] * MINUTE, said[1] * MINUTE)
    assert spread(each * MINUTE for each in minutes) == Spread(len(minutes), median, p90)


def test_months_are_the_organisation_s_and_the_newest_stands_first() -> None:
    """What hasn't happened counts for nothing; the gravest severity stands first within a month."""
    late = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    early = datetime(2026, 1, 5, tzinfo=UTC)
    found = figures([
        Times("low", late, None, None, None, missed=True), Times("high", early, early + MINUTE, None, None, missed=False),
        Times("critical", early, None, None, None, missed=False), Times("odd", early, None, None, None, missed=False),
    ], ("critical", "high", "low"), "Europe/Vienna")
    none = Spread(0, None, None)
    assert [(each.month, each.severity, each.missed) for each in found] == [
        ("2026-02", "low", 1), ("2026-01", "critical", 0), ("2026-01", "high", 0), ("2026-01", "odd", 0)]
    assert found[2] == Figures("2026-01", "high", 1, 0, {
        "acknowledge": Spread(1, MINUTE, MINUTE), "contain": none, "resolve": none})
