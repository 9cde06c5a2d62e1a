"""The chain as JSON Lines that anybody can verify without us; `docs/verify_chain.py` does, in forty lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from isms_workflow.store.audit.chain import FORMAT, NOTHING
from isms_workflow.store.audit.checkpoints import stored_checkpoints
from isms_workflow.store.audit.reading import any_text, stream
from isms_workflow.store.tables import audit_head, audit_private

NAME = "isms-audit"
"""What the first line says the file is."""


def export(conn: Connection, include_private: bool = False) -> Iterator[str]:
    """The lines, each with its line end: a header, every record as stored, every checkpoint.

    Streams. `include_private` adds the values beside the chain with their salts, so that a reader can compare them
    with their commitments; names and free text then leave the system. Call it within one read transaction.
    """
    with any_text(conn):  # a history that somebody broke is exported too, for whoever examines it
        ends = conn.execute(select(audit_head.c.seq, audit_head.c.hash)).first()
        size, last = ends or (0, NOTHING)
        yield _line({"export": NAME, "format": FORMAT, "size": size, "head": last, "private": include_private})
        for rows in stream(conn, "SELECT seq, hash, body FROM audit ORDER BY seq"):
            beside = _private(conn, rows[0][0], rows[-1][0]) if include_private else {}
            for seq, stored, body in rows:
                record = {"seq": seq, "hash": stored, "body": _readable(body)}
                yield _line(record | ({"private": beside[seq]} if seq in beside else {}))
        for checkpoint in stored_checkpoints(conn):
            yield _line({"checkpoint": json.loads(checkpoint.text())})


def _private(conn: Connection, first: int, last: int) -> Mapping[int, Mapping[str, Any]]:
    kept = audit_private.c
    found: dict[int, dict[str, Any]] = {}
    for row in conn.execute(select(kept.seq, kept.field, kept.salt, kept.value).where(kept.seq.between(first, last))):
        content = None if row.value is None else {"salt": row.salt, "value": row.value}
        found.setdefault(row.seq, {})[_readable(row.field)] = content
    return found


def _readable(stored: Any) -> str:
    """The text of stored bytes; of anything that isn't UTF-8, something that has another hash."""
    return stored.decode(errors="replace") if isinstance(stored, bytes) else str(stored)


def _line(content: Mapping[str, Any]) -> str:
    """One line; text that was no UTF-8 stands escaped, which JSON allows."""
    line = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_readable)
    return line.encode(errors="backslashreplace").decode() + "\n"
