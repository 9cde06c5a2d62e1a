"""Rows by the fewest statements, at the driver's own speed: a decision writes into ten tables, a batch hundreds of rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Column, Dialect, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from isms_workflow.domain.refusals import Moved
from isms_workflow.store.database import Transaction

SEEN = "seen"
KEYS = ("id", SEEN)
POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]  # for its names of types

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


@dataclass(frozen=True, slots=True)
class Moves:
    """Rows of a table that become others if they are still the ones that were read (compare-and-set).

    Each names its `id`, the version that was `seen`, and what it becomes; all the same columns, and each row once.
    """

    table: Table
    rows: Sequence[Mapping[str, Any]]


def insert_many(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]], unless: str = "") -> None:
    """Inserts rows into one table; as `write_all`."""
    write_all(tx, (Rows(table, rows, unless),))


def write_all(tx: Transaction, groups: Iterable[Rows | Moves]) -> None:
    """Writes rows of several tables; those that others refer to come first.

    SQLAlchemy prepares each value of each row by itself, which costs more than the databases do. Here SQLite gets an
    executemany a table, and PostgreSQL everything by one statement, each table's rows as one document. Raises `Moved` if a
    row isn't the one that was read; the transaction is to be given up then.
    """
    some = [each for each in groups if each.rows]
    if not some:
        return
    moves = [each for each in some if isinstance(each, Moves)]
    if tx.dialect.name == "sqlite":
        with _driver(tx) as cursor:
            for each in some:
                _written(cursor, each, tx.dialect)
    else:
        done = tx.exec_driver_sql(_all(tuple(map(_form, some))), tuple(value for each in some for value in _document(each)))
        if moves and done.scalar_one() != sum(len(each.rows) for each in moves):
            raise _moved(moves[0])


@contextmanager
def _driver(tx: Transaction) -> Iterator[sqlite3.Cursor]:
    """SQLite's own cursor: for a row or two SQLAlchemy takes longer than SQLite. What it refuses is raised as SQLAlchemy's."""
    connection = tx.connection.driver_connection
    assert isinstance(connection, sqlite3.Connection)
    try:
        with closing(connection.cursor()) as cursor:
            yield cursor
    except sqlite3.Error as error:
        raise DBAPIError.instance(None, None, error, sqlite3.Error, dialect=tx.dialect) from error


def _written(cursor: sqlite3.Cursor, each: Rows | Moves, dialect: Dialect) -> None:
    names = tuple(each.rows[0])
    bound = _bound(each.table, names, each.rows, dialect)
    if isinstance(each, Rows):
        cursor.executemany(_each(each.table, names, each.unless, each.become), bound)
    else:
        cursor.executemany(_each_move(each.table, names), bound)
        if cursor.rowcount != len(each.rows):
            raise _moved(each)


def _moved(found: Moves) -> Moved:
    first = found.rows[0]
    return Moved(f"{found.table.name.removesuffix('s')} {first['id']}", first["seen"], None)


def _bound(table: Table, names: tuple[str, ...], rows: Sequence[Mapping[str, Any]],
           dialect: Dialect) -> list[tuple[Any, ...]]:
    binds = _binds(table, names, dialect)
    if len(rows) == 1:
        (row,) = rows
        return [tuple(row[name] if bind is None else bind(row[name]) for name, bind in zip(names, binds, strict=True))]
    columns = [[row[name] for row in rows] if bind is None else _prepared([row[name] for row in rows], bind)
               for name, bind in zip(names, binds, strict=True)]
    return list(zip(*columns, strict=True))


@lru_cache
def _binds(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[Bind | None, ...]:
    return tuple(_column(table, name).type.dialect_impl(dialect).bind_processor(dialect) for name in names)


def _column(table: Table, name: str) -> Column[Any]:
    """A row's column; what was `seen` is a version."""
    found: Column[Any] = table.c["version" if name == SEEN else name]
    return found


