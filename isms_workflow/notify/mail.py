"""Mails through an SMTP server: many over one connection, each with its own outcome."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import aiosmtplib

from isms_workflow.domain.effects import Busy, EffectError, Refused, Unreachable
from isms_workflow.notify.addresses import BadAddress, mailbox
from isms_workflow.notify.letters import Delivery, Letter, compose
from isms_workflow.notify.notices import Mail, Recipient
from isms_workflow.notify.smtp_answers import CLOSING, meaning
from isms_workflow.settings import Settings

TIMEOUT = 10.0
"""Seconds that the server may take for each answer."""

EACH = 25.0
"""Seconds that one letter may take, with a second try and signing in."""

BEGIN_WITHIN = 30.0
"""Seconds within which letters of one call are begun: a deliverer holds what it claimed for 60 s."""

Outcome = Delivery | EffectError

FAILURES = (aiosmtplib.SMTPException, OSError, TimeoutError)


class MailChannel:
    """The organisation's SMTP server, as the settings name it. The server's certificate is always verified.

    A company's own certificate authority is trusted through the environment variable SSL_CERT_FILE.
    Call it from a thread that runs no event loop. Raises `BadAddress` for a wrong `mail_from`.
    """

    def __init__(self, settings: Settings, timeout: float = TIMEOUT, begin_within: float = BEGIN_WITHIN) -> None:
        self.settings, self.timeout, self.begin_within = settings, timeout, begin_within
        self.sender = mailbox(settings.mail_from)

    def send(self, key: str, to: Recipient, mail: Mail, sensitive: bool) -> Delivery:
        """Sends one mail. Raises `Unreachable` (the server), `Busy` (not now), `Refused` (never)."""
        (outcome,) = self.send_many([Letter(key, to, mail, sensitive)])
        if isinstance(outcome, EffectError):
            raise outcome
        return outcome

    def send_many(self, letters: Iterable[Letter]) -> Iterator[Outcome]:
        """The outcome of each letter in order, over one connection as far as the server keeps it.

        Each is sent when its outcome is asked for, so whoever iterates can write it down before the
        next leaves. A server that can't be reached, or fails two letters in a row, is asked no more:
        the rest is `Unreachable` untried. One that is slow gets no more after 30 s: the rest is `Busy`.
        """
        with asyncio.Runner() as runner:
            session = _Session(self, runner.get_loop().time() + self.begin_within)
            try:
                for letter in letters:
                    yield runner.run(session.outcome(letter))
            finally:
                runner.run(session.end())

    def client(self) -> aiosmtplib.SMTP:
        """A client that isn't connected yet."""
        its = self.settings
        password = its.smtp_password.get_secret_value() if its.smtp_password else None
        return aiosmtplib.SMTP(
            hostname=its.smtp_host, port=its.smtp_port, username=its.smtp_user, password=password,
            timeout=self.timeout, use_tls=its.smtp_tls == "tls", start_tls=its.smtp_tls == "starttls",
            validate_certs=True, local_hostname=_greeting_name(its.public_url),
        )  # fmt: skip


class _Session:
    """One call's connection: opened for the first letter, and anew when the server has let go of it."""

    def __init__(self, channel: MailChannel, begin_until: float) -> None:
        self._channel, self._begin_until = channel, begin_until
        self._client: aiosmtplib.SMTP | None = None
        self._carried = 0
        self._failed_in_a_row = 0
        self._outage: Unreachable | None = None

    async def outcome(self, letter: Letter) -> Outcome:
        """What became of one letter; the rest of a round isn't tried once the server is away."""
        if self._outage:
            return self._outage
        if asyncio.get_running_loop().time() >= self._begin_until:
            return Busy("The mail server is slow: this mail waits for the next round.")
        try:
            message = compose(letter, self._channel.sender, self._channel.settings.public_url)
        except BadAddress as bad:
            return Refused(str(bad))
        try:
            said = await self._carry(letter, message.as_bytes())
        except FAILURES as error:
            return self._failed(error)
        self._failed_in_a_row = 0
        return Delivery(str(message["Message-ID"]), said)

    def _failed(self, error: Exception) -> EffectError:
        """One letter that fails may be at fault itself, so the next is tried; the second in a row is an outage."""
        answer = meaning(error, self._channel.settings)
        if not isinstance(answer, Unreachable):
            self._failed_in_a_row = 0
            return answer
        never_came_through = self._client is None
        self._let_go()
        self._failed_in_a_row += 1
        if never_came_through or self._failed_in_a_row > 1:
            self._outage = answer
        return answer

    async def _carry(self, letter: Letter, data: bytes) -> str:
        """What the server answered; where it ended a connection that had carried letters, a new one is tried."""
        async with asyncio.timeout(EACH):
            try:
                return await self._try(letter, data)
            except FAILURES as error:
                if isinstance(error, TimeoutError) or not self._carried or not _is_over(error):
                    raise
            self._let_go()
            return await self._try(letter, data)

    async def _try(self, letter: Letter, data: bytes) -> str:
        if self._client is None:
            client = self._channel.client()
            await client.connect()
            self._client, self._carried = client, 0
        _, said = await self._client.sendmail(self._channel.sender, [mailbox(letter.to.email)], data)
        self._carried += 1
        return said

    def _let_go(self) -> None:
        if self._client:
            self._client.close()
        self._client, self._carried = None, 0

    async def end(self) -> None:
        """Takes leave of the server; what was sent is sent whether it answers or not."""
        client, self._client = self._client, None
        if client is None or not client.is_connected:
            return
        with suppress(*FAILURES):
            await client.quit(timeout=1.0)
        client.close()


def _is_over(error: Exception) -> bool:
    """Whether the server ended the connection, as some do after so many mails or seconds."""
    return isinstance(error, ConnectionError) or getattr(error, "code", None) == CLOSING


def _greeting_name(public_url: str) -> str:
    """How we introduce ourselves to the server: the portal's host; looking up our own name can take seconds."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host if host.isascii() else "localhost"
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
