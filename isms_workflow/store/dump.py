"""The database's rows as JSON Lines that either database can take back.

Columns are read off the database itself, not off this release's tables, so that a backup can be made just before
an upgrade, and one of an earlier release can be restored.
"""

from __future__ import annotations

import json
import warnings
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    DateTime,
    Insert,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SAWarning

from isms_workflow.domain.times import from_iso, iso

BATCH = 1_000
"""Rows read or written at a time."""


def tables(conn: Connection) -> list[Table]:
    """Every table of ours as it is in the database, those referred to first."""
    found = MetaData()
    with warnings.catch_warnings():  # SQLite can't tell of indexes on expressions, and rows don't need them
        warnings.simplefilter("ignore", SAWarning)
        found.reflect(conn)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def rows(conn: Connection, table: Table) -> Iterator[str]:
    """A table's rows in the order of its key, a line each: columns by name, instants as text, bytes in base 64."""
    columns = [cast(c, Text).label(c.name) if _is_json(c) else c for c in table.columns]  # as it is, null or 'null'
    question = select(*columns).order_by(*table.primary_key.columns)
    names = [c.name for c in table.columns]
    for part in conn.execute(question, execution_options={"stream_results": True}).partitions(BATCH):
        for row in part:
            yield json.dumps(dict(zip(names, map(_plain, row), strict=True)), ensure_ascii=False) + "\n"


def load(conn: Connection, table: Table, lines: Iterable[str]) -> int:
    """Puts a table's rows back in place of what a new schema comes with; how many."""
    conn.execute(delete(table))
    own = [c for c in table.columns for key in c.foreign_keys if key.column.table is table]
    into, left = _insert(conn, table), iter(lines)
    later: list[dict[str, Any]] = []
    count = 0
    while batch := [json.loads(line) for line in islice(left, BATCH)]:
        count += len(batch)
        for row in batch:
            later += [{"k": _key(table, row), "column": c.name, "v": row[c.name]} for c in own if row[c.name]]
            row.update({c.name: None for c in own})  # rows of one table may refer to a later one
        conn.execute(into, [{f"v_{c.name}": _value(c, row[c.name]) for c in table.columns} for row in batch])
    _refer(conn, table, later)
    return count


def _refer(conn: Connection, table: Table, later: Sequence[dict[str, Any]]) -> None:
    (key, *_) = table.primary_key.columns
    for name in sorted({each["column"] for each in later}):
        conn.execute(update(table).where(key == bindparam("k")).values({name: bindparam("v")}),
                     [{"k": each["k"], "v": each["v"]} for each in later if each["column"] == name])


def _insert(conn: Connection, table: Table) -> Insert:
    def value(column: Column[Any]) -> Any:
        if not _is_json(column):
            return bindparam(f"v_{column.name}", type_=column.type)
        text = bindparam(f"v_{column.name}", type_=Text())
        return text if conn.dialect.name == "sqlite" else cast(text, JSON)  # SQLite would make a number of it

    return insert(table).values({c.name: value(c) for c in table.columns})


def _key(table: Table, row: dict[str, Any]) -> Any:
    (key, *_) = table.primary_key.columns
    return row[key.name]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value if value.tzinfo else value.replace(tzinfo=UTC))  # SQLite's text is UTC by `Instant`'s promise
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return b64encode(value).decode()
    return value


def _value(column: Column[Any], plain: Any) -> Any:
    if plain is None:
        return None
    if isinstance(column.type, DateTime):
        instant = from_iso(plain)
        return instant if column.type.timezone else instant.replace(tzinfo=None)
    if isinstance(column.type, Date):
        return date.fromisoformat(plain)
    return b64decode(plain) if isinstance(column.type, LargeBinary) else plain


def _is_json(column: Column[Any]) -> bool:
    return isinstance(column.type, JSON)
