"""What lies ahead of an incident, foretold from its history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from isms_workflow.domain.explained import ahead
from tests.engine.incidents import report
from tests.world import World

HOUR = timedelta(hours=1)


def test_a_level_that_nobody_holds_is_passed_on_at_once(world: World) -> None:
    """As the clock will do: the next one is told at its instant."""
    report(world)
    view = world.view()
    others = tuple(each for each in view.directory.holdings if each.responsibility not in ("isms_manager", "incident_responder"))
    alone = replace(view, directory=replace(view.directory, holdings=others))
    assert [(each.level, each.due_at) for each in ahead(view, world.now, None)] == [
        (0, world.now + 2 * HOUR), (1, world.now + 4 * HOUR)]
    assert [(each.level, each.due_at) for each in ahead(alone, world.now, None)] == [(1, world.now + 2 * HOUR)]


def test_after_the_last_level_its_next_repetition_lies_ahead(world: World) -> None:
    """One alone, for the others follow from it."""
    report(world)
    start = world.now
    world.advance(hours=5)
    assert [(each.level, each.repeat, each.due_at) for each in ahead(world.view(), world.now, None)] == [(1, 1, start + 8 * HOUR)]
