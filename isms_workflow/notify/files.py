"""Mails as `.eml` files, while no SMTP server is configured: any mail program opens them."""

from __future__ import annotations

import hashlib
import heapq
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import unquote

from isms_workflow.domain.effects import EffectError, Refused, Unreachable
from isms_workflow.folders import private
from isms_workflow.notify.addresses import BadAddress, mailbox
from isms_workflow.notify.letters import Delivery, Letter, compose
from isms_workflow.notify.notices import Mail, Recipient
from isms_workflow.settings import Settings

SEALED = "sealed"
"""The subfolder of mails with links that sign somebody in: 0700, files 0600, never listed."""

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"(\d{8}T\d{6}\.\d{6}Z)-([\w.-]+)\.eml")


@dataclass(frozen=True, slots=True)
class WrittenMail:
    """A mail as it stands in a file; `key` is its outbox key, by which its case can be found."""

    at: datetime
    to: str
    subject: str
    text: str
    key: str
    file: str


class FileChannel:
    """Writes each mail to a file of its own. Raises `BadAddress` for a wrong `mail_from`."""

    def __init__(self, settings: Settings) -> None:
        self.folder, self.public_url = settings.mail_dir, settings.public_url
        self.sender = mailbox(settings.mail_from)

    def send(self, key: str, to: Recipient, mail: Mail, sensitive: bool) -> Delivery:
        """Writes one mail. Raises `Unreachable` (a full disk, no rights), `Refused` (no such address)."""
        (outcome,) = self.send_many([Letter(key, to, mail, sensitive)])
        if isinstance(outcome, EffectError):
            raise outcome
        return outcome

    def send_many(self, letters: Iterable[Letter]) -> Iterator[Delivery | EffectError]:
        """The outcome of each letter in order. A key that has its file already is not written again."""
        there: dict[Path, dict[str, str]] = {}
        for letter in letters:
            try:
                message = compose(letter, self.sender, self.public_url)
                yield Delivery(str(message["Message-ID"]), self._write(letter, message, there))
            except BadAddress as bad:
                yield Refused(str(bad))
            except OSError as error:
                problem = f"{error.strerror or type(error).__name__}. Make room, or check who may write there"
                yield Unreachable(f"Mail can't be written to {self.folder}: {problem}.")

    def _write(self, letter: Letter, message: EmailMessage, there: dict[Path, dict[str, str]]) -> str:
        folder = self.folder / SEALED if letter.sensitive else self.folder
        if folder not in there:
            _make(folder)
            there[folder] = {_tag_of(each.name): each.name for each in folder.iterdir()}
        tag = _tag(letter.key)
        if tag not in there[folder]:
            name = f"{letter.mail.at.astimezone(UTC).strftime(_STAMP)}-{tag}.eml"
            _write_whole(folder / name, message.as_bytes())
            there[folder][tag] = name
        return there[folder][tag]


def listing(folder: Path, limit: int) -> tuple[WrittenMail, ...]:
    """The newest mails in the folder, newest first; without those that carry a link to sign in.

    Whoever shows them to others than the reader of a mail has to ask first whether they may see its case.
    """
    if not folder.is_dir():
        return ()
    return tuple(_read(folder / name) for name in heapq.nlargest(limit, _names(folder)))


def sealed(folder: Path) -> int:
    """How many mails there are that are never listed."""
    inner = folder / SEALED
    return len(_names(inner)) if inner.is_dir() else 0


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if _NAME.fullmatch(each.name)]


def _read(path: Path) -> WrittenMail:
    message = message_from_bytes(path.read_bytes(), policy=default)
    body = message.get_body(("plain",))
    stamp = path.name.partition("-")[0]
    return WrittenMail(
        at=datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC),
        to=message["To"].addresses[0].addr_spec,
        subject=str(message["Subject"]).strip(),  # one of 70 letters or so is folded before its first word
        text="\n".join(body.get_content().splitlines()) + "\n" if body else "",
        key=unquote(str(message["Message-ID"]).strip(" <>").rpartition("@")[0]),
        file=path.name,
    )


def _make(folder: Path) -> None:
    private(folder)
    if folder.name == SEALED:
        folder.chmod(0o700)  # also one that was there, or was made under an odd umask


def _write_whole(path: Path, data: bytes) -> None:
    """The file whole or not at all: written aside, synced, renamed, and its folder synced."""
    aside = path.with_suffix(".part")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _tag(key: str) -> str:
    """The notice's name, readable, and enough of the key's digest to tell keys apart."""
    word = re.sub(r"[^a-z_]", "", key.partition(":")[0])[:30] or "mail"
    return f"{word}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _tag_of(name: str) -> str:
    found = _NAME.fullmatch(name)
    return found.group(2) if found else name
