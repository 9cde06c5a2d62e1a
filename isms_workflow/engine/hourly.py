"""What the clock looks after every hour by itself, because it must not need Prefect."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from isms_workflow.domain.times import When
from isms_workflow.engine import accesslog, health, notices, on_call, outbox, planned, watchdog
from isms_workflow.engine.commands.people import end_accounts
from isms_workflow.engine.health import SCHEDULE
from isms_workflow.engine.watchdog import Finding, Jump
from isms_workflow.errors import IsmsError
from isms_workflow.store.database import Store
from isms_workflow.store.statements import housekeeping as questions

log = logging.getLogger(__name__)

EXPECTED = {
    "planned-starts": timedelta(hours=1),   # asks every five minutes
    "reconciliation": timedelta(hours=1),   # every minute
    "digest": timedelta(hours=2, minutes=30),        # every hour
    "nightly-verification": timedelta(hours=26),
}
"""How long each of Prefect's schedules may be silent before somebody is told."""


def look_after(store: Store, up_since: datetime, now: datetime) -> None:
    """The clock's hourly round: planned starts, silent schedules, accounts that end, when nobody will be on call,
    the watchdog, the access log.

    `up_since` is when this clock started: a schedule is missed only if it was silent while we watched. Each part is
    done whatever another raised; one that failed is logged, and done an hour later.
    """
    missed: list[str] = []
    parts: dict[str, Callable[[], object]] = {
        "planned starts": lambda: missed.extend(_start(store, up_since, now)),
        "schedules": lambda: _tell_of_schedules(store, missed, up_since, now),
        "accounts that end": lambda: _end_accounts(store, now),
        "gaps in being on call": lambda: on_call.tell_of_gaps(store, now),
        "watchdog": lambda: _watch(store, now),
        "access log": lambda: accesslog.seal(store, now),
    }
    for name, part in parts.items():
        try:
            part()
        except IsmsError as error:
            log.error("The hourly round's part %s failed: %s", name, error, extra={"action": "hourly.part_failed"})
        except Exception:
            log.exception("The hourly round's part %s failed.", name, extra={"action": "hourly.part_failed"})


def _start(store: Store, up_since: datetime, now: datetime) -> list[str]:
    """Carries out the planned starts; those that Prefect should have carried out while we watched."""
    return [f"planned start {each.start.schedule} of {each.start.at:%Y-%m-%d %H:%M} UTC"
            for each in planned.start(store, now) if up_since < each.start.at < now - timedelta(minutes=15)]


def _tell_of_schedules(store: Store, missed: list[str], up_since: datetime, now: datetime) -> None:
    silent = [f"{name}: schedule paused or missing" for name in silent_schedules(store, up_since, now)]
    if missed or silent:
        tell(store, "schedule_missing", "; ".join([*missed, *silent]), now)


def _end_accounts(store: Store, now: datetime) -> None:
    with store.write() as tx:
        end_accounts(tx, When.at(now))


def _watch(store: Store, now: datetime) -> None:
    with store.read() as conn:
        found = watchdog.look(conn, now)
    if found:
        tell(store, "watchdog", in_short(found), now)


def silent_schedules(store: Store, up_since: datetime, now: datetime) -> list[str]:
    """The schedules that Prefect should have run while we watched, and didn't."""
    with store.read() as conn:
        seen = {row.process: row.seen_at for row in conn.execute(questions.beating()) if row.name == SCHEDULE}
    return [name for name, patience in EXPECTED.items()
            if max(seen.get(name, up_since), up_since) < now - patience]


def asked(store: Store, schedule: str, now: datetime) -> None:
    """Prefect ran one of its schedules: remember that it did."""
    health.beat(store, SCHEDULE, schedule, now, now, {})


def jumped(store: Store, jump: Jump, now: datetime) -> None:
    """Tell the operators that the computer's clock moved by itself."""
    tell(store, "clock_jump", str(jump).rstrip("."), now, occasion=f"{jump.before:%Y%m%d%H%M%S}")


def tell(store: Store, trouble: str, what: str, now: datetime, occasion: str = "", error: str = "") -> None:
    """A notice to the operators, once a day and occasion: what goes on all day isn't told every hour."""
    about = {"what": what[:500], "error": error[:2000]}
    with store.write() as tx:
        key = f"{trouble}:{now:%Y%m%d}:{occasion}"[:120]
        outbox.put(tx, notices.to_operators(tx, trouble, key, about, now), now)


def in_short(found: list[Finding]) -> str:
    """The findings by sort, without naming cases: who operates the system may not see every one."""
    return "; ".join(f"{count} × {what}" for what, count in Counter(each.what for each in found).items())
