"""How an exercise went, by its history: whoever is told by several ways was told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from isms_workflow.domain.drill import Told, drill
from isms_workflow.store.database import Store
from tests.engine.incidents import report
from tests.world import found

AT = datetime(2026, 1, 5, 8, 0, 1, tzinfo=UTC)
MAIL = Told("ben", -1, AT, "dead", AT)
PAGER = replace(MAIL, outcome="sent", settled=AT + timedelta(seconds=1))


def test_whoever_is_told_by_several_ways_was_told_once(sqlite_store: Store) -> None:
    """By the first that left; only what left by none is missed. What is told later is told again."""
    world = found(sqlite_store)
    report(world)
    view = world.view()
    assert view.incident is not None
    exercise = replace(view, incident=replace(view.incident, is_exercise=True))
    later = replace(PAGER, level=0, decided=AT + timedelta(hours=2))
    lost = replace(MAIL, person="ravi")
    told = drill(exercise, (), (MAIL, PAGER, replace(PAGER, outcome=None, settled=None), later, lost))
    assert told.told == (PAGER, later, lost)
    assert "1 mail never left." in told.missed
