"""Many rows by one statement, at the driver's own speed: for what writes hundreds of rows in a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Dialect, Table

from isms_workflow.store.database import Transaction

Bind = Callable[[Any], Any]


def insert_many(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], unless: str | None = None) -> None:
    """Inserts rows that all name the same columns; one whose key `unless` is there already is left out.

    SQLAlchemy prepares each value of each row by itself, which costs more than the databases do. Here
    SQLite gets an executemany, and PostgreSQL all rows as one document.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql(_each(table, names, unless), _bound(table, names, rows, tx.dialect))
    else:
        tx.exec_driver_sql(_all(table, names, unless), (orjson.dumps(rows, default=_plain).decode(),))


def _bound(table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]],
           dialect: Dialect) -> list[tuple[Any, ...]]:
    binds = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    columns = [[row[name] for row in rows] if bind is None else _prepared([row[name] for row in rows], bind)
               for name, bind in zip(names, binds, strict=True)]
    return list(zip(*columns, strict=True))


def _prepared(values: list[Any], bind: Bind) -> list[Any]:
    """Each value as the driver takes it; one that stands in many rows, as a batch's instant does, is prepared once."""
    try:
        done = {value: bind(value) for value in set(values)}
    except TypeError:  # documents, which can't be told apart by a hash
        return [bind(value) for value in values]
    return [done[value] for value in values]


def _plain(value: Any) -> str:
    """Bytes as PostgreSQL writes them; instants and the rest need no help."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"{type(value).__name__} has no form in a document")


@lru_cache
def _each(table: Table, names: tuple[str, ...], unless: str | None) -> str:
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks}){_left_out(unless)}"  # noqa: S608  # our own names


@lru_cache
def _all(table: Table, names: tuple[str, ...], unless: str | None) -> str:
    columns = ", ".join(names)
    rows = f"json_populate_recordset(NULL::{table.name}, %s::json)"
    return f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {rows}{_left_out(unless)}"  # noqa: S608  # our own names


def _left_out(unless: str | None) -> str:
    return f" ON CONFLICT ({unless}) DO NOTHING" if unless else ""
