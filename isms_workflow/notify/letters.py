"""A mail on its way: who it is for, under which key, and its bytes as a server takes them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import quote, urlsplit

from isms_workflow.notify.addresses import named
from isms_workflow.notify.notices import Mail, Recipient

SENDER_NAME = "ISMS"


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to send. `key` is its outbox key; a `sensitive` one is never listed or shown.

    The rest is for ways that carry no whole mail: which `notice` it is, about which case, and the address of its page. A
    `discreet` one is about a case that not everybody may see: such ways name its case, and nothing else of it.
    """

    key: str
    to: Recipient
    mail: Mail
    sensitive: bool = False
    notice: str = ""
    reference: str = ""
    url: str = ""
    discreet: bool = False
    urgency: str = "ordinary"

    def short(self) -> str:
        """What it says in a line, as far as a way may carry it that isn't the reader's alone."""
        return f"{self.reference or 'ISMS'}: something for you, which only the portal shows" if self.discreet else self.mail.subject


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a letter went: its Message-ID, what the server answered or the name of the file, and whether that says that
    it is there.
    """

    message_id: str
    answer: str
    delivered: bool = False


def message_id(key: str, public_url: str) -> str:
    """`<key@host>`: the same key gives the same id, so that a repeat can be dropped by whoever gets it.

    Characters that an id can't hold are percent-encoded, so different keys never share an id.
    """
    local = quote(key, safe="").replace(".", "%2E")  # two dots in a row, or one at an end, would be no id
    return f"<{local}@{host_of(public_url)}>"


def host_of(public_url: str) -> str:
    """The portal's host in ASCII, as it may stand in a Message-ID; an IPv6 address as a literal."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        return f"[IPv6:{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return quote(host, safe=".-_")


def compose(letter: Letter, sender: str, public_url: str) -> EmailMessage:
    """The letter as a message of two alternatives, text and HTML, dated when it was rendered.

    It says that it was generated, so that absence notes aren't sent back. Raises `BadAddress`.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = named(SENDER_NAME, sender)
    message["To"] = named(letter.to.name, letter.to.email)
    message["Subject"] = letter.mail.subject
    message["Date"] = format_datetime(letter.mail.at)
    message["Message-ID"] = message_id(letter.key, public_url)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(letter.mail.text, cte="quoted-printable")
    message.add_alternative(letter.mail.html, subtype="html", cte="quoted-printable")
    return message
