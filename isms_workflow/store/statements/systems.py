"""Questions about the register of systems."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, select

from isms_workflow.store.statements import among
from isms_workflow.store.tables import systems


@cache
def found() -> Select[Any]:
    """For whatever refers to systems: those of these ids (`among.ids`), retired ones too."""
    return select(systems).where(among.named(systems.c.id))


@cache
def in_use() -> Select[Any]:
    """For choices and the list: what isn't retired, by name."""
    return select(systems).where(systems.c.retired_at.is_(None)).order_by(systems.c.folded)


@cache
def retired() -> Select[Any]:
    """For the list: what is out of use, by name; a name may stand there several times."""
    return select(systems).where(systems.c.retired_at.is_not(None)).order_by(systems.c.folded, systems.c.id)


@cache
def names_in_use() -> Select[Any]:
    """For whoever adds or renames one: each name that is taken, folded, and by which system."""
    return select(systems.c.folded, systems.c.id).where(systems.c.retired_at.is_(None))


def after(system: str, limit: int, is_retired: bool | None) -> Select[Any]:
    """For programs: the next so many in the order in which they came; None: those in use and those retired."""
    query = select(systems).where(systems.c.id > system).order_by(systems.c.id).limit(limit)
    if is_retired is None:
        return query
    return query.where(systems.c.retired_at.is_not(None) if is_retired else systems.c.retired_at.is_(None))
