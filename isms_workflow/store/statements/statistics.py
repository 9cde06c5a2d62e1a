"""The question behind the statistics of incidents."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, case, func, not_, or_, select

from isms_workflow.domain.incident import RESPONDING
from isms_workflow.store.tables import cases, incidents, steps, stops, transitions

DEALT_WITH = ("resolved", "lessons_learned", "closed")


def times() -> Select[Any]:
    """When things happened to each incident that was one. Exercises are left out, what was dismissed or merged, and
    what was imported with its end, even if it was reopened: nobody here was asked to answer it in time.
    """
    word = (select(func.min(stops.c.began_at)).where(stops.c.case_id == cases.c.id, stops.c.what == "word")
            .correlate(cases).scalar_subquery())
    contained = (select(func.max(steps.c.settled_at))
                 .where(steps.c.case_id == cases.c.id, steps.c.key == "contain", steps.c.state == "done")
                 .correlate(cases).scalar_subquery())
    resolved = (select(func.max(transitions.c.happened_at))
                .where(transitions.c.subject_id == cases.c.id, transitions.c.event == "resolve")
                .correlate(cases).scalar_subquery())
    filed = and_(cases.c.state.in_((RESPONDING, *DEALT_WITH)), incidents.c.responded_at.is_(None))
    return (select(cases.c.id, cases.c.opened_at, incidents.c.severity, incidents.c.responded_at,
                   incidents.c.breached_at, word.label("word"), contained.label("contained"),
                   case((cases.c.state.in_(DEALT_WITH), resolved)).label("resolved"))
            .join(incidents, incidents.c.case_id == cases.c.id)
            .where(incidents.c.is_exercise.is_(False),
                   not_(or_(cases.c.state.in_(("false_positive", "merged")), filed))))
