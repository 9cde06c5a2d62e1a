"""Questions about what an incident is beside its case."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select

from isms_workflow.store.statements.among import named
from isms_workflow.store.tables import audit, cases, incident_systems, incidents, occurrences, reached, stops


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
    return (select(cases.c.id, cases.c.closed_at)
            .join(incidents, incidents.c.case_id == cases.c.id)
            .where(incidents.c.source == source, incidents.c.external_key == key)
            .order_by(cases.c.id.desc()))


def alike(case: str, category: str, systems: Collection[str], since: Any) -> Select[Any]:
    """For whoever triages: other open incidents of the category on one of these systems, reported since an instant."""
    return (select(cases.c.id, cases.c.reference, cases.c.opened_at, cases.c.label).distinct()
            .join(incidents, incidents.c.case_id == cases.c.id)
            .join(incident_systems, incident_systems.c.case_id == cases.c.id)
            .where(cases.c.id != case, cases.c.closed_at.is_(None), cases.c.opened_at >= since,
                   incidents.c.category == category, incident_systems.c.system_id.in_(systems))
            .order_by(cases.c.opened_at))


def listed(after: str, limit: int, state: str | None, severity: str | None, category: str | None) -> Select[Any]:
    """For the API's list: the next so many behind one, oldest first, under these filters."""
    query = (select(cases.c.id).join(incidents, incidents.c.case_id == cases.c.id)
             .where(cases.c.id > after).order_by(cases.c.id).limit(limit))
    for column, wanted in ((cases.c.state, state), (incidents.c.severity, severity), (incidents.c.category, category)):
        query = query if wanted is None else query.where(column == wanted)
    return query


def reported_by(case: str, person: str) -> Select[Any]:
    """For whoever asks how their own report stands: a row if it is theirs."""
    return select(incidents.c.case_id).where(incidents.c.case_id == case, incidents.c.reported_by == person)


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


def history(case: str) -> Select[Any]:
    """For whoever asks who was told when: what the history says of the incident itself, in order."""
    return (select(audit.c.kind, audit.c.actor, audit.c.happened_at, audit.c.body)
            .where(audit.c.case_id == case, audit.c.subject == case).order_by(audit.c.seq))


def reached_since(case: str) -> Select[Any]:
    """For the same: whom the report or a level has reached, and since when."""
    return select(reached.c.person, reached.c.since).where(reached.c.case_id == case).order_by(reached.c.since, reached.c.person)
