"""Whether everything that should be at work is: heartbeats, lateness, what waits, and what Prefect last said."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection

from isms_workflow.engine import watchdog
from isms_workflow.engine.pings import TROUBLE
from isms_workflow.engine.watchdog import Finding
from isms_workflow.errors import IsmsError
from isms_workflow.store import schema
from isms_workflow.store.database import Store
from isms_workflow.store.statements import housekeeping as questions
from isms_workflow.store.statements import outbox as outbox_questions

log = logging.getLogger(__name__)

BEAT = timedelta(seconds=10)
SILENT = timedelta(seconds=35)
"""Three beats missed, and some."""

FORGOTTEN = timedelta(days=1)
"""A process that hasn't been seen for so long is not expected back."""

LATE = timedelta(seconds=60)
"""How long a message may wait before the health page calls its channel late: a deliverer takes milliseconds."""

NEEDED = ("clock", "deliverer")
"""The services without which the work stops; the portal answers the question itself, Prefect may be away."""

TROUBLES = {"maildir": "maildir_trouble", "imap": "imap_trouble"}
"""By kind of a mailbox that reports come from: what a deliverer's beat calls its trouble, while there is one."""

SCHEDULE = "schedule"
"""The name under which the runs that Prefect schedules leave their beat."""


@dataclass(frozen=True, slots=True)
class Service:
    """A process that was seen; `facts` is what it says of itself."""

    name: str
    process: str
    started_at: datetime
    seen_at: datetime
    facts: Mapping[str, Any]
    alive: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A channel of the outbox: what waits since when, and since when its service can't be reached, and why."""

    channel: str
    count: int
    since: datetime | None
    failing_since: datetime | None
    error: str
    dead: int


@dataclass(frozen=True, slots=True)
class Health:
    """Everything that the health page, `isms doctor` and the hourly look are made from."""

    at: datetime
    services: tuple[Service, ...]
    channels: tuple[Waiting, ...]
    findings: tuple[Finding, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The needed services of which no process lives."""
        alive = {each.name for each in self.services if each.alive}
        return tuple(name for name in NEEDED if name not in alive)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong, in sentences; nothing on a healthy system."""
        return (
            *(f"No {name} is running: start `isms up`, or `isms {COMMANDS[name]}`." for name in self.missing),
            *(f"The channel {c.channel} can't be reached since {c.failing_since:%Y-%m-%d %H:%M} UTC: {c.error}"
              for c in self.channels if c.failing_since),
            *(f"{c.count} messages wait for the channel {c.channel}, the oldest since {c.since:%Y-%m-%d %H:%M} UTC."
              for c in self.channels if c.since and c.since < self.at - LATE and not c.failing_since),
            *(f"{c.dead} messages of the channel {c.channel} were refused: see `isms outbox dead`."
              for c in self.channels if c.dead),
            *(f"The heartbeat address fails: {each}." for each in sorted(
                {str(s.facts[TROUBLE]) for s in self.services if s.alive and s.facts.get(TROUBLE)})),
            *(f"The report mailbox ({kind}) can't be used: {each}" for kind, fact in TROUBLES.items() for each in sorted(
                {str(s.facts[fact]) for s in self.services if s.alive and s.facts.get(fact)})),
            *(f"{each}." for each in self.findings),
        )

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.troubles


COMMANDS = {"clock": "clock", "deliverer": "deliver"}


def look(conn: Connection, now: datetime) -> Health:
    """How things are at this instant. Reads only; asks nobody over the network."""
    return Health(now, tuple(services(conn, now)), tuple(_channels(conn, now)), tuple(watchdog.look(conn, now)))


def services(conn: Connection, now: datetime) -> list[Service]:
    """The processes that live, by name; of a name that nobody lives under, those that were seen within a day."""
    seen = [Service(row.name, row.process, row.started_at, row.seen_at, row.facts, row.seen_at >= now - SILENT)
            for row in conn.execute(questions.beating())
            if row.name != SCHEDULE and row.seen_at >= now - FORGOTTEN]
    living = {each.name for each in seen if each.alive}
    return [each for each in seen if each.alive or each.name not in living]


def _channels(conn: Connection, now: datetime) -> list[Waiting]:
    waiting = {row[0]: (row[1], row[2]) for row in conn.execute(outbox_questions.tally(now))}
    failing = {row.name: row for row in conn.execute(outbox_questions.channels_known())}
    dead = {row[0]: row[1] for row in conn.execute(outbox_questions.dead_tally())}
    found = []
    for name in sorted({"mail", "prefect"} | waiting.keys() | failing.keys() | dead.keys()):
        count, since = waiting.get(name, (0, None))
        state = failing.get(name)
        found.append(Waiting(name, count, since, state.failing_since if state else None,
                             (state.error if state else "") or "", dead.get(name, 0)))
    return found


def beat(store: Store, name: str, process: str, started_at: datetime, now: datetime, facts: Mapping[str, Any]) -> None:
    """Write down that a process lives, and what it says of itself."""
    row = {"name": name, "process": process, "started_at": started_at, "seen_at": now, "facts": dict(facts)}
    with store.write() as tx:
        tx.execute(questions.beat(tx.dialect.name), row)


def this_process() -> str:
    """How this process is told from others: its computer and number."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


class Heart:
    """Beats every ten seconds in a thread of its own: `with Heart(store, "clock", utc_now):`.

    On leaving, the beat is taken back: a service that was stopped isn't missing. `facts` may be changed
    while it beats. If a later release takes over the database, which this one may not work beside, `stop`
    is set and `refusal` says so.
    """

    def __init__(self, store: Store, name: str, now: Callable[[], datetime], stop: threading.Event) -> None:
        self.facts: dict[str, Any] = {}
        self.refusal: IsmsError | None = None
        self._may_end = stop
        self._store, self._name, self._now = store, name, now
        self._started, self._process = now(), this_process()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        try:
            with self._store.write() as tx:
                tx.execute(questions.silence(self._name, self._process))
        except IsmsError as gone:
            log.warning("The last beat couldn't be taken back: %s", gone, extra={"action": "heart.missed"})

    def _run(self) -> None:
        while True:
            try:
                self._ask_leave()
                beat(self._store, self._name, self._process, self._started, self._now(), dict(self.facts))
            except IsmsError as gone:
                log.warning("A beat was missed: %s", gone, extra={"action": "heart.missed"})
            if self._stop.wait(BEAT.total_seconds()):
                return

    def _ask_leave(self) -> None:
        """Whether this release may still work on the database."""
        with self._store.read() as conn:
            try:
                schema.check(conn)
            except (schema.SchemaTooNew, schema.SchemaTooOld) as refusal:
                log.error("%s", refusal, extra={"action": "service.refused"})
                self.refusal = refusal
                self._may_end.set()
