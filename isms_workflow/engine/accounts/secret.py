"""Secrets that a browser, a mail or a program carries; we keep their digests only."""

from __future__ import annotations

import hashlib
import secrets

BYTES = 32
"""256 bits from the operating system: nobody guesses one, so a plain digest is enough to keep."""


def new_secret() -> str:
    """43 characters that are safe in addresses, cookies and headers."""
    return secrets.token_urlsafe(BYTES)


def digest(secret: str) -> str:
    """The SHA-256, in hexadecimal, under which a secret is kept and found."""
    return hashlib.sha256(secret.encode()).hexdigest()
