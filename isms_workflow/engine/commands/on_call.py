"""Commands on being on call: somebody covers, and gives it back."""

from __future__ import annotations

from datetime import datetime

from isms_workflow.domain.on_call import rotations
from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.rules import on_call as rules
from isms_workflow.domain.times import When
from isms_workflow.engine import programmes, reading
from isms_workflow.engine.commands.common import in_turn
from isms_workflow.engine.writer import write
from isms_workflow.programme.model import Rotation
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import on_call as questions


def override(tx: Transaction, rotation: str, person: str, starts: datetime, ends: datetime, reason: str, actor: Actor,
             when: When) -> str:
    """Somebody is on call between two instants; returns its id. Raises `Unknown`, `NotYours`, `Wrong`, `ReasonNeeded`."""
    in_turn(tx)  # of two at one time the second finds the first
    plan, made = rules.override(_rotation(tx, rotation), reading.directory(tx, when.noticed), person, starts, ends, reason,
                                actor, when)
    write(tx, [plan], when.noticed)
    return made


def give_back(tx: Transaction, override: str, actor: Actor, when: When) -> None:
    """An override ends now, whether it has begun or not. Raises `Unknown` if it has ended, `NotYours`."""
    in_turn(tx)
    directory = reading.directory(tx, when.noticed)
    found = next((each for each in directory.overrides if each.id == override), None)
    if found is None:
        raise Unknown("cover that goes on", override)
    plan = rules.give_back(_rotation(tx, found.rotation), directory, found, actor, when)
    tx.execute(questions.returned(override, when.happened))
    write(tx, [plan], when.noticed)


def _rotation(tx: Transaction, name: str) -> Rotation:
    known = rotations(programmes.in_force(tx).programme)
    if name not in known:
        raise Unknown("rotation", name)
    return known[name]
