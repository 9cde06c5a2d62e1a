"""Streaming the chain out of the database: raw tuples in batches, because a million rows are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

BATCH = 2_000
"""Rows fetched at a time; larger ones were no quicker."""

INSTANT = {
    "sqlite": "CASE WHEN typeof({0}) = 'text' AND substr({0}, 11, 1) = ' ' THEN replace({0}, ' ', 'T') || 'Z' "
              "ELSE quote({0}) END",  # whatever else stands there equals no instant
    "postgresql": """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
}
"""An instant's column as `times.iso` writes it, by dialect."""

Row = tuple[Any, ...]


def stream(conn: Connection, sql: str) -> Iterator[Sequence[Row]]:
    """The rows of a query in batches, never all in memory, past everything that costs time a row."""
    if conn.dialect.name == "sqlite":
        cursor = conn.connection.cursor()
    else:  # a named cursor stays on the server; binary, or every byte of a body travels as two
        cursor = conn.connection.driver_connection.cursor(name="isms_audit", binary=True)  # type: ignore[union-attr]
    try:
        cursor.execute(sql)
        while rows := cursor.fetchmany(BATCH):
            yield rows
    finally:
        cursor.close()


@contextmanager
def any_text(conn: Connection) -> Iterator[None]:
    """Within it SQLite's text reads whatever its bytes are; what isn't UTF-8 becomes text that equals no other.

    PostgreSQL stores no such text.
    """
    raw: Any = conn.connection.driver_connection
    if conn.dialect.name != "sqlite":
        yield
        return
    before, raw.text_factory = raw.text_factory, lambda stored: stored.decode(errors="surrogateescape")
    try:
        yield
    finally:
        raw.text_factory = before


def records(conn: Connection) -> Iterator[Sequence[Row]]:
    """seq, body, hash, kind, case, subject, actor, happened, noticed: in the chain's order, instants as text."""
    happened, noticed = (INSTANT[conn.dialect.name].format(name) for name in ("happened_at", "noticed_at"))
    return stream(conn, "SELECT seq, body, hash, kind, case_id, subject, actor, "  # noqa: S608 - our own names
                        f"{happened}, {noticed} FROM audit ORDER BY seq")


def bodies(conn: Connection) -> Iterator[Sequence[Row]]:
    """The stored bytes alone, in the chain's order."""
    return stream(conn, "SELECT body FROM audit ORDER BY seq")
