"""Mailboxes that every mail server can carry, and names that can't begin a header."""

from __future__ import annotations

import re
from email.headerregistry import Address

from isms_workflow.errors import IsmsError
from isms_workflow.notify.wording import one_line

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,"]+')

LONGEST_NAME = 78


class BadAddress(IsmsError):
    """What was given is no mailbox, or one that only some mail servers can carry."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(address, problem)
        self.address, self.problem = address, problem

    def __str__(self) -> str:
        return f"{one_line(self.address)!r} can't be used as a mail address: {self.problem}."


def mailbox(address: str) -> str:
    """The address without spaces around it. Raises `BadAddress`.

    Only ASCII is taken: letters of other scripts need an extension (RFC 6531) that many mail servers
    lack, and a domain has a form in ASCII that its owner knows. Quoted local parts are not taken.
    """
    found = address.strip()
    local, at, domain = found.rpartition("@")
    if not local or not at or not domain:
        raise BadAddress(address, "it should look like name@example.org")
    if not domain.isascii():
        raise BadAddress(address, "write its domain in ASCII, which begins with xn--")
    if not local.isascii():
        raise BadAddress(address, "letters before the @ must be ASCII, because many mail servers take no others")
    if len(local) > 64 or len(domain) > 253:
        raise BadAddress(address, "at most 64 characters may stand before the @, and 253 after it")
    if not _LOCAL.fullmatch(local) or not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        raise BadAddress(address, "it holds characters that an address can't have")
    return found


def named(name: str, address: str) -> Address:
    """The mailbox with a name beside it, as it stands in a header. Raises `BadAddress`.

    Characters that mean something in a header are dropped from the name: a long name is folded, and
    folding has been known to lose their quotes.
    """
    shown = one_line(_SPECIAL.sub(" ", one_line(name)))[:LONGEST_NAME].rstrip()
    return Address(shown, addr_spec=mailbox(address))
