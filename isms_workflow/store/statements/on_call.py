"""Questions about who is on call out of their turn."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, Update, bindparam, select

from isms_workflow.store.tables import overrides, rotation_orders


@cache
def running() -> Select[Any]:
    """For the directory: the overrides that hold, or will, at the parameter `now`."""
    return (select(overrides)
            .where(overrides.c.ends_at > bindparam("now"), overrides.c.returned_at.is_(None))
            .order_by(overrides.c.made_at, overrides.c.id))


@cache
def orders() -> Select[Any]:
    """For the directory: every order of turns that was ever set, the earliest first, of those of one instant the smallest
    id; shifts that began before the last go by those before.
    """
    return select(rotation_orders).order_by(rotation_orders.c.set_at, rotation_orders.c.id)


def newest(limit: int) -> Select[Any]:
    """For the page's history: the overrides and orders that were made last, those that have ended too."""
    covers = select(overrides.c.id, overrides.c.made_at.label("at"))
    both = covers.union_all(select(rotation_orders.c.id, rotation_orders.c.set_at)).subquery()
    return select(both.c.id).order_by(both.c.at.desc(), both.c.id.desc()).limit(limit)


def returned(override: str, at: datetime) -> Update:
    """For whoever ends one early; no row if it was ended already."""
    return (overrides.update().where(overrides.c.id == override, overrides.c.returned_at.is_(None))
            .values(returned_at=at).returning(overrides.c.id))
