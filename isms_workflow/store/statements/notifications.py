"""Questions about how people want to be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Delete, Select, delete, insert, select

from isms_workflow.store.tables import notification_rules, people


def chosen_by() -> Select[Any]:
    """For whoever queues messages: what people chose, and the zone of their wall; none of who chose nothing."""
    return select(notification_rules, people.c.zone).join(people, people.c.id == notification_rules.c.person)


def gone(person: str) -> Delete:
    """For whoever chooses anew."""
    return delete(notification_rules).where(notification_rules.c.person == person)


def chosen(row: Mapping[str, Any]) -> Any:
    """What somebody chose."""
    return insert(notification_rules).values(**row)
