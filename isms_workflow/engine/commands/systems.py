"""Commands on the register of systems. Changes of owner are told to both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.people import Actor, Directory
from isms_workflow.domain.plan import Plan
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.rules import systems as rules
from isms_workflow.domain.systems import Draft, folded
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, register
from isms_workflow.engine.commands.common import in_turn
from isms_workflow.engine.writer import write
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import systems as questions
from isms_workflow.store.tables import people


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list of systems; its draft names the owner by mail address."""

    number: int
    draft: Draft


def add(tx: Transaction, draft: Draft, actor: Actor, when: When) -> str:
    """A system comes into the register; returns its id. Raises `NotPermitted`, `NotYours`, `Wrong`."""
    in_turn(tx)
    system = new_id()
    write(tx, [rules.add(_taken(tx), offices.directory(tx, when.noticed), system, draft, actor, when)], when.noticed)
    return system


def change(tx: Transaction, system: str, changes: Mapping[str, Any], seen: int | None, actor: Actor, when: When) -> None:
    """What the register says of a system, field by field; those that aren't named stay.

    Raises `Unknown`, `NotPermitted`, `NotYours`, `Moved`, `NotAllowed`, `Wrong`.
    """
    in_turn(tx)
    entry = register.entry(register.row(tx, system))
    plan = rules.change(_taken(tx), offices.directory(tx, when.noticed), entry, changes, seen, actor, when)
    write(tx, [plan], when.noticed)


def retire(tx: Transaction, system: str, reason: str, seen: int | None, actor: Actor, when: When) -> None:
    """A system is out of use; it stays for what refers to it. Raises as `change`, and `ReasonNeeded`."""
    in_turn(tx)
    entry = register.entry(register.row(tx, system))
    write(tx, [rules.retire(offices.directory(tx, when.noticed), entry, reason, seen, actor, when)], when.noticed)


def add_all(tx: Transaction, lines: Sequence[Line], field: str, actor: Actor, when: When) -> int:
    """Every system of a list, or none; each owner has one mail. Returns how many.

    Raises `NotPermitted`, `NotYours`, and `Wrong` about `field` of the form, naming the line and what would be right.
    """
    in_turn(tx)
    directory, taken, plans = offices.directory(tx, when.noticed), _taken(tx), []
    rules.require_keeper(directory, actor, "add to")
    addresses: dict[str, str] = {row.address: row.id for row in tx.execute(
        select(func.lower(people.c.email).label("address"), people.c.id).where(people.c.email.is_not(None)))}
    owned: dict[str, list[str]] = {}
    for line in lines:
        system = new_id()
        try:
            draft = _with_owner(line.draft, addresses)
            plans.append(replace(rules.add(taken, directory, system, draft, actor, when), send=()))
        except Wrong as wrong:
            place = f"line {line.number}: {line.draft.name or '(no name)'}"
            raise Wrong(field, place, f"its {wrong.field} {wrong.value!r}: {wrong.right}") from None
        taken[folded(draft.name)] = system
        owned.setdefault(draft.owner, []).append(system)
    send = [rules.told(systems, 1, None, owner, actor, when) for owner, systems in owned.items()]
    write(tx, [*plans, Plan(send=tuple(message for each in send for message in each))], when.noticed)
    return len(plans)


def settle(tx: Transaction, directory: Directory, when: When) -> Plan:
    """For a change of people, with the directory as it is after it: systems whose owner has left change hands.

    Writes nothing: the plan is written with the change.
    """
    entries = [register.entry(row) for row in tx.execute(questions.in_use())]
    return rules.settle(directory, entries, when)


def _with_owner(draft: Draft, addresses: Mapping[str, str]) -> Draft:
    if draft.owner.lower() not in addresses:
        raise Wrong("owner", draft.owner, "the mail address of somebody with an account")
    return replace(draft, owner=addresses[draft.owner.lower()])


def _taken(tx: Transaction) -> dict[str, str]:
    return {row.folded: row.id for row in tx.execute(questions.names_in_use())}
