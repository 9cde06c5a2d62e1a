"""The one context variable by which a flow finds its store and clock: set by worker, simulator or test."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from isms_workflow.settings import Settings
from isms_workflow.store.database import Store, open_store


@dataclass(frozen=True)
class Context:
    """What a flow's body needs: the truth, the time, its own run, and how to suspend."""

    store: Store
    now: Callable[[], datetime]
    run: Callable[[], str | None]
    suspend: Callable[[str], NoReturn]


CONTEXT: ContextVar[Context | None] = ContextVar("isms_context", default=None)


def utc_now() -> datetime:
    """The time of day of this computer, aware, UTC."""
    return datetime.now(UTC)


def current() -> Context:
    """The context that was set; where nobody set it, as on Prefect's process pool, from the settings."""
    found = CONTEXT.get()
    if found is None:
        from isms_workflow.engine.prefect.suspend import current_run_id, suspend

        found = Context(open_store(Settings().store_url), utc_now, current_run_id, suspend)
        CONTEXT.set(found)
    return found
