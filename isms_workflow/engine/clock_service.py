"""The clock as a process: sleeps until the earliest deadline, and wakes at once when an earlier one is armed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from isms_workflow.engine import clock
from isms_workflow.engine.watchdog import Jump, jumped
from isms_workflow.errors import IsmsError
from isms_workflow.store.database import Store
from isms_workflow.store.wakes import Waker, waker

log = logging.getLogger(__name__)

TICK = "tick"
AT_ONCE = 10
"""APScheduler drops a run for which it sees too many of its kind, also one that is just ending, and a dropped tick is
a clock that stands still. So it may see several; only one works, and the next waits for it."""

LOST = timedelta(seconds=1)
"""A tick that should have begun so long ago was lost, whatever the reason: another is planned."""


class ClockService:
    """Runs `clock.turn` whenever something falls due, and the hourly housekeeping beside it.

    APScheduler drops a job that is over a second late unless told otherwise: here lateness is no
    reason not to act. It never sleeps over 30 s, because its wait stands still while a machine sleeps.
    """

    def __init__(self, store: Store, now: Callable[[], datetime], hourly: Callable[[datetime], None],
                 on_jump: Callable[[Jump], None]) -> None:
        self._store, self._now, self._hourly, self._on_jump = store, now, hourly, on_jump
        self._planned: datetime | None = None
        self._last = now()
        self._lock, self._working = threading.Lock(), threading.Lock()
        self._stop, self._news = threading.Event(), threading.Event()
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1})

    def run(self, stop: threading.Event) -> None:
        """Works until told to stop; then finishes the batch it is at."""
        self._stop = stop
        self._scheduler.start()
        self._scheduler.add_job(self._look_after, IntervalTrigger(hours=1), next_run_time=self._now())
        self._plan(self._now())
        listener = waker(self._store)
        try:
            while not stop.is_set():
                self._listen(listener)
        finally:
            listener.close()
            self._scheduler.shutdown(wait=True)

    def _listen(self, listener: Waker) -> None:
        try:
            listener.wait(30.0, self._stop)
            self._nudge()
        except IsmsError as error:
            log.error("%s", error, extra={"action": "clock.database_gone"})
            self._stop.wait(1.0)

    def _nudge(self) -> None:
        """Something was committed elsewhere, or half a minute has passed: if there is an earlier deadline, wake earlier."""
        self._news.set()  # before the look at `_working`, so that either we see it end or it sees the news
        if self._working.locked():
            return
        self._news.clear()
        due = clock.earliest(self._store)
        if due is not None:
            self._plan(max(due, self._now()))

    def _tick(self) -> None:
        with self._working:
            self._news.clear()
            self._work()
        if self._news.is_set() and not self._stop.is_set():
            self._guarded(self._nudge)

    def _work(self) -> None:
        """Settles what is due, then sleeps until what is next."""
        now = self._watched()
        with self._lock:
            self._planned = None
        try:
            clock.drain(self._store, self._now, self._stop.wait, lambda: not self._stop.is_set())
            due = clock.earliest(self._store)
        except IsmsError as error:
            log.error("%s", error, extra={"action": "clock.database_gone"})
            due = now + timedelta(seconds=1)
        if not self._stop.is_set():
            self._plan(self._now() + timedelta(seconds=clock.sleep_until(due, self._now())))

    def _plan(self, at: datetime) -> None:
        with self._lock:
            if self._planned is None or at < self._planned or self._planned < self._now() - LOST:
                self._planned = at
                self._scheduler.add_job(self._tick, DateTrigger(at), id=TICK, replace_existing=True,
                                        max_instances=AT_ONCE)

    def _watched(self) -> datetime:
        """The time now; a jump of the computer's clock is told."""
        before, self._last = self._last, self._now()
        found = jumped(before, self._last, self._planned)
        if found:
            log.warning("%s", found, extra={"action": "clock.jumped"})
            self._on_jump(found)
        return self._last

    def _look_after(self) -> None:
        self._guarded(lambda: self._hourly(self._now()))

    def _guarded(self, deed: Callable[[], None]) -> None:
        """What the database can't do now is logged; the next round does it."""
        try:
            deed()
        except IsmsError as error:
            log.error("%s", error, extra={"action": "clock.database_gone"})
