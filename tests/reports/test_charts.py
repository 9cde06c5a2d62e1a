"""Charts: in a unit that fits, severities in the programme's order."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from isms_workflow.domain.statistics import MEASURES, Figures, Spread
from isms_workflow.reports.charts import medians, ordered, unit_of

ORDER = ("critical", "high", "medium", "low")
UNITS: dict[str, tuple[list[float], str]] = {
    "a test's seconds": ([0.4, 3.2], "Seconds"), "nothing at all": ([0.0], "Seconds"), "just under two minutes": ([119], "Seconds"),
    "two minutes": ([5, 120], "Minutes"), "just under two hours": ([7_199], "Minutes"), "two hours": ([7_200], "Hours"),
    "two days": ([60, 172_800], "Days"), "no incident": ([], "Hours"),
}


def figure(severity: str, seconds: float, month: str = "2026-03") -> Figures:
    """One incident of a severity that took so long in everything."""
    took = timedelta(seconds=seconds)
    return Figures(month, severity, 1, 0, dict.fromkeys(MEASURES, Spread(1, took, took)))


@pytest.mark.parametrize(("seconds", "unit"), UNITS.values(), ids=UNITS)
def test_a_chart_counts_in_what_its_longest_time_asks_for(seconds: list[float], unit: str) -> None:
    """At least two of them, so that a time under a minute isn't a bare nought."""
    assert unit_of(seconds)[0] == unit


def test_severities_stand_as_the_programme_orders_them() -> None:
    """Whichever came first; one that it doesn't know any more comes last."""
    found = [figure("odd", 9), figure("low", 20), figure("critical", 4), figure("high", 8, "2026-02")]
    assert ordered(found, ORDER) == ["critical", "high", "low", "odd"]
    words = re.findall(r">([^<>]+)</text>", medians(found, "acknowledge", ORDER))
    assert "Seconds" in words
    assert [each for each in words if each in {*ORDER, "odd"}] == ["critical", "high", "low", "odd"]
