"""Questions about attempts to tell people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Update, bindparam, func, select, update
from sqlalchemy import case as either

from isms_workflow.domain.messages import PREFECT
from isms_workflow.store.statements.among import among
from isms_workflow.store.tables import outbox, tries


def failed(messages: Collection[str]) -> Select[Any]:
    """For a deliverer: what these messages' attempts failed with until now."""
    return select(tries.c.id, tries.c.message_id, tries.c.channel, tries.c.answer).where(
        among(tries.c.message_id, messages), tries.c.outcome == "failed")


def again() -> Update:
    """For a deliverer: it failed in the same way once more."""
    return (update(tries).where(tries.c.id == bindparam("row_id"))
            .values(times=tries.c.times + 1, last_at=bindparam("at")))


def lately(channel: str, persons: Collection[str], since: datetime) -> Select[Any]:
    """For a deliverer: the letters that left for these people by a channel, each with its instant and whether it told of
    several things because there were many.
    """
    return (select(outbox.c.person, tries.c.letter, func.max(tries.c.last_at).label("at"),
                   func.max(either((tries.c.bundled, 1), else_=0)).label("bundled"))
            .join(outbox, outbox.c.id == tries.c.message_id)
            .where(tries.c.channel == channel, tries.c.last_at > since, tries.c.outcome.in_(("sent", "delivered")),
                   among(outbox.c.person, persons))
            .group_by(outbox.c.person, tries.c.letter))


def told(case: str, *, since: datetime | None = None) -> Select[Any]:
    """For an incident's page and its explanation: every message that told a person of it, oldest first."""
    query = select(outbox).where(outbox.c.case_id == case, outbox.c.channel != PREFECT)
    return (query if since is None else query.where(outbox.c.queued_at >= since)).order_by(outbox.c.queued_at, outbox.c.id)


def of_case(case: str) -> Select[Any]:
    """The attempts at those messages, in order."""
    return (select(tries).join(outbox, outbox.c.id == tries.c.message_id).where(outbox.c.case_id == case)
            .order_by(tries.c.first_at, tries.c.id))
