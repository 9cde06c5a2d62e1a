"""Another severity: every clock counts anew from its own instant, and what was told stays told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from isms_workflow.engine.commands import incidents
from tests.engine.incidents import do, incident, report
from tests.world import World

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("severity", "later", "asked"), [
    ("low", 0, timedelta(hours=24)),        # holds 24 h, counted from when it was given
    ("critical", 0, timedelta(minutes=30)),  # holds 30 minutes
    ("critical", 45, timedelta(minutes=45)),  # those are past: at once
])
def test_under_another_severity_a_word_counts_from_its_own_instant(world: World, severity: str, later: int,
                                                                   asked: timedelta) -> None:
    """Whoever gave it for something small is asked sooner when it turns out to be grave, and it lapses by that."""
    report(world)
    given = world.now
    do(world, incidents.acknowledge, "ben", None)
    world.advance(minutes=later)
    do(world, incidents.reassess, "ravi", None, severity, "it is another than we thought")
    assert [due for event, due in world.armed(world.case) if event == "word"] == [given + asked]
    assert incident(world).word is not None


def test_a_word_that_was_asked_after_is_asked_after_anew_under_another_severity(world: World) -> None:
    """That mail leaves too, and unanswered the ladder goes on."""
    report(world)
    do(world, incidents.acknowledge, "ben", None)
    world.advance(minutes=61)
    assert [who for _, who in world.mails("word_asked")] == ["ben"]
    do(world, incidents.reassess, "ravi", None, "critical", "it spreads")
    world.advance(minutes=1)
    assert [who for _, who in world.mails("word_asked")] == ["ben", "ben"]
    world.advance(hours=1)
    assert world.mails("word_lapsed")
    assert incident(world).word is None


def test_whoever_another_ladder_names_at_a_level_that_counts_as_told_hears_of_the_change(world: World) -> None:
    """The first level was told by hand, to others: it isn't told again, but top management isn't left out."""
    report(world)
    do(world, incidents.escalate, "ben", None, "nobody answers the phone")
    assert "dana" not in {who for _, who in world.mails("incident_escalated")}
    do(world, incidents.reassess, "ben", None, "critical", "it spreads")
    assert [who for _, who in world.mails("incident_reassessed")].count("dana") == 1
    assert [event for event, _ in world.armed(world.case)].count("ladder") == 1
    do(world, incidents.acknowledge, "dana", None)


RAISED: dict[str, tuple[tuple[str, ...], int, str, list[str], int]] = {
    # from, after, to: (systems, hours after the report, the severity, who is told by then, hours until the response)
    "medium to high after three hours": ((), 3, "high", ["ravi", "maria"], 4),
    "medium to critical after two hours": ((), 2, "critical", ["maria", "dana", "ben", "ravi", "maria", "maria", "dana"], 1),
}


@pytest.mark.parametrize(("systems", "hours", "to", "told", "due"), RAISED.values(), ids=RAISED)
def test_a_graver_severity_counts_from_the_report_and_may_fire_at_once(
        world: World, systems: tuple[str, ...], hours: int, to: str, told: list[str], due: int) -> None:
    """What would have been told by now is told now, each level once."""
    report(world, systems=systems)
    start = world.now
    world.advance(hours=hours)
    do(world, incidents.reassess, "ben", None, to, "customers are affected")
    assert [who for _, who in world.mails("incident_escalated")] == told
    assert incident(world).response_due == start + due * HOUR
    world.advance(minutes=1)
    assert bool(world.mails("response_missed")) == (due < hours)


def test_a_lesser_severity_never_untells(world: World) -> None:
    """The level that was told isn't told again; the next one has the new ladder's instant."""
    report(world)
    start = world.now
    world.advance(hours=3)
    do(world, incidents.reassess, "ben", None, "medium", "only the intranet")
    assert [who for _, who in world.mails("incident_escalated")] == ["ravi", "maria"]
    assert sorted(world.armed(world.case)) == [("ladder", start + 24 * HOUR), ("response", start + 24 * HOUR)]
