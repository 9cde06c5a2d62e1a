"""What people write down of an incident, for tests."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache

from isms_workflow.domain.rules.lessons import Entry
from isms_workflow.engine import programmes
from isms_workflow.engine.commands import lessons
from isms_workflow.engine.commands.lessons import Becomes
from isms_workflow.programme.load import parse
from isms_workflow.programme.model import Programme
from tests.engine.incidents import report, respond
from tests.world import OPERATOR, World, quiet


@cache
def small_programme() -> Programme:
    """The shipped one with a cycle of five steps, so that it comes to ACT quickly."""
    found = parse(quiet()).workflows["pdca"].model_dump(mode="json")
    for phase in found["phases"]:
        kept = [s for s in phase["steps"] if s["id"] in ("lessons", "improve")] or phase["steps"][:1]
        phase["steps"] = [{**step, "depends_on": []} for step in kept]
    return parse({**quiet(), "pdca.yaml": json.dumps(found)})


def small_cycle(world: World) -> World:
    """The small programme is in force here."""
    with world.store.write() as tx:
        programmes.apply(tx, small_programme(), OPERATOR, world.when())
    return world


def in_act(world: World) -> str:
    """A cycle has come to ACT; its step that applies what was learned."""
    world.open_cycle()
    for phase in ("plan", "do", "check"):
        world.pass_phase(phase)
    return world.step("lessons").id


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
    """A lesser incident that has closed, without a gate of its own; the entry of what can improve."""
    report(world, "outage", systems=())
    respond(world, "ben")
    improve = add(world, "improve", improves)
    if item:
        take_up(world, add(world, "item", item))
    world.complete_phase("responding")
    return improve
