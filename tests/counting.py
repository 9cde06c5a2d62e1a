"""How many questions the database is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from isms_workflow.store.database import Store


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """Every statement that is executed meanwhile, in order."""
    found: list[str] = []

    def count(*told: object) -> None:
        found.append(str(told[2]))

    event.listen(store.engine, "before_cursor_execute", count)
    try:
        yield found
    finally:
        event.remove(store.engine, "before_cursor_execute", count)
