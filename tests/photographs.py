"""A database as it was once, put into another one of its sort at a fraction of what it cost to come about."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from isms_workflow.store.database import Store
from isms_workflow.store.tables import metadata

_photographs: dict[str, tuple[Any, dict[str, str]]] = {}


def develop(store: Store, begin: Callable[[], dict[str, str]]) -> dict[str, str]:
    """What `begin` makes of an empty store, and what it answers: made the first time, copied from then on."""
    sort = store.engine.dialect.name
    if sort not in _photographs:
        said = begin()
        _photographs[sort] = (_of_file if store.is_sqlite else _of_server)(store), said
        return dict(said)
    taken, said = _photographs[sort]
    (_into_file if store.is_sqlite else _into_server)(store, taken)
    return dict(said)


def _of_file(store: Store) -> sqlite3.Connection:
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with store.engine.connect() as conn:
        conn.connection.driver_connection.backup(kept)  # type: ignore[union-attr]
    return kept


def _into_file(store: Store, taken: sqlite3.Connection) -> None:
    with store.engine.connect() as conn:
        taken.backup(conn.connection.driver_connection)  # type: ignore[arg-type]


def _of_server(store: Store) -> list[tuple[str, bytes]]:
    found = []
    with store.engine.connect() as conn:
        cursor = conn.connection.cursor()
        for table in metadata.sorted_tables:
            with cursor.copy(f"COPY {table.name} TO STDOUT") as rows:
                if data := b"".join(bytes(each) for each in rows):
                    found.append((table.name, data))
    return found


def _into_server(store: Store, taken: list[tuple[str, bytes]]) -> None:
    with store.engine.begin() as conn:
        cursor = conn.connection.cursor()
        cursor.execute("DELETE FROM audit_head; DELETE FROM schema_info; DELETE FROM machine_states")
        for name, data in taken:
            with cursor.copy(f"COPY {name} FROM STDIN") as rows:
                rows.write(data)
