"""Finds what must never be: due deadlines that nobody took, waits without an end, a clock that jumped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from isms_workflow.domain.duties import REMIND, event_of
from isms_workflow.domain.rules.ladder import LATE
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.store.statements import deadlines as questions
from isms_workflow.store.statements import obligations as obligation_questions
from isms_workflow.store.tables import cases

JUMP = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that isn't as it must be: what, and where."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.what}: {self.where}"


@dataclass(frozen=True, slots=True)
class Jump:
    """The computer's clock moved by itself."""

    before: datetime
    after: datetime

    def __str__(self) -> str:
        way = "back" if self.after < self.before else "ahead"
        return (f"The computer's clock jumped {way} from {self.before:%Y-%m-%d %H:%M:%S} to "
                f"{self.after:%Y-%m-%d %H:%M:%S} UTC. What was due stays due; look at its time service.")


def look(conn: Connection, now: datetime) -> list[Finding]:
    """Everything that is wrong now; nothing, on a healthy system (invariant 6)."""
    return [*overdue(conn, now), *_endless(conn, now), *_unread(conn, now), *_failed(conn)]


def overdue(conn: Connection, now: datetime) -> list[Finding]:
    """Whether something that is due is untaken: then nobody should believe that all is well."""
    count, since = conn.execute(questions.overdue(now - LATE)).one()
    if not count:
        return []
    return [Finding("due deadlines that no clock took", f"{count}, the oldest due {since:%Y-%m-%d %H:%M:%S} UTC; "
                                                        "is `isms clock` running?")]


def _endless(conn: Connection, now: datetime) -> list[Finding]:
    found = [Finding("open step without an armed deadline", f"{r.reference} {r.key}")
             for r in conn.execute(questions.endless_steps())]
    found += [Finding("waiting gate without an armed deadline", f"{r.reference} {r.name}")
              for r in conn.execute(questions.endless_gates())]
    found += [Finding("running report without an armed deadline", f"{view.case.reference} {name}")
              for view in _incidents(conn, now) for name in unarmed(view)]
    return found + [Finding(f"{r.state} case without an armed deadline", r.reference)
                    for r in conn.execute(questions.endless_cases())]


def _incidents(conn: Connection, now: datetime) -> Iterable[CaseView]:
    """Those about which anything of reports was said: without that none runs."""
    ids = list(conn.execute(obligation_questions.told_of()).scalars())
    return reading.views(conn, ids, now).values() if ids else ()


def unarmed(view: CaseView) -> list[str]:
    """The reports of an open incident that run, and of which nobody would be reminded."""
    if view.duties is None or view.case.closed_at is not None:
        return []
    armed = {each.event for each in view.duties.clocks if each.is_armed}
    return [each.obligation.id for each in view.duties.running if event_of(REMIND, each.obligation.id) not in armed]


def _unread(conn: Connection, now: datetime) -> list[Finding]:
    rows = conn.execute(select(cases.c.reference, cases.c.wake_at).where(
        cases.c.wake_wanted > cases.c.wake_seen, cases.c.wake_at < now - timedelta(minutes=10)))
    return [Finding("a flow has not read its case's last change", f"{r.reference}, since {r.wake_at:%Y-%m-%d %H:%M} "
                                                                  "UTC; are Prefect's server and worker running?")
            for r in rows]


def _failed(conn: Connection) -> list[Finding]:
    return [Finding("deadline set aside", f"{r.id} ({r.event}): {r.error}") for r in conn.execute(questions.failed())]


def jumped(before: datetime, after: datetime, planned: datetime | None) -> Jump | None:
    """Whether the clock moved by over 60 s: back, or ahead past the instant at which we meant to wake."""
    expected = max(before, planned) if planned else before + timedelta(seconds=30)
    if after < before - JUMP or after > expected + JUMP:
        return Jump(before, after)
    return None
