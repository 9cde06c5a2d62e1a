"""Mails that report: each in the mailbox becomes an incident, or an occurrence of the one that it answers."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from isms_workflow.connectors.maildir import Box, raw
from isms_workflow.connectors.mails import Mail, Part, Unreadable, read
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.rules.attachments import AT_ONCE
from isms_workflow.domain.rules.incidents import LONGEST_TEXT, LONGEST_TITLE
from isms_workflow.engine import hourly, intake
from isms_workflow.engine.accounts.throttle import TooMany
from isms_workflow.engine.commands.attachments import Sent
from isms_workflow.engine.intake import Incoming
from isms_workflow.errors import IsmsError
from isms_workflow.store.database import Store
from isms_workflow.store.files import EvidenceFiles, FileRefused
from isms_workflow.store.statements import incidents as incident_questions
from isms_workflow.store.statements import sources as questions

log = logging.getLogger(__name__)

LOOK_S = 2.0
AFTER_ERROR_S = 15.0
CUT = "\n\n(cut; the whole mail is in the mailbox)"


@dataclass(frozen=True, slots=True)
class Desk:
    """What mails are taken in with: where reports and their files go, the largest file in bytes, and how the Message-IDs
    of our own notices end.
    """

    store: Store
    files: EvidenceFiles
    largest: int
    own: str


def serve(desk: Desk, box: Box, now: Callable[[], datetime], stop: threading.Event) -> None:
    """Looks into the mailbox every two seconds until told to stop.

    1. A mail that can't become a report goes to the sub-folder, and the operators are told; the others go on.
    2. What goes wrong on our side (the database is away, the folder can't be written) leaves the mails where they
       are; it is logged, and tried again after 15 s. The folder's trouble is told once a day.
    3. The report commits first, then the mail moves: after a crash between the two it is looked at again, and its
       Message-ID makes that harmless.
    """
    while not stop.wait(LOOK_S):
        try:
            look(desk, box, now())
        except IsmsError as error:
            log.error("%s", error, extra={"action": "postbox.waits"})
            stop.wait(AFTER_ERROR_S)
        except Exception as error:
            log.exception("The mailbox failed.", extra={"action": "postbox.failed"})
            if isinstance(error, OSError):
                _tell_of_folder(desk.store, error, now())
            stop.wait(AFTER_ERROR_S)


def look(desk: Desk, box: Box, now: datetime) -> int:
    """Takes every mail that waits, oldest first; how many became reports. What is too much for a minute waits for the next."""
    waiting = box.waiting()
    if not waiting:
        return 0
    with desk.store.read() as conn:
        source = conn.execute(questions.in_use("maildir")).first()
    if source is None:
        what = "mails wait in the report mailbox, and there is no source of kind maildir: isms sources add"
        hourly.tell(desk.store, "watchdog", what, now, "postbox")
        return 0
    taken = 0
    for path in waiting:
        try:
            taken += _take(desk, box, source, path, now)
        except TooMany:
            break
    return taken


def _take(desk: Desk, box: Box, source: Any, path: Path, now: datetime) -> bool:
    """Whether a mail became a report. Raises `TooMany`."""
    try:
        mail = read(raw(path), desk.own)
        intake.count(desk.store, source.id, now)
        intake.message(desk.store, source, mail.key, _incoming(desk, source, mail), now)
    except FileNotFoundError:  # another deliverer was quicker
        return False
    except (Unreadable, Wrong) as why:
        _refuse(desk.store, box, path, why, now)
        return False
    box.taken(path)
    return True


def _incoming(desk: Desk, source: Any, mail: Mail) -> Incoming:
    """An answer to a mail that was a report goes under that one's key; a file that isn't taken is named in the text."""
    with desk.store.read() as conn:
        known = (each for each in mail.answers if conn.execute(incident_questions.of_key(source.id, each)).first())
        key = next(known, mail.key)
    files, left = _kept(desk, mail.files)
    most = LONGEST_TEXT - len(left)
    text = mail.text if len(mail.text) <= most else mail.text[:most - len(CUT)] + CUT
    return Incoming(mail.title[:LONGEST_TITLE], text + left, key=key, files=files)


def _kept(desk: Desk, parts: Sequence[Part]) -> tuple[tuple[Sent, ...], str]:
    """Its files, safely on the disk, and what is said of those that aren't."""
    kept, left = [], [part.name for part in parts[AT_ONCE:]]
    for part in parts[:AT_ONCE]:
        try:
            kept.append(Sent(desk.files.store((part.content,), desk.largest), part.name, part.media_type))
        except FileRefused:
            left.append(part.name)
    return tuple(kept), f"\n\nNot kept, and still in the mailbox: {', '.join(left)}"[:2000] if left else ""


def _refuse(store: Store, box: Box, path: Path, why: IsmsError, now: datetime) -> None:
    """Told first, then moved: a crash between the two tells once, for the notice has a key."""
    log.warning("%s %s", path.name, why, extra={"action": "postbox.refused"})
    if not (isinstance(why, Unreadable) and why.quietly):
        occasion = hashlib.sha256(path.name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        what = f"a mail to the report mailbox couldn't become a report and lies in its sub-folder {box.folder.name}/.refused"
        hourly.tell(store, "watchdog", what, now, occasion, str(why))
    box.refused(path)


def _tell_of_folder(store: Store, error: OSError, now: datetime) -> None:
    try:
        hourly.tell(store, "watchdog", "the report mailbox can't be used", now, "postbox-folder", str(error))
    except IsmsError as untold:
        log.error("%s", untold, extra={"action": "postbox.untold"})
