"""Questions about what was said of incidents' reports."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_

from isms_workflow.domain.duties import REMIND, event_of
from isms_workflow.store.statements.among import named
from isms_workflow.store.tables import (
    audit,
    audit_private,
    cases,
    deadlines,
    incidents,
    obligation_answers,
    obligation_events,
)

REMINDS = event_of(REMIND, "")
"""How the events of the reminders of reports begin; what runs has exactly one that is armed."""

COUNTED_TO = deadlines.c.rule["base"].as_string()
"""The instant that a report's reminders count to, as text that sorts as time does."""

_RUNS = (deadlines.c.settled_at.is_(None), deadlines.c.event.like(f"{REMINDS}%"), cases.c.closed_at.is_(None))


@cache
def answers_of() -> Select[Any]:
    """For views: every answer, oldest first."""
    return select(obligation_answers).where(named(obligation_answers.c.case_id)).order_by(
        obligation_answers.c.answered_at, obligation_answers.c.id)


@cache
def events_of() -> Select[Any]:
    """For views: the events that count, oldest first."""
    return (select(obligation_events)
            .where(named(obligation_events.c.case_id), obligation_events.c.withdrawn_at.is_(None))
            .order_by(obligation_events.c.happened_at, obligation_events.c.id))


def kind_of(case_id: str, event: str) -> Select[Any]:
    """For whoever withdraws an event: its kind, if it is this case's; of one that was withdrawn too, for a repeat of that."""
    return select(obligation_events.c.kind).where(obligation_events.c.id == event, obligation_events.c.case_id == case_id)


@cache
def clocks_of() -> Select[Any]:
    """For views: the deadlines of stages, armed or fired; their events alone have a colon."""
    d = deadlines.c
    return (select(d.case_id, d.event, d.due_at, d.rule, d.settled_at)
            .where(named(d.case_id), d.event.like("%:%"), d.outcome.is_(None) | (d.outcome == "fired"))
            .order_by(d.due_at, d.id))


@cache
def occurred_of() -> Select[Any]:
    """For views: when incidents began, by their reports."""
    return select(incidents.c.case_id, incidents.c.occurred_at).where(named(incidents.c.case_id))


def running() -> Select[Any]:
    """For the list of what runs: incidents with a report that somebody is reminded of."""
    return select(cases.c.id).distinct().join(deadlines, deadlines.c.case_id == cases.c.id).where(*_RUNS)


def running_lines() -> Select[Any]:
    """For lists: every report that somebody is reminded of, by the instant that its reminders count to; its case's row beside it."""
    return (select(cases.c.id, cases.c.reference, cases.c.label, cases.c.programme, cases.c.opened_at,
                   func.substr(deadlines.c.event, len(REMINDS) + 1).label("obligation"), COUNTED_TO.label("counted_to"))
            .select_from(deadlines.join(cases, cases.c.id == deadlines.c.case_id)).where(*_RUNS)
            .order_by(COUNTED_TO, cases.c.id, deadlines.c.event))


def running_count() -> Select[Any]:
    """For lists: how many there are."""
    return select(func.count()).select_from(deadlines.join(cases, cases.c.id == deadlines.c.case_id)).where(*_RUNS)


def behind(counted_to: str, case: str, obligation: str) -> ColumnElement[bool]:
    """For lists: what comes after this one in their order."""
    return tuple_(COUNTED_TO, cases.c.id, deadlines.c.event) > tuple_(literal(counted_to), literal(case), literal(event_of(REMIND, obligation)))


def told_of() -> Select[Any]:
    """For the watchdog: open incidents about whose reports anything was said."""
    return (select(cases.c.id).distinct().join(obligation_events, obligation_events.c.case_id == cases.c.id)
            .where(cases.c.closed_at.is_(None), obligation_events.c.withdrawn_at.is_(None)))


def reasons(case_id: str) -> Select[Any]:
    """For whoever reads why: the reasons in the history of an incident's reports, by the record's body; null once erased."""
    return (select(audit.c.kind, audit.c.body, audit_private.c.value)
            .join(audit_private, (audit_private.c.seq == audit.c.seq) & (audit_private.c.field == "reason"))
            .where(audit.c.case_id == case_id, audit.c.kind.like("obligation.%")).order_by(audit.c.seq))
