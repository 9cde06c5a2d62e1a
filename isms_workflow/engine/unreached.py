"""Nobody of those whom a level names could be told, of an incident or of a report that an act asks for: that is itself an
escalation, to the ISMS manager.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from isms_workflow.domain.notification import needless
from isms_workflow.domain.rules.common import tell
from isms_workflow.domain.rules.duties import STATUTORY
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.whom import last_resort
from isms_workflow.engine import outbox, reading
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import tries as questions

ASKING = ("incident_reported", "incident_escalated")
OWED = ("obligation_reminder", "obligation_warning", "obligation_act_by", "obligation_missed")


class Occasion(NamedTuple):
    """What several people were told of at one instant: a level from 0 on, -1 for a report; `stage` is what an act asks for."""

    case: str
    notice: str
    level: int
    stage: str
    at: datetime


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
    for found in sorted({_occasion(each) for each in ended if each.case and each.payload.get("notice") in (*ASKING, *OWED)}):
        rows = [row for row in tx.execute(questions.told(found.case, since=found.at)).all()
                if (row.queued_at, *_of(row.payload)) == (found.at, found.notice, found.level, found.stage)]
        if any(row.settled_at is None or row.outcome == "sent" for row in rows):
            continue
        view = reading.view(tx, found.case, now)
        if not _waits(view, found):
            continue
        missed = {row.payload["to"] for row in rows}
        people = [p for p in last_resort(view) if p not in missed] or [
            p.id for p in view.directory.people.values() if p.active and p.role == "admin" and p.id not in missed]
        outbox.put(tx, tell(
            view, "nobody_reached", people, f"{found.case}:{found.notice}:{found.level}:{found.stage}:{found.at.timestamp():.6f}",
            STATUTORY if found.stage else None, level=found.level, stage=found.stage, missed=sorted(missed)), now)


def _waits(view: CaseView, found: Occasion) -> bool:
    """Whether somebody still has to be told."""
    if found.stage:
        return view.duties is not None and found.stage in {each.obligation.id for each in view.duties.running}
    return view.incident is not None and not needless(view, found.notice, {})


def _occasion(each: Ended) -> Occasion:
    return Occasion(str(each.case), *_of(each.payload), each.queued_at)


def _of(payload: Mapping[str, Any]) -> tuple[str, int, str]:
    about = payload.get("about") or {}
    return str(payload.get("notice")), int(about.get("level", -1)), str(about.get("stage", ""))
