"""`isms audit verify` of a million records; and its check of bytes and links alone against fetching and hashing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Connection, update

from bench.table import Line, say, times
from bench.worlds import START, Crowd, crowd, databases
from isms_workflow.domain.records import AuditRecord, GateRecord
from isms_workflow.store import audit, tables
from isms_workflow.store.audit.chain import Batch
from isms_workflow.store.audit.reading import bodies
from isms_workflow.store.bulk import insert_many

SIZE = 1_000_000


def run() -> Iterator[Line]:
    """Seconds of this process's own CPU, because one core is what the goal names."""
    for database in databases():
        say(f"verify on {database}: {SIZE:,} records")
        with crowd(database, 1) as made:
            fill(made)
            whole = _spent(made, _verified)
            links = min(_spent(made, _linked) for _ in range(3))
            bare = min(_spent(made, _hashed) for _ in range(3))
        yield Line(f"audit verify, {database}, 1,000,000 records", f"{whole:.1f} s CPU", "", "", "≤ 15 s")
        yield Line(f"bytes and links vs fetch + SHA-256, {database}", f"{links:.2f} s", f"{bare:.2f} s",
                   times(bare / links), "≥ 0.5 ×")


def fill(made: Crowd) -> None:
    """A believable record a million times."""
    facts = {"gate": "plan", "from": "open", "to": "lapsed", "event": "lapse", "round": 1, "channel": "clock"}
    with made.store.read() as conn:
        seq, head = audit.head(conn)
    while seq < SIZE:
        batch = Batch(seq, head)
        for n in range(20_000):
            at = START + timedelta(seconds=seq + n)
            batch.add(AuditRecord(GateRecord.LAPSED, "clock", at, at, made.cases[0], made.gates[0], facts))
        with made.store.write() as tx:
            insert_many(tx, tables.audit, batch.rows)
            tx.execute(update(tables.audit_head).values(seq=batch.seq, hash=batch.previous))
        seq, head = batch.seq, batch.previous


def _spent(made: Crowd, deed: Callable[[Connection], None]) -> float:
    began = time.process_time()
    with made.store.read() as conn:
        deed(conn)
    return time.process_time() - began


def _verified(conn: Connection) -> None:
    verdict = audit.verify(conn)
    assert verdict.ok, str(verdict)


def _linked(conn: Connection) -> None:
    assert audit.bytes_and_links(conn) is None


def _hashed(conn: Connection) -> None:
    for rows in bodies(conn):
        for (body,) in rows:
            sha256(b"\x00" + body).hexdigest()
