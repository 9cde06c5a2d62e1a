"""Questions about the daily digest."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select, update

from isms_workflow.store.tables import people


def readers() -> Select[Any]:
    """Who may get one, and when they were told last."""
    return select(people.c.id, people.c.role, people.c.zone, people.c.digested_on).where(
        people.c.deactivated_at.is_(None), people.c.erased_at.is_(None)).order_by(people.c.id)


def digested(person: str, today: date) -> Any:
    """One row for whoever comes first on this local date, none for the others."""
    later = or_(people.c.digested_on.is_(None), people.c.digested_on < today)
    return update(people).where(people.c.id == person, later).values(digested_on=today)
