"""Addresses that the programme may name: what the system asks by itself, so that a slip of the pen tells nobody anything."""

from __future__ import annotations

import ipaddress
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field


def _heartbeat(address: str) -> str:
    try:
        found = urlsplit(address)
        host, _ = found.hostname, found.port
    except ValueError:
        raise ValueError("is no address: give one such as https://example.org/ping/abc") from None
    if not host or found.scheme not in ("https", "http") or not address.isascii() or any(c <= " " for c in address):
        raise ValueError("is no address: give one such as https://example.org/ping/abc")
    if found.username is not None or found.password is not None or found.fragment:
        raise ValueError("has a user, a password or a fragment: leave it out")
    if found.scheme == "http" and not _is_loopback(host):
        raise ValueError("is not encrypted: https, or http on the loopback address only")
    return address


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


HeartbeatAddress = Annotated[str, Field(max_length=500), AfterValidator(_heartbeat)]
"""https, or http for this computer alone."""
