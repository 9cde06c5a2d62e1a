"""Guessing is slowed down, per account and per address, alike for accounts that exist and that don't."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from isms_workflow.domain.ids import new_id
from isms_workflow.errors import IsmsError
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import accounts as statements

PER_ACCOUNT = 5
"""Failures that cost nothing: people mistype, and try last year's password first."""

PER_ADDRESS = 20
"""A whole office may stand behind one address."""

LONGEST = timedelta(minutes=15)
"""Fewer than a hundred guesses a day; and whom a stranger's guesses keep out waits no longer than this."""

KEPT = timedelta(days=1)
"""After a day a failure is forgotten."""

_LOCK = 0x15A5_0001  # any number that nothing else locks


class Throttled(IsmsError):
    """Too many attempts failed; `seconds` says for how long the next is refused unseen."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds

    def __str__(self) -> str:
        seconds = "1 second" if self.seconds == 1 else f"{self.seconds} seconds"
        wait = seconds if self.seconds < 120 else f"{ceil(self.seconds / 60)} minutes"
        return f"Too many attempts failed. Try again in {wait}, or ask for a link to choose a new password."


class TooMany(Throttled):
    """More came from a source than is taken; `seconds` says when the next is."""

    def __str__(self) -> str:
        return f"More came in the last minute than is taken. Send the next in {self.seconds} s."


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that was counted before it was made."""

    account: str
    at_address: str


def take(tx: Transaction, what: str, email: str, address: str, now: datetime) -> Attempt:
    """Count an attempt before it is made, so that a hundred at once are a hundred. Raises `Throttled`.

    `what` keeps signing in and asking for links apart. One that is refused here isn't counted: whoever
    waits gets in.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(statements.one_at_a_time(_LOCK))
    account, place = _subject(what, email.strip().lower()), _subject(what, _network(address))
    wait = max(_wait(tx, account, PER_ACCOUNT, now), _wait(tx, place, PER_ADDRESS, now))
    if wait > timedelta(0):
        raise Throttled(ceil(wait.total_seconds()))
    attempt = Attempt(account, new_id())
    tx.execute(statements.add_attempt(new_id(), account, now))
    tx.execute(statements.add_attempt(attempt.at_address, place, now))
    return attempt


def bound(tx: Transaction, what: str, of: str, most: int, within: timedelta, now: datetime) -> None:
    """Count one of at most so many within a time. Raises `TooMany`; one that is refused here isn't counted."""
    if tx.dialect.name == "postgresql":
        tx.execute(statements.one_at_a_time(_LOCK))
    subject = _subject(what, of)
    found = tx.execute(statements.attempts_of(subject, now - within, now)).one()
    if found.failures >= most:
        raise TooMany(max(1, ceil((found.first + within - now).total_seconds())))
    tx.execute(statements.add_attempt(new_id(), subject, now))


def forgive(tx: Transaction, attempt: Attempt) -> None:
    """The attempt succeeded: the account starts anew. Others' failures at the same address stay."""
    tx.execute(statements.forget_attempts_of(attempt.account))
    tx.execute(statements.forget_attempt(attempt.at_address))


def purge(tx: Transaction, now: datetime) -> int:
    """Forget what is older than a day; how many attempts that were."""
    return tx.execute(statements.purge_attempts(now - KEPT)).rowcount


def delay(failures: int, free: int) -> timedelta:
    """How long the next attempt is refused after so many failures: 1 s after the last free one, doubling."""
    if failures < free:
        return timedelta(0)
    return min(LONGEST, timedelta(seconds=2 ** min(failures - free, 20)))


def _wait(tx: Transaction, subject: str, free: int, now: datetime) -> timedelta:
    found = tx.execute(statements.attempts_of(subject, now - KEPT, now)).one()
    if not found.failures:
        return timedelta(0)
    until: datetime = found.last + delay(found.failures, free)
    return until - now


def _subject(what: str, of: str) -> str:
    return hashlib.sha256(f"{what}\0{of}".encode()).hexdigest()


def _network(address: str) -> str:
    """The address, or for IPv6 its /64: that is what one subscriber has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
