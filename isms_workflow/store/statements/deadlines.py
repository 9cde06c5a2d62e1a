"""Questions about deadlines."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Update, exists, func, or_, select, update

from isms_workflow.store.statements.among import among
from isms_workflow.store.tables import cases, deadlines, gates, steps


def due(now: datetime, limit: int) -> Select[Any]:
    """For the clock: deadlines to settle, earliest first; those of cases that another clock holds are skipped."""
    d = deadlines.c
    return (select(d.id, d.case_id, d.subject, d.subject_id, d.event, d.due_at, d.ladder, d.level, d.repeat, d.rule)
            .join(cases, cases.c.id == deadlines.c.case_id)
            .where(deadlines.c.settled_at.is_(None), deadlines.c.due_at <= now)
            .order_by(deadlines.c.due_at, deadlines.c.id).limit(limit)
            .with_for_update(of=cases, skip_locked=True))  # the case first: lock order; SQLite has BEGIN IMMEDIATE


def earliest() -> Select[Any]:
    """For the clock: until when it may sleep."""
    return select(deadlines.c.due_at).where(deadlines.c.settled_at.is_(None)).order_by(deadlines.c.due_at).limit(1)


def fired(ids: Collection[str], now: datetime) -> Update:
    """For the writer: due deadlines were carried out; the instant each fell due stays in `due_at`."""
    return (update(deadlines).where(among(deadlines.c.id, ids), deadlines.c.settled_at.is_(None))
            .values(settled_at=now, noticed_at=now, outcome="fired"))


def cancelled(subjects: Collection[str], event: str, now: datetime) -> Update:
    """For the writer: what was armed for waits that have ended."""
    return (update(deadlines)
            .where(among(deadlines.c.subject_id, subjects), deadlines.c.event == event, deadlines.c.settled_at.is_(None))
            .values(settled_at=now, outcome="cancelled"))


def set_aside(deadline: str, now: datetime, error: str) -> Update:
    """For the clock: one that can't be carried out; the others go on, and the operator is told."""
    return (update(deadlines).where(deadlines.c.id == deadline, deadlines.c.settled_at.is_(None))
            .values(settled_at=now, noticed_at=now, outcome="failed", error=error))


def armed_again(deadline: str) -> Update:
    """For the operator: a deadline that was set aside is tried again."""
    return (update(deadlines).where(deadlines.c.id == deadline, deadlines.c.outcome == "failed")
            .values(settled_at=None, noticed_at=None, outcome=None, error=None))


def unsettled(ids: Collection[str] = ()) -> Select[Any]:
    """For re-timing and pages: everything armed, or what is armed for these cases."""
    query = select(deadlines).where(deadlines.c.settled_at.is_(None)).order_by(deadlines.c.due_at, deadlines.c.id)
    return query.where(among(deadlines.c.case_id, ids)) if ids else query


def failed() -> Select[Any]:
    """For the operator: what was set aside."""
    return select(deadlines).where(deadlines.c.outcome == "failed").order_by(deadlines.c.settled_at)


def overdue(before: datetime) -> Select[Any]:
    """For the watchdog: due deadlines that nobody took."""
    return (select(func.count(), func.min(deadlines.c.due_at))
            .where(deadlines.c.settled_at.is_(None), deadlines.c.due_at < before))


WAITING = ("planned", "reported", "triaged", "observing", "referred")
"""States in which the case itself waits for people, not a step or gate of it."""


def _armed(subject: Any) -> Any:
    return exists().where(deadlines.c.subject_id == subject, deadlines.c.settled_at.is_(None))


def endless_steps() -> Select[Any]:
    """For the watchdog: open steps without an armed deadline (invariant 6)."""
    return (select(steps.c.id, steps.c.key, cases.c.reference).join(cases, cases.c.id == steps.c.case_id)
            .where(steps.c.state == "open", ~_armed(steps.c.id)))


def endless_gates() -> Select[Any]:
    """For the watchdog: gates that wait, open or for a way out, without an armed deadline (invariant 6)."""
    return (select(gates.c.id, gates.c.name, cases.c.reference).join(cases, cases.c.id == gates.c.case_id)
            .where(or_(gates.c.state == "open",
                       gates.c.state.in_(("rejected", "lapsed")) & gates.c.answered_at.is_(None)),
                   cases.c.closed_at.is_(None), ~_armed(gates.c.id)))


def endless_cases() -> Select[Any]:
    """For the watchdog: cases that wait for somebody themselves, or paused ones, without an armed deadline (invariant 6)."""
    return (select(cases.c.id, cases.c.state, cases.c.reference)
            .where(or_(cases.c.state.in_(WAITING), cases.c.paused_until.is_not(None)),
                   cases.c.closed_at.is_(None), ~_armed(cases.c.id)))
