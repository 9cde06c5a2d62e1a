"""A world for each test: SQLite where the database doesn't matter, both where it does."""

from __future__ import annotations

import pytest

from isms_workflow.store.database import Store
from tests.world import World, found


@pytest.fixture
def world(sqlite_store: Store) -> World:
    """The cast in office, no cycle yet."""
    return found(sqlite_store)


@pytest.fixture
def both(store: Store) -> World:
    """The same on SQLite and on PostgreSQL."""
    return found(store)


@pytest.fixture
def planning(world: World) -> World:
    """A cycle whose PLAN phase is open."""
    world.once("planning", world.open_cycle)
    return world


@pytest.fixture
def at_gate(planning: World) -> World:
    """PLAN's steps are done, and its gate is open."""
    planning.once("at PLAN's gate", lambda: planning.complete_phase("plan"))
    return planning
