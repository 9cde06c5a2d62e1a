"""Mails that report: each in a mailbox becomes an incident, or an occurrence of the one that it answers."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from isms_workflow.connectors.imap import Away
from isms_workflow.connectors.mails import Mail, Part, Unreadable, read
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.rules.attachments import AT_ONCE
from isms_workflow.domain.rules.incidents import LONGEST_TEXT, LONGEST_TITLE
from isms_workflow.engine import health, hourly, intake
from isms_workflow.engine.accounts.throttle import TooMany
from isms_workflow.engine.commands.attachments import Sent
from isms_workflow.engine.intake import Incoming
from isms_workflow.errors import IsmsError
from isms_workflow.store.database import Store
from isms_workflow.store.files import EvidenceFiles, FileRefused
from isms_workflow.store.statements import incidents as incident_questions
from isms_workflow.store.statements import sources as questions

log = logging.getLogger(__name__)

AFTER_ERROR_S = 15.0
MOST_SAID = 2000
"""Characters of each thing that is said of a mail below its text: a stranger wrote them."""

EMPTY = ("An empty attachment was left out", "Empty attachments were left out")
CUT = "\n\n(cut; the whole mail is in the mailbox)"


class Mails(Protocol):
    """A mailbox that is open. A mail is whatever it hands out, with a `name` for the log."""

    def waiting(self) -> Sequence[Any]:
        """The mails that wait, oldest first."""

    def read(self, mail: Any) -> bytes:
        """A mail's bytes. Raises `Unreadable`, `FileNotFoundError` for one that is gone."""

    def taken(self, mail: Any) -> None:
        """It has become a report."""

    def refused(self, mail: Any) -> None:
        """It can't become one."""


class Mailbox(Protocol):
    """A mailbox: the kind of its source, how often it is looked into, for how long it may be away until that is told, both
    in seconds, and where what can't be taken lies.
    """

    @property
    def kind(self) -> str:
        """The kind of its source."""

    @property
    def every(self) -> float:
        """Seconds between two looks."""

    @property
    def patience(self) -> float:
        """Seconds for which it may be away before people are told; the operator's page says so at once."""

    @property
    def aside(self) -> str:
        """Where a mail lies that can't become a report."""

    def opened(self) -> AbstractContextManager[Mails]:
        """Open for one look. Raises `Away`."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What mails are taken in with: where reports and their files go, the largest file in bytes, and how the Message-IDs
    of our own notices end.
    """

    store: Store
    files: EvidenceFiles
    largest: int
    own: str


def serve(desk: Desk, box: Mailbox, now: Callable[[], datetime], facts: dict[str, Any], stop: threading.Event) -> None:
    """Looks into the mailbox again and again until told to stop.

    1. A mail that can't become a report is set aside, and the operators are told; the others go on.
    2. What goes wrong on our side (the database is away, the folder can't be written, the server can't be reached) leaves
       the mails where they are; it is tried again after 15 s. The mailbox's own trouble stands in `facts`, which the
       process says of itself, as long as it lasts, and is told once a day.
    3. The report commits first, then the mail moves: after a crash between the two it is looked at again, and its
       Message-ID makes that harmless.
    """
    since: datetime | None = None
    pause = 0.0
    while not stop.wait(pause):
        pause = AFTER_ERROR_S
        try:
            with box.opened() as mails:
                look(desk, box, mails, now())
        except (Away, OSError) as error:
            since = since or now()
            log.error("%s", error, extra={"action": "postbox.away"})
            facts[health.TROUBLES[box.kind]] = str(error)[:300]
            if (now() - since).total_seconds() >= box.patience:
                _tell_of_mailbox(desk.store, box, error, now())
        except IsmsError as error:
            log.error("%s", error, extra={"action": "postbox.waits"})
        except Exception:
            log.exception("The mailbox failed.", extra={"action": "postbox.failed"})
        else:
            since, pause = None, box.every
            facts.pop(health.TROUBLES[box.kind], None)


