"""Questions about people in office: made once a process, they take their values as parameters: `now`."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from isms_workflow.store.tables import delegations, deputies, directory_version, people, responsibilities


@cache
def version() -> Select[Any]:
    """For whoever keeps a directory: another token after every change of what it is read from."""
    return select(directory_version.c.token)


@cache
def all_people() -> Select[Any]:
    """For the directory: who acts, and by which address a programme may name them; names stay out of it."""
    return select(people.c.id, people.c.role, people.c.zone, people.c.ends_at, people.c.deactivated_at, people.c.email)


@cache
def holdings() -> Select[Any]:
    """For the directory: what is held, first granted first, because the first holder owns the steps."""
    return (select(responsibilities).where(responsibilities.c.revoked_at.is_(None))
            .order_by(responsibilities.c.granted_at, responsibilities.c.id))


@cache
def deputies_named() -> Select[Any]:
    """For the directory: who stands in for whom, and who did: a gate keeps its distance from both."""
    return select(deputies).order_by(deputies.c.named_at)


@cache
def delegations_running() -> Select[Any]:
    """For the directory: the delegations that have not ended by the parameter `now`."""
    return (select(delegations)
            .where(delegations.c.revoked_at.is_(None), delegations.c.ends_at > bindparam("now"))
            .order_by(delegations.c.given_at))
