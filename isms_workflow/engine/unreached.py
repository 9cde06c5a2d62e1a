"""Nobody of those whom an incident's level names could be told: that is itself an escalation, to the ISMS manager."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from isms_workflow.domain.notification import needless
from isms_workflow.domain.rules.common import tell
from isms_workflow.domain.whom import last_resort
from isms_workflow.engine import outbox, reading
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import tries as questions

ASKING = ("incident_reported", "incident_escalated")


class Ended(Protocol):
    """A message that was refused, or not sent."""

    @property
    def case(self) -> str | None:
        """The case that it was about."""
    @property
    def payload(self) -> Mapping[str, Any]:
        """The notice, and whom it was for."""
    @property
    def queued_at(self) -> datetime:
        """When what it told of was decided."""


def tell_of(tx: Transaction, ended: Collection[Ended], now: datetime) -> None:
    """Where none of the messages that told of a report or a level at one instant has left or will, the ISMS manager is told,
    once; if it was for them alone, whoever can name somebody. Not while somebody answered meanwhile.
    """
    for case, notice, level, at in sorted({_level(each) for each in ended if each.case and each.payload.get("notice") in ASKING}):
        rows = [row for row in tx.execute(questions.told(case, since=at)).all()
                if row.queued_at == at and row.payload.get("notice") == notice and _of(row.payload) == level]
        if any(row.settled_at is None or row.outcome == "sent" for row in rows):
            continue
        view = reading.view(tx, case, now)
        if view.incident is None or needless(view, notice, {}):
            continue
        missed = {row.payload["to"] for row in rows}
        people = [p for p in last_resort(view) if p not in missed] or [
            p.id for p in view.directory.people.values() if p.active and p.role == "admin" and p.id not in missed]
        outbox.put(tx, tell(view, "nobody_reached", people, f"{case}:{notice}:{level}:{at.timestamp():.6f}", level=level,
                            missed=sorted(missed)), now)


def _level(each: Ended) -> tuple[str, str, int, datetime]:
    return str(each.case), str(each.payload["notice"]), _of(each.payload), each.queued_at


def _of(payload: Mapping[str, Any]) -> int:
    """The ladder's level from 0 on; -1 for the report."""
    return int((payload.get("about") or {}).get("level", -1))
