"""Commands on being on call: somebody covers, and gives it back; turns are taken in another order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.rules import on_call as rules
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, programmes
from isms_workflow.engine.commands.common import in_turn
from isms_workflow.engine.writer import write
from isms_workflow.programme.model import Rotation
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import on_call as questions


def override(tx: Transaction, rotation: str, person: str, starts: datetime, ends: datetime, reason: str, actor: Actor,
             when: When) -> str:
    """Somebody is on call between two instants; returns its id. Raises `Unknown`, `NotYours`, `Wrong`, `ReasonNeeded`."""
    in_turn(tx)  # of two at one time the second finds the first
    plan, made = rules.override(_rotation(tx, rotation), offices.directory(tx, when.noticed), person, starts, ends, reason,
                                actor, when)
    write(tx, [plan], when.noticed)
    return made


def give_back(tx: Transaction, override: str, actor: Actor, when: When) -> None:
    """An override ends now, whether it has begun or not. Raises `Unknown` if it has ended, `NotYours`."""
    in_turn(tx)
    directory = offices.directory(tx, when.noticed)
    found = next((each for each in directory.overrides if each.id == override), None)
    if found is None:
        raise Unknown("cover that goes on", override)
    plan = rules.give_back(_rotation(tx, found.rotation), directory, found, actor, when)
    tx.execute(questions.returned(override, when.happened))
    write(tx, [plan], when.noticed)


def order(tx: Transaction, row: str, people: Sequence[str], actor: Actor, when: When) -> None:
    """In which order people take turns in a row, which is a rotation's id, or that and a layer's (`first_line/weekend`).

    Raises `Unknown`, `NotYours`, `Wrong`.
    """
    in_turn(tx)  # of two at one time the second replaces the first
    rotation = _rotation(tx, row.partition("/")[0])
    found = next((each for each in rotation.rows if each.id == row), None)
    if found is None:
        raise Unknown("layer", row)
    write(tx, [rules.order(found, offices.directory(tx, when.noticed), people, actor, when)], when.noticed)


def move(tx: Transaction, row: str, person: str, places: int, actor: Actor, when: When) -> None:
    """Somebody takes their turn so many places later, or earlier if that is below 0. Raises as `order`."""
    in_turn(tx)
    rotation = _rotation(tx, row.partition("/")[0])
    found = next((each for each in rotation.rows if each.id == row), None)
    people = list(rules.in_order(found, offices.directory(tx, when.noticed), when.noticed)) if found else []
    if person not in people:
        raise Unknown("person who takes turns", person)
    at = people.index(person)
    people.insert(min(max(at + places, 0), len(people) - 1), people.pop(at))
    order(tx, row, people, actor, when)


def _rotation(tx: Transaction, name: str) -> Rotation:
    known = programmes.in_force(tx).programme.on_call
    if name not in known:
        raise Unknown("rotation", name)
    return known[name]
