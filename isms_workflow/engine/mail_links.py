"""Acknowledging from the mail: one press on the page behind a link that its reader alone was sent.

A link is made when its mail leaves, so that it never waits in the outbox; we keep its digest. It is good for one day,
once, and only while its incident waits for an answer that its reader may give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.clocks import incidents_of, severity_of
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.people import Actor
from isms_workflow.domain.rules import escalation
from isms_workflow.domain.times import When
from isms_workflow.engine.accounts import throttle
from isms_workflow.engine.accounts.secret import digest, new_secret
from isms_workflow.engine.commands.incidents import of_incident
from isms_workflow.engine.mailing.look import Look
from isms_workflow.engine.writer import write
from isms_workflow.errors import IsmsError
from isms_workflow.store.bulk import insert_many
from isms_workflow.store.database import Store, Transaction
from isms_workflow.store.statements import mail_links as questions
from isms_workflow.store.tables import mail_links

LIFE = timedelta(hours=24)
"""Whoever reads it later signs in: by then others have been told."""

MOST, WITHIN = 20, timedelta(minutes=1)
"""So many presses from one address: a whole office may stand behind it."""

CHANNEL = "mail"


class MailLinkSpent(IsmsError):
    """The link was used, has expired, its incident waits no more, or there never was one."""

    status = 410

    def __init__(self, reference: str = "") -> None:
        super().__init__(reference)
        self.reference = reference

    def __str__(self) -> str:
        return ("This link can't be used: it was used already, has expired, or the incident no longer waits for its reader. "
                "Sign in to see how it stands.")


class ForeignLink(IsmsError):
    """Somebody else is signed in than the one to whom the link was sent."""

    status = 403

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference

    def __str__(self) -> str:
        return "This link was sent to somebody else: open the incident itself, and act there as yourself."


@dataclass(frozen=True, slots=True)
class Made:
    """A link before it is written: its row, and the path with the secret."""

    row: dict[str, Any]
    path: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link opens. `title` is empty for whoever may not see the case."""

    person: str
    reference: str
    severity: str
    title: str
    holds: str
    expires_at: datetime
    is_exercise: bool


def make(person: str, case: str, level: int, now: datetime) -> Made:
    """A link for one mail's reader; nobody can use it until its row is written."""
    token = new_secret()
    row = {"id": new_id(), "token": digest(token), "person": person, "case_id": case, "level": level, "made_at": now,
           "expires_at": now + LIFE}
    return Made(row, f"/acknowledge/{token}")


def keep(tx: Transaction, made: Sequence[Made]) -> None:
    """Writes the links of mails that leave now."""
    insert_many(tx, mail_links, [each.row for each in made])


def take_back(tx: Transaction, made: Sequence[Made]) -> None:
    """The links of mails that didn't leave: the next try makes others."""
    tx.execute(questions.take_back([each.row["id"] for each in made]))


def offer(conn: Connection, token: str, reader: str | None, now: datetime) -> Offer:
    """What pressing would do; looking changes nothing, for mail scanners look too. `reader` is whoever is signed in.

    Raises `MailLinkSpent`, `ForeignLink`.
    """
    row = _row(conn, token)
    look = Look(conn, now)
    view = look.view(row.case_id)
    _usable(row, view.case.reference, reader, now)
    if not escalation.answerable(view, row.person, row.made_at):
        raise MailLinkSpent(view.case.reference)
    _, incident = incidents_of(view)
    severity = severity_of(view)
    title = look.incident_title(row.case_id) if look.sees(row.person, row.case_id) else ""
    return Offer(row.person, view.case.reference, severity.title, title, str(severity.acknowledgement.holds), row.expires_at,
                 incident.is_exercise)


def acknowledge(store: Store, token: str, reader: str | None, address: str, now: datetime) -> Offer:
    """The link's reader gives their word; that uses the link up, both or neither. What it offered.

    Raises `TooMany`, `MailLinkSpent`, `ForeignLink`, and what acknowledging raises.
    """
    with store.write() as tx:
        throttle.bound(tx, "mail link", address, MOST, WITHIN, now)
    with store.write() as tx:
        row = _row(tx, token)
        when = When.at(now)
        view = of_incident(tx, row.case_id, when)  # locked before we look whether it still waits
        found = offer(tx, token, reader, now)
        if tx.execute(questions.use(row.id, now)).rowcount != 1:
            raise MailLinkSpent(found.reference)
        write(tx, [escalation.acknowledge(view, None, Actor(row.person, CHANNEL), when)], now)
    return found


def _row(conn: Connection, token: str) -> Any:
    row = conn.execute(questions.of_token(digest(token))).one_or_none()
    if row is None:
        raise MailLinkSpent()
    return row


def _usable(row: Any, reference: str, reader: str | None, now: datetime) -> None:
    if reader is not None and reader != row.person:
        raise ForeignLink(reference)
    if row.used_at is not None or row.expires_at <= now:
        raise MailLinkSpent(reference)
