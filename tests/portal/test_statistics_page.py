"""The page of statistics, its charts and its file."""

from __future__ import annotations

from datetime import timedelta

from tests.engine.incidents import report, respond
from tests.portal.incidents import label
from tests.portal.visitor import House


def test_without_incidents_it_says_so(house: House) -> None:
    """And draws nothing."""
    page = house.visitor("gil").read("/incidents/statistics")
    assert "Nothing to count yet." in page
    assert "<img" not in page


def test_a_table_a_chart_and_a_file_say_the_same(house: House) -> None:
    """The chart is a picture of our own, without a script."""
    report(house.world)
    house.world.sim.now += timedelta(minutes=90)
    respond(house.world, "ben")
    with_label = house.visitor("ben")
    page = with_label.read("/incidents/statistics")
    assert "1 hour" in page.split("<table", 1)[1]
    assert '<img src="/incidents/statistics/acknowledge.svg"' in page
    assert "contain.svg" not in page, "nothing was contained yet"
    chart = with_label.get("/incidents/statistics/acknowledge.svg")
    assert (chart.status_code, chart.headers["content-type"], chart.text[:4]) == (200, "image/svg+xml", "<svg")
    assert "<script" not in chart.text
    assert "2026-01,high,1,0,1,90.0,90.0,0,,,0,," in with_label.get("/incidents/statistics.csv").text
    assert with_label.get("/incidents/statistics/luck.svg").status_code == 404
    assert 'href="/incidents/statistics"' in with_label.read("/incidents")


def test_a_time_under_a_minute_is_said_in_seconds(house: House) -> None:
    """In the table and on the chart's axis."""
    report(house.world)
    house.world.sim.now += timedelta(seconds=12)
    respond(house.world, "ben")
    ben = house.visitor("ben")
    assert "12 seconds" in ben.read("/incidents/statistics").split("<table", 1)[1]
    assert ">Seconds<" in ben.get("/incidents/statistics/acknowledge.svg").text


def test_it_counts_what_its_reader_may_see(house: House) -> None:
    """Otherwise it would tell of what is restricted."""
    report(house.world)
    label(house, "restricted")
    assert "Nothing to count yet." in house.visitor("gil").read("/incidents/statistics")
    assert "Nothing to count yet." not in house.visitor("ben").read("/incidents/statistics")
