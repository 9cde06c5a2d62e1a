"""Questions about one person's deadlines."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, exists, or_, select

from isms_workflow.store.tables import cases, deadlines, gates, steps


def concerning(person: str, most: int) -> Select[Any]:
    """For a calendar: open cases in which they owe a step, or somebody has to decide, to answer, or to submit a report, the
    newest first.
    """
    owed = exists().where(steps.c.case_id == cases.c.id, steps.c.state == "open", steps.c.owner == person)
    decided = exists().where(gates.c.case_id == cases.c.id, gates.c.state == "open")
    unanswered = and_(cases.c.kind == "incident", cases.c.state.in_(("reported", "triaged")))
    reports = exists().where(deadlines.c.case_id == cases.c.id, deadlines.c.settled_at.is_(None), deadlines.c.event.like("remind:%"))
    return (select(cases.c.id).where(cases.c.closed_at.is_(None), or_(owed, decided, unanswered, reports))
            .order_by(cases.c.id.desc()).limit(most))
