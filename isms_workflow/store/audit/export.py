"""The chain as JSON Lines that anybody can verify without us; `docs/verify_chain.py` does, in forty lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from isms_workflow.store.audit.chain import FORMAT, head
from isms_workflow.store.audit.checkpoints import stored_checkpoints
from isms_workflow.store.audit.reading import stream
from isms_workflow.store.tables import audit_private

NAME = "isms-audit"
"""What the first line says the file is."""


def export(conn: Connection, include_private: bool = False) -> Iterator[str]:
    """The lines, each with its line end: a header, every record as stored, every checkpoint.

    Streams. `include_private` adds the values beside the chain with their salts, so that a reader can compare them
    with their commitments; names and free text then leave the system. Call it within one read transaction.
    """
    size, last = head(conn)
    yield _line({"export": NAME, "format": FORMAT, "size": size, "head": last, "private": include_private})
    for rows in stream(conn, "SELECT seq, hash, body FROM audit ORDER BY seq"):
        beside = _private(conn, rows[0][0], rows[-1][0]) if include_private else {}
        for seq, stored, body in rows:
            record = {"seq": seq, "hash": stored, "body": body.decode()}
            yield _line(record | ({"private": beside[seq]} if seq in beside else {}))
    for checkpoint in stored_checkpoints(conn):
        yield _line({"checkpoint": json.loads(checkpoint.text())})


def _private(conn: Connection, first: int, last: int) -> Mapping[int, Mapping[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    for row in conn.execute(select(audit_private).where(audit_private.c.seq.between(first, last))):
        found.setdefault(row.seq, {})[row.field] = None if row.erased_at else {"salt": row.salt, "value": row.value}
    return found


def _line(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
