"""The clock as it runs: it never stands still, however closely deadlines follow one another."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import insert, select

from isms_workflow.domain.ids import new_id
from isms_workflow.engine.clock_service import ClockService
from isms_workflow.engine.context import utc_now
from isms_workflow.store.database import Store, notify
from isms_workflow.store.tables import deadlines
from tests.world import World

PATIENCE_S = 30


@contextmanager
def running(store: Store) -> Iterator[None]:
    """A clock in a thread, on real time, with nothing to do every hour."""
    stop = threading.Event()
    thread = threading.Thread(target=ClockService(store, utc_now, lambda _: None, lambda _: None).run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)


def arm(world: World, count: int, apart: timedelta) -> None:
    """So many reminders of the cycle's start, one after the other from now on."""
    begin = utc_now() + timedelta(milliseconds=700)
    with world.store.write() as tx:
        tx.execute(deadlines.delete())
        tx.execute(insert(deadlines), [
            {"id": new_id(), "case_id": world.case, "subject": "case", "subject_id": new_id(), "event": "resume",
             "repeat": 0, "due_at": begin + number * apart, "armed_at": begin} for number in range(count)])
        notify(tx)


def left(store: Store) -> int:
    """How many the clock hasn't come to; that these have nothing to resume and are set aside doesn't matter here."""
    with store.read() as conn:
        return len(conn.execute(select(deadlines.c.id).where(deadlines.c.settled_at.is_(None))).all())


def test_deadlines_that_follow_closely_are_all_taken(both: World) -> None:
    """A tick that plans the next one while it ends must not be dropped for it: the clock would stand still."""
    both.open_cycle()
    arm(both, 100, timedelta(milliseconds=20))
    with running(both.store):
        until = time.monotonic() + PATIENCE_S
        while left(both.store) and time.monotonic() < until:
            time.sleep(0.05)
    assert left(both.store) == 0


def test_a_tick_that_was_lost_is_planned_again(both: World) -> None:
    """Whatever took it: the next news, or half a minute, brings the clock back."""
    both.open_cycle()
    clock = ClockService(both.store, utc_now, lambda _: None, lambda _: None)
    clock._planned = utc_now() - timedelta(seconds=5)  # as if its job had been dropped
    arm(both, 1, timedelta(0))
    stop = threading.Event()
    thread = threading.Thread(target=clock.run, args=(stop,))
    thread.start()
    until = time.monotonic() + PATIENCE_S
    while left(both.store) and time.monotonic() < until:
        time.sleep(0.05)
    stop.set()
    thread.join(PATIENCE_S)
    assert left(both.store) == 0