def _prepared(values: list[Any], bind: Bind) -> list[Any]:
    """Each value as the driver takes it; one that stands in many rows, as a batch's instant does, is prepared once."""
    try:
        done = {value: bind(value) for value in set(values)}
    except TypeError:  # documents, which can't be told apart by a hash
        return [bind(value) for value in values]
    return [done[value] for value in values]


def _document(each: Rows | Moves) -> tuple[str | int, ...]:
    """The rows; of those that move how many, since PostgreSQL guesses a hundred and would look through all that are there."""
    rows = orjson.dumps(each.rows, default=_plain).decode()
    return (rows,) if isinstance(each, Rows) else (rows, len(each.rows))


def _plain(value: Any) -> Any:
    """Bytes as PostgreSQL writes them, and documents that aren't plain; instants and the rest need no help."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in a document")


Form = tuple[Table, tuple[str, ...], str | None, tuple[str, ...]]
"""A table, the columns that are named, and what comes of a row that is there already; None: it is to be there."""


def _form(each: Rows | Moves) -> Form:
    return (each.table, tuple(each.rows[0]), *((each.unless, each.become) if isinstance(each, Rows) else (None, ())))


@lru_cache
def _each(table: Table, names: tuple[str, ...], unless: str, become: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {table.name} ({listed(names)}) VALUES ({marks}){_there(unless, become)}"  # noqa: S608  # our own names


@lru_cache
def _each_move(table: Table, names: tuple[str, ...]) -> str:
    """Numbered, as the names stand in the rows."""
    place = {name: f"?{number}" for number, name in enumerate(names, start=1)}
    sets = ", ".join(f'"{name}" = {place[name]}' for name in names if name not in KEYS)
    return f"UPDATE {table.name} SET {sets} WHERE id = {place['id']} AND version = {place[SEEN]}"  # noqa: S608  # our own names


@lru_cache
def _all(forms: tuple[Form, ...]) -> str:
    """Each table's rows as a part of one statement, which tells how many rows moved; what refers to what is checked at its end."""
    parts = [_insert(table, names, unless, become) if unless is not None else _move(table, names)
             for table, names, unless, become in forms]
    moving = [number for number, form in enumerate(forms) if form[2] is None]
    if not moving:
        *parts, last = parts
    else:
        last = "SELECT " + " + ".join(f"(SELECT count(*) FROM part{number})" for number in moving)  # noqa: S608  # our own names
    before = ", ".join(f"part{number} AS ({each})" for number, each in enumerate(parts))
    return f"WITH {before} {last}" if before else last


def _insert(table: Table, names: tuple[str, ...], unless: str, become: tuple[str, ...]) -> str:
    columns = listed(names)
    rows = f"json_populate_recordset(NULL::{table.name}, %s::json)"
    return f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {rows}{_there(unless, become)}"  # noqa: S608  # our own names


def _move(table: Table, names: tuple[str, ...]) -> str:
    types = ", ".join(f'"{name}" {_column(table, name).type.compile(POSTGRESQL)}' for name in names)
    sets = ", ".join(f'"{name}" = new."{name}"' for name in names if name not in KEYS)
    new = f"SELECT * FROM json_to_recordset(%s::json) AS document({types}) LIMIT %s"  # noqa: S608  # our own names
    return (f"UPDATE {table.name} SET {sets} FROM ({new}) AS new "  # noqa: S608  # our own names
            f"WHERE {table.name}.id = new.id AND {table.name}.version = new.{SEEN} RETURNING 1")


def listed(names: Iterable[str]) -> str:
    """Columns as SQL has them, also those whose names are its own words."""
    return ", ".join(f'"{name}"' for name in names)


def _there(unless: str, become: Iterable[str]) -> str:
    if not unless:
        return ""
    sets = ", ".join(f'"{name}" = excluded."{name}"' for name in become)
    return f" ON CONFLICT ({unless}) DO {f'UPDATE SET {sets}' if sets else 'NOTHING'}"
