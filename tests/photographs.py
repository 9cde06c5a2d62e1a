"""A database as it was once, put into another one of its sort at a fraction of what it cost to come about."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Table

from isms_workflow.store.database import Store
from isms_workflow.store.tables import metadata
from tests.databases import EMPTY, UNTOUCHED, UNTOUCHED_FILE

_taken: dict[tuple[str, str, str], tuple[Any, Any]] = {}


def once(store: Store, name: str, deed: Callable[[], Any]) -> Any:
    """What the deed answers, and what it makes of the database: done the first time, copied from then on.

    Whoever names a photograph sees to it that the rows were the same before the deed each time; one whose schema or
    states are others is another photograph.
    """
    with store.read() as conn:
        schema: str = conn.execute(UNTOUCHED_FILE if store.is_sqlite else UNTOUCHED).scalar_one()
    key = (store.engine.dialect.name, name, schema)
    if key not in _taken:
        said = deed()
        _taken[key] = _file(store) if store.is_sqlite else _server(store), said
        return said
    taken, said = _taken[key]
    (_into_file if store.is_sqlite else _into_server)(store, taken)
    return said


@contextmanager
def _driver(store: Store) -> Iterator[Any]:
    """The driver's own connection; what it did is committed in the end."""
    with store.engine.connect() as conn:
        yield conn.connection.driver_connection
        conn.connection.commit()


def _file(store: Store) -> sqlite3.Connection:
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    with _driver(store) as database:
        database.backup(kept)
    return kept


def _into_file(store: Store, taken: sqlite3.Connection) -> None:
    with _driver(store) as database:
        taken.backup(database)


def _server(store: Store) -> list[tuple[str, bytes]]:
    with _driver(store) as database, database.cursor() as cursor:
        return [(table.name, data) for table in metadata.sorted_tables if (data := _out(cursor, table))]


def _out(cursor: Any, table: Table) -> bytes:
    key = ", ".join(table.primary_key.columns.keys())  # the history is taken in its order alone
    with cursor.copy(f"COPY (SELECT * FROM {table.name} ORDER BY {key}) TO STDOUT") as rows:
        return b"".join(bytes(each) for each in rows)


def _into_server(store: Store, taken: list[tuple[str, bytes]]) -> None:
    with store.write() as tx:
        tx.execute(EMPTY)
    with _driver(store) as database, database.cursor() as cursor:
        cursor.execute("DELETE FROM audit_head; DELETE FROM schema_info; DELETE FROM machine_states; "
                       "DELETE FROM directory_version")
        for name, data in taken:
            with cursor.copy(f"COPY {name} FROM STDIN") as rows:
                rows.write(data)
