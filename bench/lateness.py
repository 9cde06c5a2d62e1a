"""100 deadlines a second for a minute, by a clock in its own process, while people decide gates."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles

from sqlalchemy import select

from bench.table import Line, milliseconds, say
from bench.worlds import Crowd, crowd, databases
from isms_workflow.domain.rules.gates import Answer
from isms_workflow.domain.times import When
from isms_workflow.engine.commands import gates
from isms_workflow.store import audit, tables
from isms_workflow.store.bulk import insert_many
from isms_workflow.store.database import Store, notify

RATE, SECONDS = 100, 60
DECISIONS = 10
"""A second, by one person after another; the clock knows nothing of them."""

LOOK_S = 0.002
FAR = timedelta(days=400)


def run() -> Iterator[Line]:
    """How late what was carried out was committed, seen from outside; and how long a decision took meanwhile."""
    for database in databases():
        say(f"lateness on {database}: {RATE}/s for {SECONDS} s")
        count = RATE * SECONDS + DECISIONS * (SECONDS + 10)
        with crowd(database, count, datetime.now(UTC) + FAR) as made, clock_process(made.store):
            due = spread(made.store, made.gates[:RATE * SECONDS], RATE)
            decided: list[float] = []
            stop = threading.Event()
            people = threading.Thread(target=_decide, args=(made, made.gates[RATE * SECONDS:], decided, stop))
            people.start()
            late = watch(made.store, due, "gate.lapsed")
            stop.set()
            people.join()
        yield Line(f"lateness, {database}, {RATE}/s for {SECONDS} s: p99", milliseconds(p99(late)),
                   f"median {milliseconds(median(late))}", "", "≤ 50 ms")
        yield Line(f"decision meanwhile, {database}: p99", milliseconds(p99(decided)),
                   f"median {milliseconds(median(decided))}", "", "≤ 150 ms")


@contextmanager
def clock_process(store: Store) -> Iterator[None]:
    """`isms clock` on this database; its hourly round has passed when we begin."""
    with tempfile.TemporaryDirectory(prefix="isms-bench-") as folder:
        url = store.engine.url.render_as_string(hide_password=False)
        process = subprocess.Popen([sys.executable, "-m", "isms_workflow.cli", "clock"], stderr=subprocess.DEVNULL,
                                   env={**os.environ, "ISMS_DATA": folder, "ISMS_DATABASE_URL": url})
        try:
            time.sleep(5)
            yield
        finally:
            process.terminate()
            process.wait(20)


def spread(store: Store, ids: Sequence[str], rate: int) -> dict[str, datetime]:
    """The far deadlines of these subjects fall due one after the other, so many a second, from now on; when each is due."""
    begin = datetime.now(UTC) + timedelta(seconds=3)
    due = {subject: begin + timedelta(seconds=n / rate) for n, subject in enumerate(ids)}
    d = tables.deadlines
    with store.write() as tx:
        rows = tx.execute(select(d).where(d.c.due_at > datetime.now(UTC) + FAR / 2)).mappings().all()
        moved = [{**{str(name): value for name, value in row.items()}, "due_at": due[row["subject_id"]]}
                 for row in rows if row["subject_id"] in due]
        tx.execute(d.delete().where(d.c.settled_at.is_(None)))
        insert_many(tx, d, moved)
        notify(tx)
    return due


def watch(store: Store, due: dict[str, datetime], kind: str, every_s: float = LOOK_S) -> list[float]:
    """Seconds from each due instant to the look that found its record of this kind committed; we look every so often."""
    a, late = tables.audit.c, list[float]()
    with store.read() as conn:
        seen, _ = audit.head(conn)
    until = time.monotonic() + (max(due.values()) - datetime.now(UTC)).total_seconds() + 30
    while len(late) < len(due) and time.monotonic() < until:
        with store.read() as conn:
            rows = conn.execute(select(a.seq, a.subject, a.kind).where(a.seq > seen).order_by(a.seq)).all()
        now = datetime.now(UTC)
        late += [(now - due[row.subject]).total_seconds() for row in rows if row.kind == kind and row.subject in due]
        seen = rows[-1].seq if rows else seen
        time.sleep(every_s)
    return late


def _decide(made: Crowd, ids: Sequence[str], took: list[float], stop: threading.Event) -> None:
    """Top management approves one gate after another: a decision is one command, from its start to its commit."""
    dana = made.world.actor("dana")
    for gate in ids:
        if stop.wait(1 / DECISIONS):
            return
        began = time.perf_counter()
        with made.store.write() as tx:
            gates.decide(tx, gate, None, Answer("approve"), dana, When.at(datetime.now(UTC)))
        took.append(time.perf_counter() - began)


def p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[98]
