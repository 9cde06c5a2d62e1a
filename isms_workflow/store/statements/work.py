"""Questions about what one person has to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, text

from isms_workflow.store.statements import incidents as questions
from isms_workflow.store.statements.sight import Eyes, theirs
from isms_workflow.store.tables import audit, cases, gates, incidents, reached, steps, stops, transitions
from isms_workflow.store.tables.work import BY_PEOPLE


def concerning(eyes: Eyes, now: datetime) -> Select[Any]:
    """For My work: the cycle, and open cases in which a step is owed by the reader, or late and theirs to stand in for,
    or a gate or a corrective action waits for somebody. Whole cases are read of these alone.
    """
    owed = exists().where(steps.c.case_id == cases.c.id, steps.c.state == "open",
                          or_(steps.c.owner == eyes.person, and_(steps.c.due_at <= now, theirs(eyes))))
    decided = exists().where(gates.c.case_id == cases.c.id, or_(gates.c.state == "open", and_(
        gates.c.state.in_(("rejected", "lapsed")), gates.c.answered_at.is_(None))))
    return (select(cases.c.id).where(cases.c.closed_at.is_(None), or_(cases.c.kind == "pdca", cases.c.state == "referred", owed, decided))
            .order_by(cases.c.id))


def done_by(person: str) -> ColumnElement[bool]:
    """For My work and people's own pages: whether somebody, not the clock or a flow, made a transition."""
    return and_(transitions.c.actor == person, text(BY_PEOPLE))


def done_since(person: str, since: datetime) -> Select[Any]:
    """For My work: how much somebody did since an instant."""
    return select(func.count()).select_from(transitions).where(done_by(person), transitions.c.happened_at >= since)


def records_of(person: str, most: int) -> Select[Any]:
    """For people's own pages: the records of what they did last, the newest first."""
    last = select(transitions.c.audit_seq).where(done_by(person)).order_by(transitions.c.happened_at.desc()).limit(most)
    return select(audit).where(audit.c.seq.in_(last)).order_by(audit.c.seq.desc())


def unanswered(eyes: Eyes, severities: tuple[str, ...], is_responder: bool, only_without_word: bool, most: int) -> Select[Any]:
    """For My work: incidents that nobody is at yet and that run, of which the reader was told, the gravest first; of
    those who can do no more than give their word, only the ones of which nobody gave it.
    """
    calm = ("pause", "word") if only_without_word else ("pause",)
    calmed = exists().where(stops.c.case_id == cases.c.id, stops.c.what.in_(calm), stops.c.ended_at.is_(None))
    told = exists().where(reached.c.case_id == cases.c.id, reached.c.person == eyes.person)
    query = questions.lines().where(cases.c.state.in_(("reported", "triaged")), ~calmed).order_by(
        questions.rank(incidents.c.severity, severities), incidents.c.response_due, cases.c.id)
    return (query if is_responder else query.where(told)).limit(most)
