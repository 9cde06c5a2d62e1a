"""What the statistics count, and what they leave out."""

from __future__ import annotations

from datetime import timedelta

from isms_workflow.domain.rules.incidents import Report
from isms_workflow.domain.statistics import Spread
from isms_workflow.engine import statistics
from isms_workflow.engine.commands import incidents, veris
from tests.engine.incidents import do, report, respond
from tests.veris import read, sample
from tests.world import World

HOUR = timedelta(hours=1)


def test_times_count_from_the_report(both: World) -> None:
    """Acknowledged by a word, or by the response; contained and resolved when the steps are done; a breach is one."""
    report(both)
    both.sim.now += HOUR
    do(both, incidents.acknowledge, "ben", None)
    both.sim.now += 4 * HOUR
    respond(both, "ravi")
    both.complete_phase("responding")
    with both.store.read() as conn:
        found, = statistics.read(conn)
    assert (found.month, found.severity, found.count, found.missed) == ("2026-01", "high", 1, 1)
    assert found.spreads["acknowledge"] == Spread(1, HOUR, HOUR)
    assert found.spreads["contain"].median is not None
    assert found.spreads["contain"].median >= 5 * HOUR
    assert found.spreads["resolve"].count == 1


def test_what_was_none_is_not_counted(world: World) -> None:
    """Exercises, what was dismissed, and what was imported with its end."""
    report(world)
    do(world, incidents.dismiss, "ben", None, "the scanner")
    with world.sim.write() as (tx, when):
        incidents.report(tx, Report("A drill", "", "outage", is_exercise=True), (), world.actor("gil"), when)
        veris.take(tx, read(sample()), False, world.actor("ben"), when)
    with world.store.read() as conn:
        assert statistics.read(conn) == []
