"""Questions about who is on call out of their turn."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, Update, bindparam, select

from isms_workflow.store.tables import overrides


@cache
def running() -> Select[Any]:
    """For the directory: the overrides that hold, or will, at the parameter `now`."""
    return (select(overrides)
            .where(overrides.c.ends_at > bindparam("now"), overrides.c.returned_at.is_(None))
            .order_by(overrides.c.made_at, overrides.c.id))


def newest(limit: int) -> Select[Any]:
    """For the page's history: the overrides that were made last, those that have ended too."""
    return select(overrides.c.id).order_by(overrides.c.made_at.desc(), overrides.c.id.desc()).limit(limit)


def returned(override: str, at: datetime) -> Update:
    """For whoever ends one early; no row if it was ended already."""
    return (overrides.update().where(overrides.c.id == override, overrides.c.returned_at.is_(None))
            .values(returned_at=at).returning(overrides.c.id))
