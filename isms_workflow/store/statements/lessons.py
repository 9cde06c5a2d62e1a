"""Questions about what incidents teach."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import Select, func, or_, select

from isms_workflow.domain.lessons import ASKED, LESSONS_STEP
from isms_workflow.store.statements.among import among, named
from isms_workflow.store.tables import audit, audit_private, cases, incidents, lessons, steps


@cache
def of_cases() -> Select[Any]:
    """For views: every entry of these incidents, those withdrawn too, because whoever wrote one had a part."""
    return select(lessons).where(named(lessons.c.case_id)).order_by(lessons.c.id)


def of_case(case_id: str) -> Select[Any]:
    """For an incident's page: its entries that count, oldest first."""
    return select(lessons).where(lessons.c.case_id == case_id, lessons.c.withdrawn_at.is_(None)).order_by(lessons.c.id)


def case_of(lesson: str) -> Select[Any]:
    """For commands on an entry: which case to lock."""
    return select(lessons.c.case_id).where(lessons.c.id == lesson)


def text_of(lesson: str) -> Select[Any]:
    """For the action that an entry becomes: what it says; null once erased."""
    return select(lessons.c.text).where(lessons.c.id == lesson)


def last_applied() -> Select[Any]:
    """For the cycle's step: when what was learned was applied last."""
    key = or_(steps.c.key == LESSONS_STEP, steps.c.key.startswith(f"{LESSONS_STEP}@", autoescape=True))
    return (select(func.max(steps.c.settled_at)).join(cases, cases.c.id == steps.c.case_id)
            .where(cases.c.kind == "pdca", key, steps.c.state == "done"))


def asked() -> Select[Any]:
    """For the cycle's step: what closed incidents taught and nothing was said of yet, oldest first."""
    return _taught().where(lessons.c.answer.is_(None))


def answered_since(since: Any) -> Select[Any]:
    """For the same: what was answered after an instant, None for ever, in the incident or by the cycle."""
    query = _taught().where(lessons.c.answer.is_not(None))
    return query if since is None else query.where(lessons.c.answered_at > since)


def _taught() -> Select[Any]:
    return (select(lessons, cases.c.reference, cases.c.label, cases.c.closed_at, incidents.c.title)
            .join(cases, cases.c.id == lessons.c.case_id).join(incidents, incidents.c.case_id == cases.c.id)
            .where(cases.c.state == "closed", lessons.c.sort.in_(ASKED), lessons.c.withdrawn_at.is_(None))
            .order_by(cases.c.closed_at, lessons.c.id))


def reasons(ids: Collection[str]) -> Select[Any]:
    """For pages: why these cases' steps had entries declined: the record, and its reason beside the chain."""
    return (select(audit.c.body, audit_private.c.value)
            .join(audit_private, audit_private.c.seq == audit.c.seq)
            .where(among(audit.c.case_id, ids), audit.c.kind == "lesson.answered", audit_private.c.field == "reason")
            .order_by(audit.c.seq))
