"""Corrective actions and what people do about them, for tests."""

from __future__ import annotations

from isms_workflow.domain.rules.corrective import Draft
from isms_workflow.engine.commands import corrective
from tests.engine.incidents import do
from tests.world import World


def open_action(world: World, *, by: str = "maria", owner: str = "ben", gravity: str = "minor",
                title: str = "Restores were never tried") -> str:
    """Somebody opens a corrective action by hand, which becomes the case of this world."""
    with world.sim.write() as (tx, when):
        world.case = corrective.open_by_hand(tx, Draft(title, "", gravity, world.ids[owner]), world.actor(by), when)
    return world.case


def current(key: str, world: World) -> str:
    """A step's key in the action's round."""
    action = world.view().corrective
    assert action is not None
    return key if action.round == 1 else f"{key}@{action.round}"


def planned(world: World, by: str = "maria") -> None:
    """Corrected if it isn't, its cause found, its plan approved."""
    if world.view().case.state == "correcting":
        world.complete("correction")
    world.complete(current("root_cause", world))
    world.complete(current("plan", world))
    world.answer("planning", by)


def done(world: World, by: str = "maria") -> None:
    """Planned and carried out: it is left to show whether it works."""
    planned(world, by)
    world.complete(current("implement", world))


def asked(world: World) -> None:
    """Done, and time for its effectiveness check."""
    done(world)
    world.advance(days=31)


def judged(world: World, effective: bool, by: str = "ines") -> None:
    """Whoever checks it lays evidence before it, and says whether it is effective."""
    world.evidence(current("check", world), by)
    do(world, corrective.judge, by, None, effective, "looked at five cases")


def referred(world: World) -> None:
    """Not effective twice: management is asked."""
    for _ in range(2):
        asked(world)
        judged(world, effective=False)


def owner_of(world: World) -> str:
    """Who answers for it, by first name."""
    action = world.view().corrective
    assert action is not None
    return world.name_of(action.owner)
