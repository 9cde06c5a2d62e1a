"""One clock tick with a million armed deadlines, none due, against one with a thousand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from statistics import median

from sqlalchemy import text

from bench.table import Line, milliseconds, say, times
from bench.worlds import DUE, START, Crowd, crowd, databases
from isms_workflow.domain.ids import new_id
from isms_workflow.engine import clock
from isms_workflow.store import tables
from isms_workflow.store.bulk import insert_many

SMALL, LARGE, TICKS = 1_000, 1_000_000, 1_000
NOW = START + timedelta(hours=1)


def run() -> Iterator[Line]:
    """Both sizes side by side, tick by tick in turn."""
    for database in databases():
        say(f"idle tick on {database}: {LARGE:,} armed deadlines")
        with ExitStack() as stack:
            few, many = (stack.enter_context(crowd(database, 1)) for _ in range(2))
            arm(few, SMALL)
            arm(many, LARGE)
            settle_in(few, many)
            took: dict[int, list[float]] = {SMALL: [], LARGE: []}
            for _ in range(TICKS):
                took[SMALL].append(tick(few))
                took[LARGE].append(tick(many))
        ours, other = median(took[LARGE]), median(took[SMALL])
        yield Line(f"idle tick, {database}, 1,000,000 armed vs 1,000", milliseconds(ours), milliseconds(other),
                   times(ours / other), "≤ 1.2 ×")


def settle_in(*crowds: Crowd) -> None:
    """PostgreSQL's statistics, which its own housekeeping would make within a minute."""
    for made in crowds:
        if not made.store.is_sqlite:
            with made.store.write() as tx:
                tx.execute(text("ANALYZE"))


def tick(made: Crowd) -> float:
    """What the clock does when it wakes for nothing: is something due, and when is the next."""
    began = time.perf_counter()
    assert not clock.turn(made.store, NOW)
    assert clock.earliest(made.store) is not None
    return time.perf_counter() - began


def arm(made: Crowd, count: int) -> None:
    """So many deadlines, a second apart."""
    for start in range(0, count, 20_000):
        rows = [{"id": new_id(), "case_id": made.cases[0], "subject": "step", "subject_id": new_id(), "event": "ladder",
                 "ladder": "step", "level": 0, "repeat": 0, "due_at": DUE + timedelta(seconds=n), "armed_at": START}
                for n in range(start, min(start + 20_000, count))]
        with made.store.write() as tx:
            insert_many(tx, tables.deadlines, rows)
