"""Questions about what an incident is beside its case."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from isms_workflow.domain.messages import PREFECT
from isms_workflow.store.statements.among import among, named
from isms_workflow.store.tables import (
    audit,
    cases,
    evidence,
    incident_systems,
    incidents,
    occurrences,
    outbox,
    reached,
    steps,
    stops,
)


@cache
def beside() -> Select[Any]:
    """For views: what incidents are beside their cases."""
    return select(incidents).where(named(incidents.c.case_id))


@cache
def stops_of() -> Select[Any]:
    """For views: when their clocks stood still."""
    return select(stops).where(named(stops.c.case_id)).order_by(stops.c.began_at, stops.c.id)


@cache
def systems_of() -> Select[Any]:
    """For views: the systems that they affect."""
    return select(incident_systems).where(named(incident_systems.c.case_id)).order_by(incident_systems.c.system_id)


def title(case: str) -> Select[Any]:
    """What whoever reported an incident calls it; null once erased."""
    return select(incidents.c.title).where(incidents.c.case_id == case)


def of_key(source: str, key: str) -> Select[Any]:
    """For reports that name a key of their source's own: the incidents under it, newest first."""
    return (select(cases.c.id, cases.c.reference)
            .join(incidents, incidents.c.case_id == cases.c.id)
            .where(incidents.c.source == source, incidents.c.external_key == key)
            .order_by(cases.c.id.desc()))


def alike(case_id: str, category: str, systems: Collection[str], since: Any, until: Any) -> Select[Any]:
    """For whoever triages: other open incidents of the category on one of these systems, reported between two instants."""
    return (select(cases.c.id, cases.c.reference, cases.c.opened_at, cases.c.label).distinct()
            .join(incidents, incidents.c.case_id == cases.c.id)
            .join(incident_systems, incident_systems.c.case_id == cases.c.id)
            .where(cases.c.id != case_id, cases.c.closed_at.is_(None), cases.c.opened_at.between(since, until),
                   incidents.c.category == category, incident_systems.c.system_id.in_(systems))
            .order_by(cases.c.opened_at))


def listed(after: str, limit: int, state: str | None, severity: str | None, category: str | None) -> Select[Any]:
    """For the API's list: the next so many behind one, oldest first, under these filters."""
    query = (select(cases.c.id).join(incidents, incidents.c.case_id == cases.c.id)
             .where(cases.c.id > after).order_by(cases.c.id).limit(limit))
    for column, wanted in ((cases.c.state, state), (incidents.c.severity, severity), (incidents.c.category, category)):
        query = query if wanted is None else query.where(column == wanted)
    return query


def any_of(column: str, word: str) -> Select[Any]:
    """For the API's list: a row if some incident, whoever may see it, has this severity or category."""
    return select(incidents.c.case_id).where(incidents.c[column] == word).limit(1)


def reported_by(case_id: str, person: str) -> Select[Any]:
    """For whoever asks how their own report stands: a row if it is theirs."""
    return select(incidents.c.case_id).where(incidents.c.case_id == case_id, incidents.c.reported_by == person)


@cache
def occurrences_of() -> Select[Any]:
    """For lists: how often each of these incidents occurred again; those that didn't are left out."""
    return (select(occurrences.c.case_id, func.count()).where(named(occurrences.c.case_id))
            .group_by(occurrences.c.case_id))


@cache
def of_kind() -> Select[Any]:
    """For the operator's list: every incident, newest first."""
    return (select(cases.c.reference, cases.c.state, cases.c.opened_at, cases.c.closed_at, incidents)
            .join(incidents, incidents.c.case_id == cases.c.id).order_by(cases.c.id.desc()))


def history(case_id: str) -> Select[Any]:
    """For whoever asks who was told when: what the history says of the incident itself, in order."""
    return (select(audit.c.kind, audit.c.actor, audit.c.happened_at, audit.c.noticed_at, audit.c.body)
            .where(audit.c.case_id == case_id, audit.c.subject == case_id).order_by(audit.c.seq))


