"""A Maildir that an MTA delivers into: what waits there, what a mail says, and where it goes when it is dealt with."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from isms_workflow.errors import IsmsError
from isms_workflow.folders import private

LONGEST_TEXT = 1024 * 1024
"""Bytes of a mail's text."""

LONGEST_MAIL = 50 * LONGEST_TEXT
"""Bytes of the whole; attachments stay in the mailbox."""

LONGEST_KEY = 200
AUTOMATIC = "an automatic answer, or a notice of our own"
MESSAGE_ID = re.compile(r"<[^<>\s]+>")


class Unreadable(IsmsError):
    """A mail that can't become a report; `quietly` if telling of it could call forth the next."""

    def __init__(self, why: str, quietly: bool = False) -> None:
        super().__init__(why, quietly)
        self.why, self.quietly = why, quietly

    def __str__(self) -> str:
        return f"The mail can't be taken: {self.why}."


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says. `key` is its Message-ID, `answers` are those of the mails that it answers, the nearest first."""

    title: str
    text: str
    key: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """The folder. A mail in `new` waits; `cur` has those that were taken, `.refused` those that couldn't be."""

    folder: Path

    def waiting(self) -> list[Path]:
        """The mails that wait, oldest first, as far as their names tell. The folder is made if it isn't there."""
        _made(self.folder)
        return sorted(path for path in (self.folder / "new").iterdir() if not path.name.startswith("."))

    def taken(self, mail: Path) -> None:
        """It has become a report: seen. Nothing, if somebody else has moved it."""
        _move(mail, self.folder / "cur" / f"{mail.name.partition(':')[0]}:2,S")

    def refused(self, mail: Path) -> None:
        """It can't become one: a person looks at it in the sub-folder, where mail programs show it as new."""
        aside = self.folder / ".refused"
        _made(aside)
        (aside / "maildirfolder").touch()  # how a sub-folder is told from a mailbox of its own
        _move(mail, aside / "new" / mail.name.partition(":")[0])


def _made(folder: Path) -> None:
    for part in ("tmp", "new", "cur"):
        private(folder / part)


def _move(mail: Path, to: Path) -> None:
    try:
        mail.rename(to)
    except FileNotFoundError:
        if not to.parent.is_dir():
            raise


def read(file: Path, own: str) -> Mail:
    """What a mail says. `own` is how the Message-IDs of our own notices end. Raises `Unreadable`, `FileNotFoundError`."""
    raw = _bytes(file)
    try:
        mail = message_from_bytes(raw, policy=default)
        assert isinstance(mail, EmailMessage)  # what this policy makes
        return _said(mail, raw, own)
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever a stranger's mail makes it
        raise Unreadable(f"it can't be read ({type(error).__name__})") from error


def _bytes(file: Path) -> bytes:
    """A plain file's content: a link could name any file of ours."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Unreadable(f"it can't be opened ({error.strerror})") from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable("it is no file")
        if found.st_size > LONGEST_MAIL:
            raise Unreadable("it is too large")
        with os.fdopen(handle, "rb", closefd=False) as content:
            return content.read()
    finally:
        os.close(handle)


def _said(mail: EmailMessage, raw: bytes, own: str) -> Mail:
    key = _kept(_text(mail, "message-id").strip()) or f"sha256:{hashlib.sha256(raw).hexdigest()}"
    if _is_automatic(mail) or key.endswith(own):
        raise Unreadable(AUTOMATIC, quietly=True)
    title = " ".join(_clean(_text(mail, "subject")).split()) or "A mail without a subject"
    answers = [*MESSAGE_ID.findall(_text(mail, "in-reply-to")), *reversed(MESSAGE_ID.findall(_text(mail, "references")))]
    text = f"From: {' '.join(_clean(_text(mail, 'from')).split())[:500]}\n\n{_plain(mail)}"
    return Mail(title, text, key, tuple(dict.fromkeys(_kept(each) for each in answers[:100])))


def _is_automatic(mail: EmailMessage) -> bool:
    """Bounces and absence notes: were they reports, each would tell people, whose absence notes would be reports."""
    return (_text(mail, "auto-submitted").strip().lower().startswith("auto-replied")
            or mail.get_content_type() == "multipart/report")


def _plain(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("plain",))
    if part is None:
        return "(It has no plain text: read it in the mailbox.)"
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)  # a part that has no parts
    if len(content) > LONGEST_TEXT:
        raise Unreadable("its text is over 1 MiB")
    try:
        return _clean(content.decode(part.get_content_charset() or "utf-8", "replace"))
    except LookupError:  # a charset that nobody knows
        return _clean(content.decode("utf-8", "replace"))


def _text(mail: EmailMessage, name: str) -> str:
    return str(mail.get(name, ""))


def _clean(text: str) -> str:
    """As both databases can hold it."""
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


def _kept(key: str) -> str:
    """A Message-ID as a key: one that is too long by its digest."""
    clean = _clean(key)
    return clean if len(clean) <= LONGEST_KEY else f"sha256:{hashlib.sha256(clean.encode()).hexdigest()}"
