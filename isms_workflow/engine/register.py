"""Reading the register of systems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.systems import Entry, System, folded
from isms_workflow.store.statements import among
from isms_workflow.store.statements import systems as questions


def system(row: Any) -> System:
    """A system from its row."""
    return System(row.id, row.name, row.owner, row.confidentiality, row.integrity, row.availability, frozenset(row.data))


def entry(row: Any) -> Entry:
    """All that the register says of it, from its row."""
    return Entry(system(row), row.description, row.version, row.retired_at is not None)


def in_use(conn: Connection) -> tuple[System, ...]:
    """What isn't retired, by name: what one can choose from."""
    return tuple(system(row) for row in conn.execute(questions.in_use()))


def by_ids(conn: Connection, ids: Iterable[str]) -> dict[str, System]:
    """These systems, retired ones too; one that isn't there is left out."""
    return {row.id: system(row) for row in conn.execute(questions.found(), among.ids(ids))}


def named(conn: Connection, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The ids of the systems in use that have these names, however they are written, and the names that none has."""
    known = dict(conn.execute(questions.names_in_use()).tuples().all())
    asked = [name for name in dict.fromkeys(names) if name.strip()]
    return ([known[folded(name)] for name in asked if folded(name) in known],
            [name for name in asked if folded(name) not in known])


def row(conn: Connection, system: str) -> Any:
    """The row of one system. Raises `Unknown`."""
    found = conn.execute(questions.found(), among.ids((system,))).first()
    if found is None:
        raise Unknown("system", system)
    return found
