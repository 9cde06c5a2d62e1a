"""What people say of an incident's reports, for tests."""

from __future__ import annotations

import hashlib
from datetime import datetime

from isms_workflow.domain.obligations import State
from isms_workflow.domain.rules.obligations import Happened
from isms_workflow.engine.commands import obligations
from isms_workflow.store.files import Stored
from tests.world import World

BREACH = {"gdpr.personal_data_breach": True, "gdpr.risk_unlikely": False, "gdpr.high_risk": False,
          "organisation.processor": False}
"""A breach of personal data that the authority is to be told of, and nobody else."""


def answer(world: World, given: dict[str, bool | None], by: str = "ben", reason: str = "") -> None:
    """Answers to questions."""
    with world.sim.write() as (tx, when):
        obligations.answer(tx, world.case, given, reason, world.actor(by), when)


def date(world: World, kind: str, at: datetime, by: str = "ben", reason: str = "", of: str | None = None,
         until: datetime | None = None, replaces: str | None = None) -> None:
    """Something happened."""
    with world.sim.write() as (tx, when):
        obligations.date(tx, world.case, Happened(kind, at, of, until, replaces), reason, world.actor(by), when)


def submit(world: World, obligation: str, by: str = "ben", at: datetime | None = None, reason: str = "") -> None:
    """A report was sent."""
    stored = Stored(hashlib.sha256(obligation.encode()).hexdigest(), len(obligation))
    with world.sim.write() as (tx, when):
        obligations.submit(tx, world.case, obligation, at or world.now, stored, f"{obligation}.pdf", "application/pdf", reason,
                           world.actor(by), when)


def waive(world: World, obligation: str, by: str = "maria", reason: str = "the register says why") -> None:
    """It isn't to be reported."""
    with world.sim.write() as (tx, when):
        obligations.waive(tx, world.case, obligation, reason, world.actor(by), when)


def withdraw(world: World, event: str, by: str = "maria", reason: str = "a slip") -> None:
    """It was recorded by mistake."""
    with world.sim.write() as (tx, when):
        obligations.withdraw(tx, world.case, event, reason, world.actor(by), when)


def nothing_to_report(world: World, by: str = "ben") -> None:
    """No personal data are concerned, and nothing else is asked by the programme as it is shipped."""
    answer(world, {"gdpr.personal_data_breach": False}, by)


def states(world: World) -> dict[str, State]:
    """How each stage stands, those left out that don't apply."""
    duties = world.view().duties
    assert duties is not None
    return {each.obligation.id: each.state for each in duties.standings() if each.state is not State.NOT_APPLICABLE}


def dated(world: World, kind: str, of: str | None = None) -> str:
    """The id of the one event of a kind that counts; of several the one that is said of this alone."""
    duties = world.view().duties
    assert duties is not None
    found, = (each.id for each in duties.dated if each.event.kind == kind and of in (None, each.event.of))
    return found


def armed(world: World) -> dict[str, datetime]:
    """What is armed for reports, by event."""
    return {event: due for event, due in world.armed(world.case) if ":" in event}