def look(desk: Desk, box: Mailbox, mails: Mails, now: datetime) -> int:
    """Takes every mail that waits, oldest first; how many became reports. What is too much for a minute waits for the next."""
    waiting = mails.waiting()
    if not waiting:
        return 0
    with desk.store.read() as conn:
        source = conn.execute(questions.in_use(box.kind)).first()
    if source is None:
        what = f"mails wait in the report mailbox, and there is no source of kind {box.kind}: isms sources add"
        hourly.tell(desk.store, "watchdog", what, now, f"postbox-{box.kind}")
        return 0
    taken = 0
    for mail in waiting:
        try:
            taken += _take(desk, box, mails, source, mail, now)
        except TooMany:
            break
    return taken


def _take(desk: Desk, box: Mailbox, mails: Mails, source: Any, mail: Any, now: datetime) -> bool:
    """Whether a mail became a report. Raises `TooMany`."""
    try:
        said = read(mails.read(mail), desk.own)
        intake.count(desk.store, source.id, now)
        found, digest = _incoming(desk, source, said), _digest(said)
        try:
            intake.message(desk.store, source, said.key, found, now, digest)
        except intake.IdReused:  # some send one Message-ID for ever: what else is said under it isn't lost
            intake.message(desk.store, source, f"{said.key[:180]}#{digest[:16]}", found, now, digest)
    except FileNotFoundError:  # another deliverer was quicker
        return False
    except (Unreadable, Wrong) as why:
        _refuse(desk.store, box, mails, mail, why, now)
        return False
    mails.taken(mail)
    return True


def _digest(mail: Mail) -> str:
    """By which a mail that is looked at again is told from another one under its Message-ID."""
    files = [(part.name, hashlib.sha256(part.content).hexdigest()) for part in mail.files]
    return hashlib.sha256(repr((mail.title, mail.text, files)).encode("utf-8", "surrogateescape")).hexdigest()


def _incoming(desk: Desk, source: Any, mail: Mail) -> Incoming:
    """An answer to a mail that was a report goes under that one's key; what isn't taken is said or named in the text."""
    with desk.store.read() as conn:
        known = (each for each in mail.answers if conn.execute(incident_questions.of_key(source.id, each)).first())
        key = next(known, mail.key)
    files, left = _kept(desk, mail.files)
    left = _more_of_subject(mail.title) + _named(EMPTY[len(mail.empty) > 1], mail.empty) + left
    most = LONGEST_TEXT - len(left)
    text = mail.text if len(mail.text) <= most else mail.text[:most - len(CUT)] + CUT
    return Incoming(mail.title[:LONGEST_TITLE], text + left, key=key, files=files)


def _more_of_subject(title: str) -> str:
    """What of a subject is no title any more."""
    rest = title[LONGEST_TITLE:]
    return f"\n\nThe subject went on: {rest[:MOST_SAID]}{'…' if len(rest) > MOST_SAID else ''}" if rest else ""


def _named(what: str, names: Sequence[str]) -> str:
    """What is said of files by their names; nothing of none."""
    return f"\n\n{what}: {', '.join(names)}"[:MOST_SAID] if names else ""


def _kept(desk: Desk, parts: Sequence[Part]) -> tuple[tuple[Sent, ...], str]:
    """Its files, safely on the disk, and what is said of those that aren't."""
    kept, left = [], [part.name for part in parts[AT_ONCE:]]
    for part in parts[:AT_ONCE]:
        try:
            kept.append(Sent(desk.files.store((part.content,), desk.largest), part.name, part.media_type))
        except FileRefused:
            left.append(part.name)
    return tuple(kept), _named("Not kept, and still in the mailbox", left)


def _refuse(store: Store, box: Mailbox, mails: Mails, mail: Any, why: IsmsError, now: datetime) -> None:
    """Told first, then moved: a crash between the two tells once, for the notice has a key."""
    log.warning("%s %s", mail.name, why, extra={"action": "postbox.refused"})
    if not (isinstance(why, Unreadable) and why.quietly):
        occasion = hashlib.sha256(mail.name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        what = f"a mail to the report mailbox couldn't become a report and lies in its {box.aside}"
        hourly.tell(store, "watchdog", what, now, occasion, str(why))
    mails.refused(mail)


def _tell_of_mailbox(store: Store, box: Mailbox, error: Exception, now: datetime) -> None:
    try:
        hourly.tell(store, "watchdog", "the report mailbox can't be used", now, f"postbox-away-{box.kind}", str(error))
    except IsmsError as untold:
        log.error("%s", untold, extra={"action": "postbox.untold"})
