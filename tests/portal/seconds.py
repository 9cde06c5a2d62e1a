"""A programme whose clocks count in seconds, and what the record says of an incident's ladder under it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import select

from isms_workflow.domain.messages import MAIL
from isms_workflow.domain.records import DeadlineRecord, IncidentRecord
from isms_workflow.domain.rules.common import LADDER
from isms_workflow.programme.load import load, shipped
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit, cases, deadlines, outbox

SPANS: Mapping[str, Mapping[str, str]] = {
    "incident.yaml": {"title: Critical\n    response: 1 hours\n": "title: Critical\n    response: 900 seconds\n"},
    "ladders.yaml": {
        "      - {to: [incident_responder, isms_manager], offset: 30 minutes}\n"
        "      - {to: [isms_manager, top_management], offset: 1 hours, repeat: 1 hours}\n":
        "      - {to: incident_responder, offset: 5 seconds}\n"
        "      - {to: [incident_responder, isms_manager], offset: 10 seconds}\n"
        "      - {to: [isms_manager, top_management], offset: 15 seconds, repeat: 1 hours}\n"},
    "corrective_action.yaml": {"check_after: 30 days at 09:00}": "check_after: 2 seconds}"},
}
"""What this programme says otherwise than the shipped one, by file."""

LEVELS = (timedelta(0), timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=15))
"""When the critical ladder's levels are due, from the report on; the first one, management, is told at the report."""

TOLD = (("ben", 0), ("ravi", 0), ("dana", 1), ("maria", 1), ("ben", 2), ("ravi", 2), ("ben", 3), ("maria", 3), ("ravi", 3),
        ("dana", 4), ("maria", 4))
"""Who gets a mail as which level; 0 is the response team's at the report."""

PRESS = re.compile(r"https?://\S+/acknowledge/\S+")
_LEVEL = re.compile(r"level (\d+) of its\s+ladder")
_NOTICES = {"incident_reported", "incident_escalated"}


def write_programme(folder: Path) -> None:
    """The shipped programme with clocks in seconds; set-up keeps what is there. Each span that it replaces stands there once."""
    for name, text in shipped().items():
        written = text
        for old, new in SPANS.get(name, {}).items():
            assert text.count(old) == 1, f"{name} says no longer: {old}"
            written = written.replace(old, new)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written, encoding="utf-8")
    load(folder)


@dataclass(frozen=True, slots=True)
class Told:
    """A mail of an incident's ladder as the server took it."""

    to: str
    level: int
    dated: datetime
    text: str


def told(inbox: Sequence[EmailMessage]) -> list[Told]:
    """The mails to the team and of the ladder, in the order in which they arrived."""
    found = []
    for mail in list(inbox):
        notice = unquote(str(mail["Message-ID"])).strip("<").partition(":")[0]
        body = mail.get_body(("plain",))
        if notice in _NOTICES and body is not None:
            text = body.get_content()
            level = _LEVEL.search(text)
            found.append(Told(re.split(r"[<@]", str(mail["To"]))[1], int(level.group(1)) if level else 0,
                              parsedate_to_datetime(str(mail["Date"])), text))
    return found


@dataclass(frozen=True, slots=True)
class Fired:
    """Something by the record: of a ladder which level, when it happened and when that was noticed."""

    level: int | None
    happened: datetime
    noticed: datetime


@dataclass(frozen=True)
class Record:
    """What the database says of one incident."""

    store: Store
    reference: str

    def reported(self) -> datetime:
        """The instant of the report."""
        return self._records(IncidentRecord.REPORTED)[0].happened

    def fired(self) -> list[Fired]:
        """The levels that were told, as the audit record has them: the first at the report, the others by the clock."""
        return self._records(IncidentRecord.ESCALATED, DeadlineRecord.EXPIRED, ladder="incident_critical")

    def words(self) -> int:
        """How often somebody acknowledged it."""
        return len(self._records(IncidentRecord.ACKNOWLEDGED))

    def due(self) -> list[datetime]:
        """The due instants of the ladder's deadlines that fired, in order."""
        case = self._case
        with self.store.read() as conn:
            return list(conn.execute(select(deadlines.c.due_at).where(
                deadlines.c.case_id == case, deadlines.c.event == LADDER, deadlines.c.outcome == "fired")
                .order_by(deadlines.c.due_at)).scalars())

    def queued(self, at: datetime) -> list[str]:
        """The notices to the team and of the ladder that were put into the outbox at an instant."""
        case = self._case
        with self.store.read() as conn:
            rows = conn.execute(select(outbox.c.payload).where(
                outbox.c.case_id == case, outbox.c.channel == MAIL, outbox.c.queued_at == at)).scalars().all()
        return sorted(row["notice"] for row in rows if row["notice"] in _NOTICES)

    @property
    def _case(self) -> str:
        with self.store.read() as conn:
            return str(conn.execute(select(cases.c.id).where(cases.c.reference == self.reference)).scalar_one())

    def _records(self, *kinds: str, ladder: str | None = None) -> list[Fired]:
        case = self._case
        with self.store.read() as conn:
            rows = conn.execute(select(audit).where(audit.c.case_id == case, audit.c.kind.in_(kinds))
                                .order_by(audit.c.seq)).all()
        said = [(row, json.loads(row.body)["data"]) for row in rows]
        return [Fired(data.get("level"), row.happened_at, row.noticed_at) for row, data in said if data.get("ladder") == ladder]
