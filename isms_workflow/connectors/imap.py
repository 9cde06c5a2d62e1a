"""A folder on an IMAP server: what lies in it waits, and moves to another folder when it is dealt with (RFC 9051).

Plain `imaplib`: a mail's Message-ID makes each a report once, whatever happens between the report and the move.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from isms_workflow.connectors.mails import LONGEST_MAIL, Unreadable
from isms_workflow.errors import IsmsError
from isms_workflow.settings import Imap

TIMEOUT_S = 15.0
"""Whoever doesn't answer within it is away."""

EVERY_S, PATIENCE_S = 30.0, 300.0
FAILURES = (imaplib.IMAP4.error, OSError)
OTHER = re.compile(r"&|[^ -~]+")
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class Away(IsmsError):
    """The server can't be reached, or doesn't let us do what it has to; nothing was taken."""

    status = 503

    def __init__(self, where: str, why: str) -> None:
        super().__init__(where, why)
        self.where, self.why = where, why

    def __str__(self) -> str:
        return f"The IMAP folder {self.where} can't be used: {self.why.rstrip('.')}. Look at report_imap and the server."


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail by its number in the folder; `name` is what it is called in a log."""

    uid: str
    name: str


@dataclass(frozen=True)
class Account:
    """The folder, as the settings name it; how often it is looked into, and how long it may be away until that is told."""

    its: Imap
    kind = "imap"
    every = EVERY_S
    patience = PATIENCE_S

    @property
    def aside(self) -> str:
        """Where a mail lies that can't become a report."""
        return f"folder {self.its.refused} on {self.its.host}"

    @contextmanager
    def opened(self) -> Iterator[Folder]:
        """A connection, signed in, the folder chosen. Raises `Away`."""
        where = f"{self.its.folder} on {self.its.host}:{self.its.served_at}"
        with _said(where):
            server = self._connected()
        try:
            with _said(where):
                self._sign_in(server)
                can_move = b"MOVE" in b" ".join(_flat(_ok(server.capability()))).upper().split()
                _ok(server.select(_quoted(self.its.folder)))
            yield Folder(server, self.its, where, can_move)
        finally:
            with suppress(*FAILURES):
                server.logout()

    def _sign_in(self, server: imaplib.IMAP4) -> None:
        """By LOGIN, which every server knows; it takes ASCII alone, so in other letters by PLAIN (RFC 4616)."""
        user, password = self.its.user, self.its.password.get_secret_value()
        if f"{user}{password}".isascii():
            server.login(user, password)
        else:
            server.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())

    def _connected(self) -> imaplib.IMAP4:
        its, trust = self.its, ssl.create_default_context()
        if its.tls == "tls":
            return imaplib.IMAP4_SSL(its.host, its.served_at, ssl_context=trust, timeout=TIMEOUT_S)
        server = imaplib.IMAP4(its.host, its.served_at, timeout=TIMEOUT_S)
        if its.tls == "starttls":
            try:
                server.starttls(trust)
            except FAILURES:
                with suppress(OSError):
                    server.shutdown()
                raise
        return server


@dataclass(frozen=True)
class Folder:
    """The folder while a connection lasts. Each method raises `Away`."""

    server: imaplib.IMAP4
    its: Imap
    where: str
    can_move: bool

    def waiting(self) -> Sequence[Letter]:
        """The mails that lie in it, oldest first."""
        with _said(self.where):
            validity = b"".join(each for each in self.server.response("UIDVALIDITY")[1] or [] if each).decode()
            found = _ok(self.server.uid("SEARCH", "UNDELETED"))
            numbers = sorted(int(each) for each in b" ".join(each for each in found if isinstance(each, bytes)).split())
            return [Letter(str(number), f"{validity}.{number}") for number in numbers]

    def read(self, mail: Letter) -> bytes:
        """A mail's bytes; it stays unread. Raises `Unreadable`, `FileNotFoundError` for one that is gone."""
        with _said(self.where):
            size = SIZE.search(b" ".join(_flat(_ok(self.server.uid("FETCH", mail.uid, "(RFC822.SIZE)")))))
            if size and int(size[1]) > LONGEST_MAIL:
                raise Unreadable("it is too large")
            for part in _ok(self.server.uid("FETCH", mail.uid, "(BODY.PEEK[])")):
                if isinstance(part, tuple) and b"BODY[]" in part[0]:
                    return bytes(part[1])
        raise FileNotFoundError(mail.name)

    def taken(self, mail: Letter) -> None:
        """It has become a report: read, and moved."""
        with _said(self.where):
            self.server.uid("STORE", mail.uid, "+FLAGS.SILENT", r"(\Seen)")
            self._move(mail, self.its.taken)

    def refused(self, mail: Letter) -> None:
        """It can't become one: a person looks at it in the other folder, where it is new."""
        with _said(self.where):
            self._move(mail, self.its.refused)

    def _move(self, mail: Letter, to: str) -> None:
        """Where the server can't move (RFC 6851), a copy, and the mail marked as deleted: nobody else's mark is acted on."""
        command = "MOVE" if self.can_move else "COPY"
        if self.server.uid(command, mail.uid, _quoted(to))[0] != "OK":
            _ok(self.server.create(_quoted(to)))
            _ok(self.server.uid(command, mail.uid, _quoted(to)))
        if not self.can_move:
            _ok(self.server.uid("STORE", mail.uid, "+FLAGS.SILENT", r"(\Deleted)"))


@contextmanager
def _said(where: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        raise Away(where, f"its certificate or encryption isn't as it should be ({error.reason or error})") from error
    except FAILURES as error:
        raise Away(where, " ".join(_words(error).split())[:300] or type(error).__name__) from error


def _words(error: Exception) -> str:
    """What an error says; imaplib hands on some of a server's answers as bytes."""
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)


def _ok(answer: tuple[str, list[Any]]) -> list[Any]:
    """What was answered. Raises imaplib's error unless it was OK."""
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(b" ".join(_flat(data)).decode("utf-8", "replace") or status)
    return data


def _flat(data: Sequence[Any]) -> Iterator[bytes]:
    for each in data:
        yield from (part for part in (each if isinstance(each, tuple) else (each,)) if isinstance(part, bytes))


def mailbox_name(folder: str) -> str:
    """The folder as IMAP writes it: in modified UTF-7, ASCII but for `&` as it is (RFC 3501, 5.1.3)."""
    return OTHER.sub(lambda found: f"&{_in_base64(found[0])}-", folder)


def _in_base64(letters: str) -> str:
    """As UTF-16 in base64 with a comma for the slash, unfilled; of `&` alone nothing."""
    return "" if letters == "&" else b64encode(letters.encode("utf-16-be"), b"+,").rstrip(b"=").decode()


def _quoted(folder: str) -> str:
    escaped = mailbox_name(folder).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
