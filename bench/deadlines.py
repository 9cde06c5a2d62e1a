"""10,000 deadlines due at once: a state change, an audit record and a mail each; how many a second."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from sqlalchemy import select, update

from bench.table import Line, rate, say, times
from bench.worlds import DUE, crowd, databases
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.times import iso
from isms_workflow.engine import clock
from isms_workflow.store import audit, tables
from isms_workflow.store.database import Store

SIZE = 10_000
NOW = DUE + timedelta(seconds=1)
BATCH = 500
ROUNDS = 3
"""In turn; the best of each side counts, because whatever else the machine does only takes away."""



def run() -> Iterator[Line]:
    """Ours against raw SQL and APScheduler's store, on each database."""
    for database in databases():
        say(f"deadlines on {database}: {SIZE:,} at once")
        pairs = [(raw_sql(database), our_clock(database)) for _ in range(ROUNDS)]
        raw, ours = max(raw for raw, _ in pairs), max(ours for _, ours in pairs)
        yield Line(f"deadlines, {database}, raw batched SQL", rate(ours), rate(raw), times(ours / raw), "≥ 0.33 ×")
        for what, job in (("jobs that write the same", write), ("jobs that do nothing", nothing)):
            aps = apscheduler(database, job)
            yield Line(f"deadlines, {database}, APScheduler store, {what}", rate(ours), rate(aps), times(ours / aps),
                       "≥ 10 ×")


def our_clock(database: str) -> float:
    """The clock's own loop, its breath between batches included."""
    with crowd(database, SIZE) as made:
        began = time.perf_counter()
        clock.drain(made.store, lambda: NOW)
        took = time.perf_counter() - began
        with made.store.read() as conn:
            left = conn.execute(select(tables.gates.c.id).where(tables.gates.c.state == "open").limit(1)).first()
        assert left is None, "every gate has lapsed"
    return SIZE / took


def raw_sql(database: str) -> float:
    """The same rows by the database's own driver, 500 a transaction, with nothing decided or checked."""
    with crowd(database, SIZE) as made:
        rows = _due(made.store)
        with made.store.read() as conn:
            seq, head = audit.head(conn)
        began = time.perf_counter()
        for start in range(0, SIZE, BATCH):
            head = _raw_batch(made.store, rows[start:start + BATCH], seq + start, head)
            time.sleep(clock.BREATH)
        return SIZE / (time.perf_counter() - began)


class Due(NamedTuple):
    """A due deadline."""

    id: str
    case_id: str
    subject_id: str


def _due(store: Store) -> list[Due]:
    d = tables.deadlines.c
    with store.read() as conn:
        return [Due(*row) for row in conn.execute(select(d.id, d.case_id, d.subject_id).where(d.event == "lapse"))]


def _raw_batch(store: Store, rows: list[Due], last: int, head: str) -> str:
    """Deadline fired, gate lapsed, case woken, the next deadline armed, transition, messages, record: as the clock's."""
    at, noticed = iso(DUE), iso(NOW)
    values: dict[str, list[tuple[Any, ...]]] = {"fired": [], "gate": [], "case": [], "arm": [], "moved": [], "out": [],
                                                "audit": []}
    for seq, row in enumerate(rows, start=last + 1):
        body = _body(row, seq, at, noticed, head)
        head = sha256(b"\x00" + body).hexdigest()
        values["fired"].append((noticed, noticed, row.id))
        values["gate"].append((at, row.subject_id))
        values["case"].append((row.case_id,))
        values["arm"].append((new_id(), row.case_id, row.subject_id, at, at))
        values["moved"].append((new_id(), row.case_id, row.subject_id, at, noticed, seq))
        values["out"] += [(new_id(), f"{name}:{row.id}", row.case_id, channel, "{}", noticed, noticed)
                          for name, channel in (("mail", "mail"), ("wake", "prefect"))]
        values["audit"].append((seq, row.case_id, row.subject_id, at, noticed, body, head))
    with store.write() as tx:
        mark = "?" if store.is_sqlite else "%s"
        for name, statement in STATEMENTS.items():
            cursor = tx.connection.cursor()
            cursor.executemany(statement.replace("?", mark), values[name])
            cursor.close()
        tx.execute(update(tables.audit_head).values(seq=last + len(rows), hash=head))
    return head


def _body(row: Due, seq: int, at: str, noticed: str, head: str) -> bytes:
    return json.dumps({"format": 1, "seq": seq, "kind": "gate.lapsed", "actor": "clock", "case": row.case_id,
                       "subject": row.subject_id, "happened": at, "noticed": noticed,
                       "data": {"gate": "plan", "from": "open", "to": "lapsed", "event": "lapse", "round": 1},
                       "private": {}, "prev": head}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


STATEMENTS = {
    "fired": "UPDATE deadlines SET settled_at=?, noticed_at=?, outcome='fired' WHERE id=? AND settled_at IS NULL",
    "gate": "UPDATE gates SET state='lapsed', closed_at=?, version=version+1 WHERE id=? AND version=1",
    "case": "UPDATE cases SET wake_wanted=wake_wanted+1 WHERE id=?",
    "arm": "INSERT INTO deadlines (id, case_id, subject, subject_id, event, ladder, level, repeat, due_at, armed_at) "
           "VALUES (?, ?, 'gate', ?, 'ladder', 'waiting', 0, 0, ?, ?)",
    "moved": "INSERT INTO transitions (id, case_id, subject, subject_id, event, from_state, to_state, actor, "
             "happened_at, noticed_at, audit_seq) VALUES (?, ?, 'gate', ?, 'lapse', 'open', 'lapsed', 'clock', ?, ?, ?)",
    "out": "INSERT INTO outbox (id, key, case_id, channel, payload, queued_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    "audit": "INSERT INTO audit (seq, kind, case_id, subject, actor, happened_at, noticed_at, body, hash) "
             "VALUES (?, 'gate.lapsed', ?, ?, 'clock', ?, ?, ?, ?)",
}


class Jobs:
    """What APScheduler's jobs share: the database, the chain's head, and a count of those carried out."""

    store: Store
    head: tuple[int, str]
    lock = threading.Lock()
    done = threading.Semaphore(0)


Job = Callable[[tuple[str, str, str]], None]


def nothing(_row: tuple[str, str, str]) -> None:
    """One job, for what the store alone costs."""
    Jobs.done.release()


def write(row: tuple[str, str, str]) -> None:
    """One job: the same rows as ours, in a transaction of its own, as a job store runs them."""
    with Jobs.lock:
        seq, head = Jobs.head
        Jobs.head = seq + 1, _raw_batch(Jobs.store, [Due(*row)], seq, head)
    Jobs.done.release()


def apscheduler(database: str, job: Job) -> float:
    """Jobs in APScheduler's SQLAlchemyJobStore, all due: each carried out, then taken out by a commit of its own."""
    with crowd(database, SIZE) as made:
        scheduler = BackgroundScheduler(
            timezone="UTC", jobstores={"default": SQLAlchemyJobStore(engine=made.store.engine)},
            job_defaults={"misfire_grace_time": None})
        scheduler.start(paused=True)
        at = datetime.now(UTC) - timedelta(seconds=1)
        for row in _due(made.store):
            scheduler.add_job(job, DateTrigger(at), args=[tuple(row)])
        with made.store.read() as conn:
            Jobs.store, Jobs.head = made.store, audit.head(conn)
        began = time.perf_counter()
        scheduler.resume()
        for _ in range(SIZE):
            Jobs.done.acquire()
        took = time.perf_counter() - began
        scheduler.shutdown()
    return SIZE / took
