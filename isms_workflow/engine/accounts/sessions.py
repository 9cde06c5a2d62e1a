"""Signing in and out. A session is a row that can be revoked; the browser holds the secret, we its digest."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.people import Person
from isms_workflow.engine.accounts import passwords, throttle
from isms_workflow.engine.accounts.secret import digest, new_secret
from isms_workflow.errors import IsmsError
from isms_workflow.store.database import Store, Transaction
from isms_workflow.store.statements import accounts as statements

LIFE = timedelta(hours=12)
"""A working day: whoever signs in at eight isn't asked again, and a forgotten browser is out by night."""

KEPT = timedelta(days=400)
"""As long as the access log, so that *last signed in* can be told."""


class SignInRefused(IsmsError):
    """One answer for a wrong password, an unknown address, and an account that isn't in use."""

    status = 401

    def __str__(self) -> str:
        return "No account in use has this mail address and password. Check both, or ask for a new link."


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session just begun: `token` goes into the cookie and is never seen again."""

    token: str
    person: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionView:
    """Who is asking, and the secret that every form of theirs carries."""

    person: Person
    name: str
    email: str
    csrf: str
    begun_at: datetime
    expires_at: datetime


def sign_in(store: Store, email: str, password: str, address: str, now: datetime) -> SignedIn:
    """A new session for mail address and password. The attempt is counted first, the hash made after.

    Raises `Throttled`, or `SignInRefused` after the same time whatever the reason.
    """
    with store.write() as tx:
        attempt = throttle.take(tx, "sign-in", email, address, now)
    with store.read() as conn:
        account = conn.execute(statements.account(email, now)).one_or_none()
    stored = account.password if account else None
    if not passwords.matches(stored, password) or account is None or stored is None:
        raise SignInRefused()
    renewed = passwords.hashed(password) if passwords.outdated(stored) else None
    with store.write() as tx:
        throttle.forgive(tx, attempt)
        return _begin_if_unchanged(tx, account.id, stored, renewed, now)


def _begin_if_unchanged(
    tx: Transaction, person: str, stored: str, renewed: str | None, now: datetime
) -> SignedIn:
    """The session, unless the account was closed or its password reset while the hash was made."""
    account = tx.execute(statements.person_in_use(person, now)).one_or_none()
    if account is None or account.password != stored:
        raise SignInRefused()
    if renewed:
        tx.execute(statements.renew_hash(person, renewed))
    return begin(tx, person, now)


def begin(tx: Transaction, person: str, now: datetime) -> SignedIn:
    """A new session for somebody who has just proved who they are; ends after twelve hours."""
    token, expires = new_secret(), now + LIFE
    tx.execute(statements.add_session(digest(token), person, secrets.token_hex(32), now, expires))
    return SignedIn(token, person, expires)


def session(conn: Connection, token: str, now: datetime) -> SessionView | None:
    """Whose session this is; None if it is unknown, ended or revoked, or its account not in use."""
    row = conn.execute(statements.session(), {"token": digest(token), "now": now}).one_or_none()
    if row is None:
        return None
    return SessionView(
        person_of(row), row.name or "", row.email or "", row.csrf, row.begun_at, row.expires_at
    )


def person_of(row: Any) -> Person:
    """The person of a row about an account in use."""
    return Person(row.id, row.role, row.zone, active=True)


def revoke(tx: Transaction, token: str, now: datetime) -> None:
    """Sign out; nothing if the session has ended already."""
    tx.execute(statements.revoke_session(digest(token), now))


def revoke_all(tx: Transaction, person: str, now: datetime) -> int:
    """Sign somebody out everywhere; how many sessions that ended."""
    return tx.execute(statements.revoke_sessions(person, now)).rowcount


def last_sign_ins(conn: Connection) -> dict[str, datetime]:
    """When each person last signed in; who never did is missing."""
    return {row.person: row.at for row in conn.execute(statements.last_sign_ins())}


def purge(tx: Transaction, now: datetime) -> int:
    """Delete sessions that ended over 400 days ago; how many that were."""
    return tx.execute(statements.purge_sessions(now - KEPT)).rowcount