def mails_of(case_id: str) -> Select[Any]:
    """For an exercise's report: every message about the incident to a person, oldest first, and what became of it."""
    return (select(outbox.c.payload, outbox.c.queued_at, outbox.c.outcome, outbox.c.settled_at, outbox.c.held, outbox.c.error)
            .where(outbox.c.case_id == case_id, outbox.c.channel != PREFECT).order_by(outbox.c.queued_at, outbox.c.id))


def reached_since(case_id: str) -> Select[Any]:
    """For the same: whom the report or a level has reached, and since when."""
    return select(reached.c.person, reached.c.since).where(reached.c.case_id == case_id).order_by(reached.c.since, reached.c.person)


def lines() -> Select[Any]:
    """For lists: what an incident says of itself in one line, with the word or the pause that runs."""
    word, pause = stops.alias("word"), stops.alias("pause")
    return (select(cases.c.id, cases.c.reference, cases.c.label, cases.c.state, cases.c.opened_at, cases.c.closed_at,
                   incidents.c.title, incidents.c.severity, incidents.c.category, incidents.c.response_due,
                   incidents.c.responded_at, incidents.c.is_exercise, word.c.by.label("word_by"),
                   pause.c.until.label("paused_until"))
            .join(incidents, incidents.c.case_id == cases.c.id)
            .outerjoin(word, _running(word, "word"))
            .outerjoin(pause, _running(pause, "pause")))


def _running(which: Any, what: str) -> ColumnElement[bool]:
    return and_(which.c.case_id == cases.c.id, which.c.what == what, which.c.ended_at.is_(None))


def counted() -> Select[Any]:
    """For lists: how many incidents there are."""
    return select(func.count()).select_from(cases.join(incidents, incidents.c.case_id == cases.c.id))


def says(text: str) -> ColumnElement[bool]:
    """For lists: those whose title, description or reference has these words, each somewhere, whatever their capitals;
    on SQLite, which knows of A to Z alone, capitals of other letters count.
    """
    columns = [func.lower(func.coalesce(column, "")) for column in (incidents.c.title, incidents.c.description, cases.c.reference)]
    return and_(*(or_(*(column.contains(word.lower(), autoescape=True) for column in columns)) for word in text.split()))


def rank(column: Any, order: Sequence[str]) -> ColumnElement[int]:
    """For lists: the place of a column's value in an order; what isn't in it comes last."""
    return case({name: place for place, name in enumerate(order)}, value=column, else_=len(order))


def working(ids: Collection[str]) -> Select[Any]:
    """For lists: who owes something in these cases now."""
    return (select(steps.c.case_id, steps.c.owner).distinct()
            .where(among(steps.c.case_id, ids), steps.c.state == "open", steps.c.owner.is_not(None)))


def reports_of(person: str, most: int) -> Select[Any]:
    """For whoever reported something: their reports, newest first."""
    return lines().where(incidents.c.reported_by == person).order_by(cases.c.id.desc()).limit(most)


def report_of(case_id: str) -> Select[Any]:
    """For the page of a report, and the incident's own: what was said when it was reported."""
    return select(incidents).where(incidents.c.case_id == case_id)


def attachments_of(case_id: str) -> Select[Any]:
    """For the same: the files that came with the report, oldest first."""
    return select(evidence).where(evidence.c.case_id == case_id, evidence.c.step_id.is_(None)).order_by(evidence.c.id)


def attachments_kept(case_id: str) -> Select[Any]:
    """For whoever adds one: how many there are."""
    return select(func.count()).select_from(evidence).where(evidence.c.case_id == case_id, evidence.c.step_id.is_(None))


def titles(ids: Collection[str]) -> Select[Any]:
    """For lists of cases: what these incidents are called."""
    return select(incidents.c.case_id, incidents.c.title).where(among(incidents.c.case_id, ids))


def occurred(case_id: str) -> Select[Any]:
    """For an incident's page: each time that the same was reported again, or merged into it."""
    return select(occurrences).where(occurrences.c.case_id == case_id).order_by(occurrences.c.occurred_at, occurrences.c.id)


def references(ids: Collection[str]) -> Select[Any]:
    """For links from one incident to another."""
    return select(cases.c.id, cases.c.reference, cases.c.label).where(among(cases.c.id, ids))
