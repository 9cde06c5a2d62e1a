"""A real SMTP server in a thread of its own, which answers each mailbox in its own way."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HANG, DROP = "hang", "drop"

ANSWERS: Mapping[str, tuple[str, str]] = {
    "nobody": ("RCPT", "550 5.1.1 No such user"),
    "greylisted": ("RCPT", "451 4.7.1 Greylisted, come back later"),
    "full": ("RCPT", "452 4.2.2 Mailbox full"),
    "closing": ("RCPT", "421 4.3.2 Shutting down"),
    "sealed-in": ("RCPT", "530 5.7.0 Authentication required"),
    "silent": ("RCPT", HANG),
    "suspicious": ("DATA", "554 5.7.1 Looks like spam"),
    "busy": ("DATA", "451 4.3.0 Try again later"),
    "trapdoor": ("DATA", DROP),
}
"""By the mailbox's local part: at which command it answers otherwise than 250, and how."""

USER, PASSWORD = "isms", "correct horse battery"


class Clerk(SMTP):
    """One connection; its greeting, and what it does in the middle of DATA, are the office's choice."""

    office: PostOffice
    greeted = False

    async def push(self, status: Any) -> None:
        """Sends an answer, but greets in the office's way."""
        if str(status).startswith("220 ") and self.office.greeting and not self.greeted:
            if self.office.greeting != HANG:
                await super().push(self.office.greeting)
                self.transport.close()
            return
        self.greeted = True
        await super().push(status)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Hangs up after the first line of a message to the trapdoor."""
        if any(_answer(to, "DATA") == DROP for to in self.envelope.rcpt_tos):
            await self.push("354 go on")
            await self._reader.readuntil(b"\r\n")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)
        if self.office.hangs_up_after and len(self.office.inbox) % self.office.hangs_up_after == 0:
            self.transport.close()


class PostOffice:
    """Keeps what it takes in `inbox`, and counts the connections; all other mailboxes take everything."""

    def __init__(self, **how: Any) -> None:
        self.inbox: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.connections = 0
        self.greeting: str = how.pop("greeting", "")
        self.sender_answer: str = how.pop("sender_answer", "250 OK")
        self.hangs_up_after: int = how.pop("hangs_up_after", 0)
        self.greeted: list[str] = []
        self.encrypted: list[bool] = []
        self.signed_in: list[bool] = []
        self._implicit: ssl.SSLContext | None = how.pop("implicit_tls", None)
        self._how = how
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    def __enter__(self) -> PostOffice:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> asyncio.Server:
        return await self._loop.create_server(self._clerk, "127.0.0.1", 0, ssl=self._implicit)

    async def _close(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _clerk(self) -> SMTP:
        self.connections += 1
        clerk = Clerk(self, loop=self._loop, hostname="mail.test", **self._how)
        clerk.office = self
        return clerk

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Takes a sender, or says what it was told to say."""
        envelope.mail_from = address
        return self.sender_answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answers as the mailbox does."""
        answer = _answer(address, "RCPT")
        if answer == HANG:
            await asyncio.sleep(3600)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        """Takes a message, or answers as the mailbox does."""
        answer = _answer(envelope.rcpt_tos[0], "DATA")
        if answer.startswith("250"):
            self.envelopes.append(envelope)
            self.inbox.append(message_from_bytes(envelope.content, policy=default))
            self.greeted.append(str(session.host_name))
            self.encrypted.append(session.ssl is not None or self._implicit is not None)
            self.signed_in.append(bool(session.authenticated))
        return answer


def _answer(address: str, command: str) -> str:
    at, answer = ANSWERS.get(address.partition("@")[0], ("", ""))
    return answer if at == command else "250 2.0.0 Taken"


def sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    """Lets in who knows the password."""
    known = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=known, handled=False)
