"""Rows by the fewest statements, at the driver's own speed: a decision writes into ten tables, a batch hundreds of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Dialect, Table

from isms_workflow.store.database import Transaction

Bind = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows for a table that all name the same columns.

    One whose key `unless` is there already is left out, or, where `become` names columns, gives the row that is there these.
    """

    table: Table
    rows: Sequence[Mapping[str, Any]]
    unless: str = ""
    become: tuple[str, ...] = ()


def insert_many(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], unless: str = "") -> None:
    """Inserts rows into one table; as `insert_all`."""
    insert_all(tx, (Rows(table, rows, unless),))


def insert_all(tx: Transaction, groups: Iterable[Rows]) -> None:
    """Inserts rows of several tables; those that others refer to come first.

    SQLAlchemy prepares each value of each row by itself, which costs more than the databases do. Here SQLite gets an
    executemany a table, and PostgreSQL everything by one statement, each table's rows as one document.
    """
    some = [each for each in groups if each.rows]
    if not some:
        return
    if tx.dialect.name == "sqlite":
        for each in some:
            names = tuple(each.rows[0])
            tx.exec_driver_sql(_each(each.table, names, each.unless, each.become), _bound(each.table, names, each.rows, tx.dialect))
    else:
        forms = tuple((each.table, tuple(each.rows[0]), each.unless, each.become) for each in some)
        tx.exec_driver_sql(_all(forms), tuple(orjson.dumps(each.rows, default=_plain).decode() for each in some))


def _bound(table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]],
           dialect: Dialect) -> list[tuple[Any, ...]]:
    columns = [[row[name] for row in rows] if bind is None else _prepared([row[name] for row in rows], bind)
               for name, bind in zip(names, _binds(table, names, dialect), strict=True)]
    return list(zip(*columns, strict=True))


@lru_cache
def _binds(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[Bind | None, ...]:
    return tuple(table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)


def _prepared(values: list[Any], bind: Bind) -> list[Any]:
    """Each value as the driver takes it; one that stands in many rows, as a batch's instant does, is prepared once."""
    try:
        done = {value: bind(value) for value in set(values)}
    except TypeError:  # documents, which can't be told apart by a hash
        return [bind(value) for value in values]
    return [done[value] for value in values]


def _plain(value: Any) -> Any:
    """Bytes as PostgreSQL writes them, and documents that aren't plain; instants and the rest need no help."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in a document")


Form = tuple[Table, tuple[str, ...], str, tuple[str, ...]]
"""A table, the columns that are named, and what comes of a row that is there already."""


@lru_cache
def _each(table: Table, names: tuple[str, ...], unless: str, become: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({listed(names)}) VALUES ({marks}){_there(unless, become)}"  # noqa: S608  # our own names


@lru_cache
def _all(forms: tuple[Form, ...]) -> str:
    """Each table's insert, all but the last as parts of the last; what refers to what is checked when all are in."""
    *before, last = (_documents(*form) for form in forms)
    parts = ", ".join(f"part{number} AS ({each})" for number, each in enumerate(before))
    return f"WITH {parts} {last}" if parts else last


def _documents(table: Table, names: tuple[str, ...], unless: str, become: tuple[str, ...]) -> str:
    columns = listed(names)
    rows = f"json_populate_recordset(NULL::{table.name}, %s::json)"
    return f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {rows}{_there(unless, become)}"  # noqa: S608  # our own names


def listed(names: Iterable[str]) -> str:
    """Columns as SQL has them, also those whose names are its own words."""
    return ", ".join(f'"{name}"' for name in names)


def _there(unless: str, become: Iterable[str]) -> str:
    if not unless:
        return ""
    sets = ", ".join(f'"{name}" = excluded."{name}"' for name in become)
    return f" ON CONFLICT ({unless}) DO {f'UPDATE SET {sets}' if sets else 'NOTHING'}"
