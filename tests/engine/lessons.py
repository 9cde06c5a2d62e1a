"""What people write down of an incident, for tests."""

from __future__ import annotations

from datetime import datetime

from isms_workflow.domain.rules.lessons import Entry
from isms_workflow.engine.commands import lessons
from isms_workflow.engine.commands.lessons import Becomes
from tests.engine.incidents import report, respond
from tests.world import World


def add(world: World, sort: str, text: str, by: str = "ben", *, at: datetime | None = None, parent: str | None = None) -> str:
    """Somebody adds an entry to this world's incident."""
    with world.sim.write() as (tx, when):
        return lessons.add(tx, world.case, Entry(sort, text, at, parent), world.actor(by), when)


def take_up(world: World, lesson: str, by: str = "ben", owner: str = "ravi", gravity: str = "minor") -> str:
    """An action item becomes a corrective action; its case."""
    with world.sim.write() as (tx, when):
        return lessons.take_up(tx, lesson, Becomes(world.ids[owner], gravity), world.actor(by), when)


def decline(world: World, lesson: str, by: str = "ben", reason: str = "It costs more than it saves") -> None:
    """An action item is declined."""
    with world.sim.write() as (tx, when):
        lessons.decline(tx, lesson, reason, world.actor(by), when)


def learning(world: World) -> str:
    """A high incident that was dealt with: its lessons are owed."""
    case = report(world)
    respond(world, "ben")
    world.complete_phase("responding")
    return case


def closed(world: World, improves: str = "Alerts came late", item: str = "") -> str:
    """An incident that was learned from and closed; the entry of what can improve."""
    learning(world)
    improve = add(world, "improve", improves)
    if item:
        take_up(world, add(world, "item", item))
    world.complete_phase("lessons_learned")
    world.answer("lessons_learned", "maria")
    return improve
