"""Passwords: which are refused, and Argon2id for the others. One hash takes a tenth of a second.

So nothing here is called within a write transaction.
"""

from __future__ import annotations

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from isms_workflow.errors import IsmsError

SHORTEST = 12
LONGEST = 256
"""Long enough for any phrase, and no load for the hash."""

COMMONEST = frozenset({
    "123456789012", "1234567890123", "12345678901234", "123456789123", "123456123456", "123123123123",
    "012345678910", "1q2w3e4r5t6y", "1qaz2wsx3edc", "qwertyuiop12", "qwertyuiop123", "qwertyuiopas",
    "qwerty123456", "qwertyqwerty", "qwertzuiop12", "asdfghjkl123", "abcdefghijkl", "abc123abc123",
    "password1234", "password12345", "password123456", "passwordpassword", "password@123", "p@ssword1234",
    "passw0rd1234", "changeme1234", "changemechangeme", "letmeinletmein", "welcome12345", "welcome@1234",
    "iloveyou1234", "administrator", "adminadminadmin", "admin1234567", "superman1234", "football1234",
    "correcthorsebatterystaple",
})
"""What people choose when twelve characters are asked for: the commonest runs, rows of keys, and words."""

_hasher = PasswordHasher()
_at_once = threading.BoundedSemaphore(4)  # each takes 64 MiB: many sign-ins wait, and the memory holds


class WeakPassword(IsmsError):
    """A password that others would guess."""

    status = 422

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"The password {self.problem}: choose {SHORTEST} characters or more, e.g. four words."


def check(password: str, email: str, name: str) -> None:
    """Nothing, or `WeakPassword`: too short, too long, commonest, or the account's own name or address."""
    plain = _normal(password)
    squeezed = _squeezed(plain)
    if len(plain) < SHORTEST:
        raise WeakPassword(f"has {len(plain)} characters")
    if len(plain) > LONGEST:
        raise WeakPassword(f"has more than {LONGEST} characters")
    if squeezed in {_squeezed(own) for own in (email, email.partition("@")[0], name)}:
        raise WeakPassword("is your own name or address")
    if squeezed in COMMONEST or len(set(squeezed)) < 4:
        raise WeakPassword("is one of the commonest")


def hashed(password: str) -> str:
    """The Argon2id hash with the library's parameters, as a string that names them; takes about 120 ms."""
    with _at_once:
        return _hasher.hash(_normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether this is the password; takes as long where none is stored, so that nobody learns who exists."""
    if stored is None:
        hashed(password)
        return False
    with _at_once:
        try:
            return _hasher.verify(stored, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


def outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _squeezed(text: str) -> str:
    """Without spaces and capitals: they don't make a common password less common."""
    return "".join(_normal(text).casefold().split())


def _normal(password: str) -> str:
    """One form of what keyboards type differently (NFKC, after NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
