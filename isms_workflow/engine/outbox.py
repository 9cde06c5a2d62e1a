"""Effects leave after commit: what is put here in a transaction is carried out by a deliverer, or never was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.messages import MAIL, Message
from isms_workflow.domain.notification import Sending, Wishes, is_ruled, sendings
from isms_workflow.engine import offices
from isms_workflow.store.bulk import Rows, write_all
from isms_workflow.store.database import Transaction, notify
from isms_workflow.store.tables import outbox

LEFT_OUT = "its reader's notification rules leave it out"


def put(tx: Transaction, messages: Iterable[Message], now: datetime) -> None:
    """Queues each message once, by each way and at each instant that its reader's rules say: one whose key is there
    already is the same message. One that their rules leave out is kept as not sent, and why.
    """
    queued = rows(tx, messages, now)
    if queued.rows:
        write_all(tx, (queued,))
        notify(tx)


def rows(tx: Transaction, messages: Iterable[Message], now: datetime, wishes: Mapping[str, Wishes] | None = None) -> Rows:
    """What `put` writes, for whoever writes more with it; `wishes` are those that hold now, where they are known."""
    told = list(messages)
    ruled = any(m.person and is_ruled(m) for m in told)
    chosen = (offices.standing(tx, now).wishes if wishes is None else wishes) if ruled else {}
    return Rows(outbox, [row for m in told for row in _rows(m, chosen.get(m.person or "") if is_ruled(m) else None, now)], "key")


def _rows(message: Message, chosen: Wishes | None, now: datetime) -> Iterator[dict[str, Any]]:
    start = together_at(now) if message.late else now
    if chosen is None:
        yield _row(message, message.key, Sending(message.channel, start), now)
        return
    found = sendings(str(message.payload["notice"]), message.urgency, chosen, start)
    for each in found:
        at_once = each.channel == MAIL and each.at == start
        yield _row(message, message.key if at_once else f"{message.key}#{each.channel}:{int((each.at - start).total_seconds())}",
                   each, now)
    if not found:
        yield {**_row(message, message.key, Sending(MAIL, start), now), "settled_at": now, "outcome": "unsent", "error": LEFT_OUT}


def _row(message: Message, key: str, sending: Sending, now: datetime) -> dict[str, Any]:
    return {"id": new_id(), "key": key, "channel": sending.channel, "case_id": message.case, "payload": dict(message.payload),
            "sensitive": message.sensitive, "queued_at": now, "due_at": sending.at, "person": message.person,
            "urgency": message.urgency, "held": sending.held, "settled_at": None, "outcome": None, "error": None}


def together_at(now: datetime) -> datetime:
    """When what is told late leaves: at the next full ten seconds but five, so that what a clock catches up with in
    many transactions leaves at one instant.
    """
    after = now + timedelta(seconds=5)
    return datetime.fromtimestamp(-(-after.timestamp() // 10) * 10, UTC)
