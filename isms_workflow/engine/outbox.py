"""Effects leave after commit: what is put here in a transaction is carried out by a deliverer, or never was."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.messages import Message
from isms_workflow.store.bulk import insert_many
from isms_workflow.store.database import Transaction, notify
from isms_workflow.store.tables import outbox


def put(tx: Transaction, messages: Iterable[Message], now: datetime) -> None:
    """Queues each message once: one whose key is there already is the same message."""
    rows = [{"id": new_id(), "key": m.key, "channel": m.channel, "case_id": m.case, "payload": dict(m.payload),
             "sensitive": m.sensitive, "queued_at": now, "due_at": together_at(now) if m.late else now,
             "person": m.person, "urgency": m.urgency, "held": None} for m in messages]
    if rows:
        insert_many(tx, outbox, rows, unless="key")
        notify(tx)


def together_at(now: datetime) -> datetime:
    """When what is told late leaves: at the next full ten seconds but five, so that what a clock catches up with in
    many transactions leaves at one instant.
    """
    after = now + timedelta(seconds=5)
    return datetime.fromtimestamp(-(-after.timestamp() // 10) * 10, UTC)
