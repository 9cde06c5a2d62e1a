"""Planned starts are ours: computed from the programme, in the organisation's zone, each instant handled once.

The flow that Prefect schedules only calls `start`; the clock calls it hourly too, and tells the operator
if Prefect didn't.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from isms_workflow.domain.calendars import planned
from isms_workflow.domain.people import Actor
from isms_workflow.domain.times import When
from isms_workflow.engine import programmes
from isms_workflow.engine.commands import cases
from isms_workflow.programme.model import Schedule
from isms_workflow.store.database import Store, Transaction
from isms_workflow.store.statements import cases as case_questions
from isms_workflow.store.statements import housekeeping as questions

AGENT = Actor("engine", "schedule")

OPENERS: Mapping[str, Callable[[Transaction, Actor, When], str]] = {"pdca": cases.open_cycle}
"""How a case of each kind that has schedules is opened."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A start that the programme planned for an instant, UTC; `schedule` is its kind and id."""

    schedule: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a planned start: `skipped` if a case of its kind was open already."""

    start: Planned
    outcome: Literal["started", "skipped"]
    case: str | None = None


def pending(conn: Connection, now: datetime) -> list[Planned]:
    """The planned starts that have come and nobody handled, earliest first; none before set-up."""
    if conn.execute(case_questions.programme_in_force()).scalar() is None:
        return []
    known = programmes.in_force(conn)
    found = (each for kind, workflow in known.programme.workflows.items() for schedule in workflow.schedules
             for each in _instants(conn, kind, schedule, known.calendar.zone, now))
    return sorted(found, key=lambda each: (each.at, each.schedule))


def start(store: Store, now: datetime) -> list[Handled]:
    """Handles what has come: opens a case unless one of its kind is open. Each instant once, whoever calls."""
    with store.read() as conn:
        waiting = pending(conn, now)
    return [handled for each in waiting if (handled := _handle(store, each, now)) is not None]


def _instants(conn: Connection, kind: str, schedule: Schedule, zone: str, now: datetime) -> Iterator[Planned]:
    name = f"{kind}.{schedule.id}"
    after = conn.execute(questions.last_planned(name)).scalar() or _since(conn, kind, schedule)
    for at in planned(schedule.every, schedule.month, schedule.day, schedule.at, zone, after, now):
        yield Planned(name, kind, at)


def _since(conn: Connection, kind: str, schedule: Schedule) -> datetime:
    """Since when the schedule stands in the programme as it is: what was planned before doesn't start."""
    since: datetime | None = None
    for row in conn.execute(questions.applied_versions()).all():
        workflow = programmes.version(conn, row.digest).programme.workflows.get(kind)
        if since is not None and (workflow is None or schedule not in workflow.schedules):
            break
        since = row.applied_at
    assert since is not None  # a programme is in force, so a version was applied
    return since


def _handle(store: Store, each: Planned, now: datetime) -> Handled | None:
    """One instant in one transaction; None if somebody was quicker. A late one opens its case now, not then."""
    row = {"schedule": each.schedule, "planned_at": each.at, "handled_at": now, "outcome": "skipped"}
    with store.write() as tx:
        if tx.execute(questions.handle_planned(), row).first() is None:
            return None
        if tx.execute(case_questions.open_cases(each.kind)).scalar() is not None:
            return Handled(each, "skipped")
        case = OPENERS[each.kind](tx, AGENT, When.at(now))
        tx.execute(questions.started(each.schedule, each.at, case))
    return Handled(each, "started", case)
