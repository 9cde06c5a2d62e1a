"""Every attempt to tell a person is kept: when, by which channel, what became of it, and what the receiver answered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from isms_workflow.domain.effects import Answer, Busy, Carried, Elsewhere, Held, Unreachable, Unsent
from isms_workflow.domain.ids import new_id
from isms_workflow.store.bulk import insert_many
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import tries as questions
from isms_workflow.store.tables import tries

LONGEST = 500


class Tried(Protocol):
    """A message that was tried, as far as it matters here."""

    @property
    def id(self) -> str:
        """The outbox's own."""
    @property
    def payload(self) -> Mapping[str, Any]:
        """Whom it tells."""


def keep(tx: Transaction, channel: str, answered: Sequence[tuple[Tried, Answer]], now: datetime) -> None:
    """Writes down one attempt for each message to a person; what goes to machines alone leaves no trace here.

    An attempt that failed as one did before is counted there: a server that is away for days fills no disk.
    """
    rows = [_row(effect.id, channel, answer, now) for effect, answer in answered
            if effect.payload.get("to") and not isinstance(answer, Held)]
    known: dict[tuple[str, str, str], str] = {}
    if failing := [row["message_id"] for row in rows if row["outcome"] == "failed"]:
        known = {(r.message_id, r.channel, r.answer): r.id for r in tx.execute(questions.failed(failing))}
    fresh = [row for row in rows if _same(row) not in known]
    again = [{"row_id": known[_same(row)], "at": now} for row in rows if _same(row) in known]
    if again:
        tx.execute(questions.again(), again)
    insert_many(tx, tries, fresh)


def _same(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """What makes two failures one; every other outcome is the last of its message."""
    return (row["message_id"], row["channel"], row["answer"]) if row["outcome"] == "failed" else ("", "", "")


def _row(message: str, channel: str, answer: Answer, now: datetime) -> dict[str, Any]:
    letter = answer.letter if isinstance(answer, Carried) and answer.letter else message
    said = answer.answer if isinstance(answer, Carried) else str(answer or "")
    return {"id": new_id(), "message_id": message, "channel": channel, "outcome": outcome(answer), "answer": said[:LONGEST],
            "letter": hashlib.sha256(letter.encode()).hexdigest(), "bundled": isinstance(answer, Carried) and answer.bundled, "first_at": now, "last_at": now, "times": 1}


def outcome(answer: Answer) -> str:
    """What an answer means for the message."""
    if answer is None or isinstance(answer, Carried):
        return "delivered" if answer and answer.delivered else "sent"
    if isinstance(answer, Busy | Unreachable | Elsewhere):
        return "failed"
    return "unsent" if isinstance(answer, Unsent) else "dead"
