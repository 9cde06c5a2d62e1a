"""The access log: every attempt, granted or denied, in a table of its own; an hour's digest is chained."""

from __future__ import annotations

import hashlib
import json
import logging
import queue
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Literal, Self

from sqlalchemy import Connection

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.machine import ENGINE
from isms_workflow.domain.records import AuditRecord, ChainRecord, Scalar
from isms_workflow.domain.times import iso
from isms_workflow.store import audit
from isms_workflow.store.audit.chain import locked_head
from isms_workflow.store.bulk import insert_many
from isms_workflow.store.database import DatabaseGone, Store
from isms_workflow.store.statements import accounts as statements
from isms_workflow.store.tables import accesses

log = logging.getLogger(__name__)

GROUP = 200
PAUSE = 1.0  # seconds
BACKLOG = 20_000
"""Rows that wait in memory while the database is away; a few megabytes."""

HOUR = timedelta(hours=1)
GRACE = timedelta(minutes=5)
"""An hour is sealed so long after its end: its last groups have been written by then."""

KEPT = timedelta(days=400)
"""A certification body looks back one audit cycle of a year; and a month over."""

PURGED_AT_ONCE = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Access:
    """One attempt: who (None: nobody signed in), what, on which resource, when, and whether it was let."""

    at: datetime
    person: str | None
    action: str
    resource: str
    outcome: Literal["GRANTED", "DENIED"]

    def row(self) -> dict[str, Any]:
        """As the table takes it now: ids in the order of writing; what a stranger made up is cut to width.

        Nor does it hold what PostgreSQL refuses (U+0000, lone surrogates): one such row would cost its whole group.
        """
        resource = self.resource[:200]
        if not resource.isprintable():
            resource = "".join(c if c.isprintable() else "\ufffd" for c in resource)
        return {"id": new_id(), "at": self.at, "person": self.person, "action": self.action[:10], "resource": resource,
                "outcome": self.outcome}


class AccessLog:
    """Takes attempts from any thread. What was granted is written in groups by a thread of its own.

    `with AccessLog(store) as log:` starts and ends that thread; on leaving, what waits is written.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: queue.Queue[Access] = queue.Queue(BACKLOG)
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="accesslog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._wake.set()
        self._thread.join()

    def record(self, access: Access) -> None:
        """Keep an attempt: a denied one before this returns, a granted one within a second or so.

        Never raises for the database's sake, for the answer to the person stands either way; what can't
        be written is told in the process's log. Not to be called within a write transaction.
        """
        if access.outcome == "DENIED":
            self._write([access], last_try=True)
            return
        try:
            self._waiting.put_nowait(access)
        except queue.Full:
            _lost([access], f"{BACKLOG} rows wait already")
        if self._waiting.qsize() >= GROUP:
            self._wake.set()

    def _run(self) -> None:
        """Write a group every second, or when one is full; on closing, all that waits in one last try.

        A group that the database can't take now is tried again; one that it refuses, or that it still
        can't take when we close, is told in the process's log with every row.
        """
        group: list[Access] = []
        while not self._closing:
            group = group or self._take(GROUP)
            if group and self._write(group, last_try=False):
                group = []
            if group or self._waiting.qsize() < GROUP:
                self._wake.wait(PAUSE)
                self._wake.clear()
        if group := group + self._take(BACKLOG):
            self._write(group, last_try=True)

    def _take(self, limit: int) -> list[Access]:
        return [self._waiting.get_nowait() for _ in range(min(limit, self._waiting.qsize()))]

    def _write(self, group: list[Access], last_try: bool) -> bool:
        """Whether the group is done with: written, or lost and told. False: try again."""
        try:
            with self._store.write() as tx:
                insert_many(tx, accesses, [access.row() for access in group])
        except DatabaseGone as gone:
            if not last_try:
                return False
            _lost(group, str(gone))
        except Exception as error:  # noqa: BLE001 - a thread that died here would lose the rest in silence
            _lost(group, str(error))
        return True


def _lost(group: list[Access], reason: str) -> None:
    log.error("%d accesses are not in the access log (%s): %s", len(group), reason, group,
              extra={"action": "accesslog.lost"})


def seal(store: Store, now: datetime) -> int:
    """Chain one digest for each hour that saw an access and ended over five minutes ago; how many.

    Any number of processes may call it: an hour is sealed once. Called hourly.
    """
    sealed = 0
    while (hour := _unsealed(store, now)) and _seal_hour(store, *hour, now):
        sealed += 1
    return sealed


def _unsealed(store: Store, now: datetime) -> tuple[datetime | None, datetime] | None:
    """The end of the last sealed hour, and the start of the next that can be sealed."""
    with store.read() as conn:
        last = conn.execute(statements.last_seal()).scalar_one_or_none()
        first = conn.execute(statements.first_access_from(last or EPOCH)).scalar_one()
    if first is None or _hour_of(first) + HOUR + GRACE > now:
        return None
    return last, _hour_of(first)


def _seal_hour(store: Store, last: datetime | None, start: datetime, now: datetime) -> bool:
    """False if another process was quicker. The rows are read before the chain's head is locked."""
    with store.read() as conn:
        count, found = _digest(conn.execute(statements.accesses_between(start, start + HOUR)))
    facts: dict[str, Scalar] = {
        "from": iso(start), "until": iso(start + HOUR), "count": count, "digest": found,
    }
    with store.write() as tx:
        locked_head(tx)
        if tx.execute(statements.last_seal()).scalar_one_or_none() != last:
            return False
        audit.append(tx, [AuditRecord(ChainRecord.ACCESSES, ENGINE, start + HOUR, now, data=facts)])
    return True


def damaged(conn: Connection, now: datetime) -> list[datetime]:
    """The sealed hours, by their start, whose rows are no longer those that were sealed.

    Rows that came after the seal stand behind those it covers and don't count; hours old enough to be
    purged aren't looked at.
    """
    found = []
    for end, body in conn.execute(statements.seals_after(_hour_of(now - KEPT) + HOUR)).all():
        facts = json.loads(body)["data"]
        rows = conn.execute(statements.accesses_between(end - HOUR, end, facts["count"]))
        if _digest(rows) != (facts["count"], facts["digest"]):
            found.append(end - HOUR)
    return found


def purge(store: Store, now: datetime) -> int:
    """Delete whole hours that ended over 400 days ago, a batch at a time; how many rows that were."""
    before, purged = _hour_of(now - KEPT), 0
    while True:
        with store.write() as tx:
            batch = tx.execute(statements.purge_accesses(before, PURGED_AT_ONCE)).rowcount
        purged += batch
        if batch < PURGED_AT_ONCE:
            return purged
        time.sleep(0.005)  # others write meanwhile


def _digest(rows: Iterable[Any]) -> tuple[int, str]:
    """How many rows, and the SHA-256 over a line of JSON each: id, at, person, action, resource, outcome."""
    count, running = 0, hashlib.sha256()
    for row in rows:
        line = [row.id, iso(row.at), row.person, row.action, row.resource, row.outcome]
        running.update(json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
        count += 1
    return count, running.hexdigest()


def _hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)
