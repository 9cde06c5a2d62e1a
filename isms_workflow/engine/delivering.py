"""The deliverer as a process: one thread a channel, and one that keeps Prefect knowing what it should."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from isms_workflow.domain.effects import EffectError, Unreachable
from isms_workflow.engine import clock, deliverer
from isms_workflow.engine.deliverer import Channel
from isms_workflow.engine.healing import Runs, heal_all
from isms_workflow.errors import IsmsError
from isms_workflow.store.database import Store
from isms_workflow.store.wakes import Waker, waker

log = logging.getLogger(__name__)

AGAIN_S = 0.2
"""How soon we look again at messages that another deliverer holds."""

AFTER_ERROR_S = 1.0
ROUND_S = 15.0
"""How often every case with work to do is looked at, though nothing asked for it: four rounds a minute, so that
whatever was lost goes on within one."""

REACH_S = 1.0
"""How often a Prefect server that can't be reached is asked again."""

REACHABLE = "reachable"
START_S = 120.0
"""How long Prefect may take to start before its absence is an outage that somebody is told about."""


class Bridge(Protocol):
    """What keeping Prefect in the know takes; `engine.prefect.gateway.PrefectGateway` answers."""

    def ensure_registered(self) -> None:
        """Makes the server know deployments and schedules; changes nothing that stands."""

    def has_scheduled_runs(self, now: datetime) -> bool:
        """Whether its scheduler works."""


class Prefect(Bridge, Runs, Protocol):
    """The whole of it."""


def serve(store: Store, channels: Sequence[Channel], now: Callable[[], datetime], stop: threading.Event) -> None:
    """Carries effects out, each channel in a thread of its own, until told to stop; then ends its batches."""
    threads = [threading.Thread(target=serve_channel, args=(store, each, now, stop), name=each.name)
               for each in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def look_for_lost_ways(store: Store, known: Sequence[str], now: Callable[[], datetime], stop: threading.Event) -> None:
    """What waits for a way that the settings name no more goes by mail: looked for every 15 s, until told to stop."""
    while True:
        try:
            deliverer.no_such_ways(store, known, now())
        except IsmsError as error:
            log.error("%s", error, extra={"action": "deliverer.database_gone"})
        if stop.wait(ROUND_S):
            return


def serve_channel(store: Store, channel: Channel, now: Callable[[], datetime], stop: threading.Event) -> None:
    """One channel's loop: sleeps until its next message, and wakes at once when one is queued.

    Nothing that goes wrong ends it: what the database or a message does is logged, and tried again.
    """
    listener = waker(store)
    try:
        while not stop.is_set():
            try:
                _look_once(store, channel, listener, now, stop)
            except IsmsError as error:
                log.error("%s", error, extra={"action": "deliverer.database_gone"})
                stop.wait(AFTER_ERROR_S)
            except Exception:
                log.exception("Channel %s failed.", channel.name, extra={"action": "deliverer.failed"})
                stop.wait(AFTER_ERROR_S)
    finally:
        listener.close()


def _look_once(store: Store, channel: Channel, listener: Waker, now: Callable[[], datetime],
               stop: threading.Event) -> None:
    """Carries out what is due, or sleeps. Looking costs no write lock, so that many commits are no load."""
    due = deliverer.earliest(store, channel.name)
    if due is None or due > now():
        listener.wait(clock.sleep_until(due, now()), stop)
    elif deliverer.turn(store, channel, now()):
        stop.wait(clock.BREATH)
    else:
        stop.wait(AGAIN_S)


def keep_in_touch(store: Store, prefect: Prefect, now: Callable[[], datetime], facts: dict[str, Any],
                  reached: threading.Event, stop: threading.Event) -> None:
    """Registers at the start and whenever the server is reached again, and heals every 15 s, until told to stop.

    What heals Prefect must not need Prefect. `facts` says how it went, for the health page; `reached` is
    set at the first success, or when it has taken so long that its absence is an outage.
    """
    patience, known = START_S, False
    while not stop.is_set():
        known, pause = _round(store, prefect, now, facts, known)
        patience -= pause
        if facts.get("prefect") == REACHABLE or patience < 0:
            reached.set()
        stop.wait(pause)


def _round(store: Store, prefect: Prefect, now: Callable[[], datetime], facts: dict[str, Any],
           known: bool) -> tuple[bool, float]:
    """Whether the server knows our deployments now, and the seconds until the next round.

    One that has nothing scheduled was emptied, or its scheduler is broken: it is told again.
    """
    try:
        if not known:
            prefect.ensure_registered()
        busy = heal_all(store, prefect, now())
        scheduled = prefect.has_scheduled_runs(now())
    except Unreachable as outage:
        facts |= {"prefect": str(outage), "scheduled": False}
        return False, REACH_S
    except (EffectError, IsmsError) as error:
        log.error("%s", error, extra={"action": "prefect.not_kept_in_touch"})
        facts |= {"prefect": str(error)}
        return known, ROUND_S
    facts |= {"prefect": REACHABLE, "scheduled": scheduled, "busy": busy}
    return scheduled, ROUND_S
