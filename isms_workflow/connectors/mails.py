"""What a mail that reports an incident says: its subject, text and files, and which mails it answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default

from isms_workflow.errors import IsmsError

LONGEST_TEXT = 1024 * 1024
"""Bytes of a mail's text."""

LONGEST_MAIL = 50 * LONGEST_TEXT
"""Bytes of the whole."""

LONGEST_KEY = 200
LONGEST_NAME = 200
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
class Part:
    """A file that a mail carries; its name without folders."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says. `key` is its Message-ID, `answers` are those of the mails that it answers, the nearest first. `empty` names
    the files that hold nothing, and aren't among the others.
    """

    title: str
    text: str
    key: str
    answers: tuple[str, ...]
    files: tuple[Part, ...] = ()
    empty: tuple[str, ...] = ()


def read(raw: bytes, own: str) -> Mail:
    """What a mail says. `own` is how the Message-IDs of our own notices end. Raises `Unreadable`."""
    try:
        mail = message_from_bytes(raw, policy=default)
        assert isinstance(mail, EmailMessage)  # what this policy makes
        return _said(mail, raw, own)
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever a stranger's mail makes it
        raise Unreadable(f"it can't be read ({type(error).__name__})") from error


def _said(mail: EmailMessage, raw: bytes, own: str) -> Mail:
    key = _kept(_text(mail, "message-id").strip()) or f"sha256:{hashlib.sha256(raw).hexdigest()}"
    if _is_automatic(mail) or key.endswith(own):
        raise Unreadable(AUTOMATIC, quietly=True)
    title = " ".join(_clean(_text(mail, "subject")).split()) or "A mail without a subject"
    answers = [*MESSAGE_ID.findall(_text(mail, "in-reply-to")), *reversed(MESSAGE_ID.findall(_text(mail, "references")))]
    text = f"From: {' '.join(_clean(_text(mail, 'from')).split())[:500]}\n\n{_plain(mail)}"
    files = tuple(_files(mail))
    return Mail(title, text, key, tuple(dict.fromkeys(_kept(each) for each in answers[:100])),
                tuple(each for each in files if each.content), tuple(each.name for each in files if not each.content))


def _is_automatic(mail: EmailMessage) -> bool:
    """Bounces and absence notes: were they reports, each would tell people, whose absence notes would be reports."""
    return (_text(mail, "auto-submitted").strip().lower().startswith("auto-replied")
            or mail.get_content_type() == "multipart/report")


def _files(mail: EmailMessage) -> Iterator[Part]:
    """What it carries beside its text, in order: whatever has a name, or is said to be attached, or is no text at all."""
    for number, part in enumerate(_leaves(mail), 1):
        if part is mail or not (part.get_filename() or part.is_attachment() or part.get_content_maintype() != "text"):
            continue
        yield Part(_name(part, number), part.get_content_type(), _bytes(part))


def _leaves(part: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that have none; a mail that is attached is one of them."""
    if part.get_content_maintype() != "multipart":
        yield part
        return
    for each in part.iter_parts():
        assert isinstance(each, EmailMessage)  # what the policy makes of parts, too
        yield from _leaves(each)


def _bytes(part: EmailMessage) -> bytes:
    inside = part.get_payload()
    if isinstance(inside, list):  # a mail in the mail
        return b"".join(each.as_bytes() for each in inside if isinstance(each, Message))
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _name(part: EmailMessage, number: int) -> str:
    """As its sender calls it, if that can be shown."""
    told = " ".join(_clean(part.get_filename() or "").replace("\\", "/").rpartition("/")[2].split())
    shown = "".join(c if c.isprintable() else "_" for c in told)[-LONGEST_NAME:]
    if shown.strip("."):
        return shown
    return f"part-{number}.eml" if part.get_content_maintype() == "message" else f"part-{number}"


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
