"""Questions about what a corrective action is beside its case."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from isms_workflow.domain.rules.common import LADDER
from isms_workflow.domain.times import iso
from isms_workflow.store.statements.among import among, named
from isms_workflow.store.tables import cases, corrective_actions, corrective_owners, deadlines, gates, steps


@cache
def beside() -> Select[Any]:
    """For views: what actions are beside their cases."""
    return select(corrective_actions).where(named(corrective_actions.c.case_id))


@cache
def owners_of() -> Select[Any]:
    """For views: whoever ever owned them."""
    return select(corrective_owners).where(named(corrective_owners.c.case_id))


def titles(ids: Collection[str]) -> Select[Any]:
    """For lists of cases: what these actions are called; null once erased."""
    return select(corrective_actions.c.case_id, corrective_actions.c.title).where(among(corrective_actions.c.case_id, ids))


def action_of(case_id: str) -> Select[Any]:
    """For an action's page: what was said of it when it was opened."""
    return select(corrective_actions).where(corrective_actions.c.case_id == case_id)


def from_case(case_id: str) -> Select[Any]:
    """For an incident's page: the actions that it led to, oldest first."""
    return (select(cases.c.id, cases.c.reference, cases.c.state, cases.c.label, corrective_actions.c.title,
                   corrective_actions.c.owner)
            .join(corrective_actions, corrective_actions.c.case_id == cases.c.id)
            .where(corrective_actions.c.from_case == case_id).order_by(cases.c.id))


def lines() -> Select[Any]:
    """For lists: what an action says of itself in one line, and when the next of what it waits for is due."""
    step = (select(func.min(steps.c.due_at)).where(steps.c.case_id == cases.c.id, steps.c.state == "open")
            .scalar_subquery().label("step_due"))
    gate = (select(func.min(gates.c.due_at)).where(gates.c.case_id == cases.c.id, gates.c.state == "open")
            .scalar_subquery().label("gate_due"))
    ahead = (select(func.min(deadlines.c.due_at)).where(deadlines.c.case_id == cases.c.id, deadlines.c.settled_at.is_(None))
             .scalar_subquery().label("next_at"))
    way_on = select(func.min(_base())).where(_awaits_way_on()).scalar_subquery().label("way_on_due")
    return (select(cases.c.id, cases.c.reference, cases.c.label, cases.c.state, cases.c.opened_at, cases.c.closed_at,
                   corrective_actions.c.title, corrective_actions.c.owner, corrective_actions.c.gravity,
                   corrective_actions.c.round, corrective_actions.c.failed, corrective_actions.c.from_case, step, gate, way_on, ahead)
            .join(corrective_actions, corrective_actions.c.case_id == cases.c.id))


def counted() -> Select[Any]:
    """For lists: how many actions there are."""
    return select(func.count()).select_from(cases.join(corrective_actions, corrective_actions.c.case_id == cases.c.id))


def owners() -> Select[Any]:
    """For lists: whoever owns an action."""
    return (select(corrective_actions.c.owner).distinct()
            .select_from(cases.join(corrective_actions, corrective_actions.c.case_id == cases.c.id)))


def _base() -> ColumnElement[str]:
    """The instant that a ladder counts from, as `times.iso` writes it: such texts are in the order of their instants."""
    found: ColumnElement[str] = deadlines.c.rule["base"].as_string()
    return found


def _awaits_way_on() -> ColumnElement[bool]:
    """A ladder runs that isn't a step's: of a gate, or while somebody is to say how it goes on."""
    d = deadlines.c
    return (d.case_id == cases.c.id) & d.settled_at.is_(None) & (d.event == LADDER) & (d.subject != "step")


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """For lists and management: an open action in which a step or a gate should have been settled by now, or in which
    somebody should have said how it goes on: that a ladder counts from its instant is all that is kept of it.
    """
    step = exists().where(steps.c.case_id == cases.c.id, steps.c.state == "open", steps.c.due_at <= now)
    gate = exists().where(gates.c.case_id == cases.c.id, gates.c.state == "open", gates.c.due_at <= now)
    way_on = exists().where(_awaits_way_on(), _base() <= iso(now))
    return cases.c.closed_at.is_(None) & or_(step, gate, way_on)


def listed(after: str, limit: int, state: str | None, owner: str | None) -> Select[Any]:
    """For the API's list: the next so many behind one, oldest first, under these filters."""
    query = (select(cases.c.id).join(corrective_actions, corrective_actions.c.case_id == cases.c.id)
             .where(cases.c.id > after).order_by(cases.c.id).limit(limit))
    for column, wanted in ((cases.c.state, state), (corrective_actions.c.owner, owner)):
        query = query if wanted is None else query.where(column == wanted)
    return query
