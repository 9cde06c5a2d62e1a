"""Statements about signing in: accounts, sessions, links, API tokens, failed attempts, the access log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Insert,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from isms_workflow.domain.records import ChainRecord
from isms_workflow.store.tables import (
    accesses,
    attempts,
    audit,
    invitations,
    organisation,
    people,
    sessions,
    tokens,
)

ACCOUNT = (people.c.id, people.c.role, people.c.zone, people.c.name, people.c.email)
"""What every request asks of its person: never the password's hash."""


def in_use(now: datetime | BindParameter[Any]) -> ColumnElement[bool]:
    """Whether an account may be used: not deactivated, not erased, and not past its end."""
    not_ended = or_(people.c.ends_at.is_(None), people.c.ends_at > now)
    return and_(people.c.deactivated_at.is_(None), people.c.erased_at.is_(None), not_ended)


def account(email: str, now: datetime) -> Select[Any]:
    """For signing in: the account in use under a mail address, however it is capitalised."""
    return select(people).where(func.lower(people.c.email) == email.strip().lower(), in_use(now))


def named_by(who: str) -> Select[Any]:
    """For commands: somebody by mail address, however it is capitalised, or by id."""
    return select(people.c.id).where(or_(func.lower(people.c.email) == who.strip().lower(), people.c.id == who))


def everybody() -> Select[Any]:
    """For lists: every account, those that have ended too, without its secrets."""
    shown = [column for column in people.c if column.name != "password"]
    return select(*shown, people.c.password.is_not(None).label("begun")).order_by(people.c.name, people.c.id)


def role_in_use(person: str, now: datetime) -> Select[Any]:
    """For whether somebody may do what they ask for."""
    return select(people.c.role).where(people.c.id == person, in_use(now))


def person_in_use(person: str, now: datetime) -> Select[Any]:
    """For whoever writes about an account; locked first, so that a reset and a sign-in can't pass each other.

    Not against rows that merely refer to the person.
    """
    return select(people).where(people.c.id == person, in_use(now)).with_for_update(key_share=True)


def set_password(person: str, hashed: str) -> Update:
    """For a used link."""
    change = {"password": hashed, "version": people.c.version + 1}
    return update(people).where(people.c.id == person).values(change)


def renew_hash(person: str, hashed: str) -> Update:
    """For a sign-in whose hash was made with older parameters; the password, and so the version, stays."""
    return update(people).where(people.c.id == person).values(password=hashed)


def add_session(token: str, person: str, csrf: str, begun: datetime, expires: datetime) -> Insert:
    """For signing in; `token` is a digest."""
    row = {"token": token, "person": person, "csrf": csrf, "begun_at": begun, "expires_at": expires}
    return insert(sessions).values(row)


@cache
def session() -> Select[Any]:
    """For every request: the session of digest `token` that still counts at `now`, with the person as they are then."""
    now: BindParameter[Any] = bindparam("now")
    counts = and_(sessions.c.revoked_at.is_(None), sessions.c.expires_at > now, in_use(now))
    return (
        select(sessions.c.csrf, sessions.c.begun_at, sessions.c.expires_at, *ACCOUNT)
        .join_from(sessions, people, sessions.c.person == people.c.id)
        .where(sessions.c.token == bindparam("token"), counts)
    )


def revoke_session(token: str, now: datetime) -> Update:
    """For signing out."""
    found = and_(sessions.c.token == token, sessions.c.revoked_at.is_(None))
    return update(sessions).where(found).values(revoked_at=now)


def revoke_sessions(person: str, now: datetime) -> Update:
    """For *sign out everywhere*, a reset, and a deactivation."""
    mine = and_(sessions.c.person == person, sessions.c.revoked_at.is_(None), sessions.c.expires_at > now)
    return update(sessions).where(mine).values(revoked_at=now)


def last_sign_ins() -> Select[Any]:
    """For the list of people: when each last signed in."""
    return select(sessions.c.person, func.max(sessions.c.begun_at).label("at")).group_by(sessions.c.person)


def purge_sessions(before: datetime) -> Delete:
    """For housekeeping: sessions that ended long ago."""
    return delete(sessions).where(sessions.c.expires_at < before)


def is_founded() -> Select[Any]:
    """For the set-up link: whether there is an organisation already."""
    return select(exists(select(organisation.c.id)))


def add_invitation(row: Mapping[str, Any]) -> Insert:
    """For whoever hands over a link; `row["token"]` is a digest."""
    return insert(invitations).values(**row)


def unspent(now: datetime) -> ColumnElement[bool]:
    """Whether a link can still be used."""
    unused = and_(invitations.c.used_at.is_(None), invitations.c.withdrawn_at.is_(None))
    return and_(unused, invitations.c.expires_at > now)


def invitation(token: str, now: datetime) -> Select[Any]:
    """For the page behind a link: what it opens, and for whom. A set-up link is for nobody yet."""
    for_whom = or_(invitations.c.person.is_(None), in_use(now))
    usable = and_(invitations.c.token == token, unspent(now), for_whom)
    columns = (*invitations.c, people.c.name.label("person_name"), people.c.email.label("person_email"))
    joined = invitations.outerjoin(people, invitations.c.person == people.c.id)
    return select(*columns).select_from(joined).where(usable)


def invitations_of(person: str) -> Select[Any]:
    """For a person's page: every link they were given, newest first, without the secret's digest."""
    shown = [column for column in invitations.c if column.name != "token"]
    return select(*shown).where(invitations.c.person == person).order_by(invitations.c.id.desc())


def use_invitation(token: str, now: datetime) -> Update:
    """For a link: one row the first time, none ever after; whoever waits for the row's lock looks again."""
    return update(invitations).where(invitations.c.token == token, unspent(now)).values(used_at=now)


def withdraw_invitation(invitation: str, now: datetime) -> Update:
    """For an administrator: only a link that can still be used."""
    found = and_(invitations.c.id == invitation, unspent(now))
    return update(invitations).where(found).values(withdrawn_at=now).returning(invitations.c.person)


def withdraw_invitations(person: str | None, now: datetime) -> Update:
    """For a newer link, which replaces the older, and for a deactivation; None: the set-up links."""
    whose = invitations.c.person.is_(None) if person is None else invitations.c.person == person
    return update(invitations).where(whose, unspent(now)).values(withdrawn_at=now)


def add_token(row: Mapping[str, Any]) -> Insert:
    """For whoever issues an API token; `row["token"]` is a digest."""
    return insert(tokens).values(**row)


@cache
def token() -> Select[Any]:
    """For every request of the API: the token of digest `token` that still counts at `now`, with its person."""
    now: BindParameter[Any] = bindparam("now")
    counts = and_(tokens.c.revoked_at.is_(None), tokens.c.expires_at > now, in_use(now))
    return (
        select(tokens.c.id.label("token_id"), tokens.c.scopes, *ACCOUNT)
        .join_from(tokens, people, tokens.c.person == people.c.id)
        .where(tokens.c.token == bindparam("token"), counts)
    )


def tokens_of(person: str) -> Select[Any]:
    """For a person's page: their tokens, newest first, without the secret's digest."""
    shown = [column for column in tokens.c if column.name != "token"]
    return select(*shown).where(tokens.c.person == person).order_by(tokens.c.id.desc())


def revoke_token(token_id: str, now: datetime) -> Update:
    """For the person's page; no row if it was revoked already."""
    found = and_(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
    return update(tokens).where(found).values(revoked_at=now).returning(tokens.c.person)


def revoke_tokens(person: str, now: datetime) -> Update:
    """For a deactivation."""
    mine = and_(tokens.c.person == person, tokens.c.revoked_at.is_(None))
    return update(tokens).where(mine).values(revoked_at=now)


def one_at_a_time(key: int) -> Select[Any]:
    """For throttling on PostgreSQL: held until the end of the transaction, so that a count stays true."""
    return select(func.pg_advisory_xact_lock(key))


def attempts_of(subject: str, since: datetime, until: datetime) -> Select[Any]:
    """For throttling: how many attempts, and when the first and the last was."""
    counted = and_(attempts.c.subject == subject, attempts.c.at > since, attempts.c.at <= until)
    return select(func.count().label("failures"), func.min(attempts.c.at).label("first"),
                  func.max(attempts.c.at).label("last")).where(counted)


def add_attempt(attempt: str, subject: str, now: datetime) -> Insert:
    """For throttling: counted before it is made."""
    return insert(attempts).values(id=attempt, subject=subject, at=now)


def forget_attempt(attempt: str) -> Delete:
    """For throttling: this attempt succeeded after all."""
    return delete(attempts).where(attempts.c.id == attempt)


def forget_attempts_of(subject: str) -> Delete:
    """For throttling: the right password was given."""
    return delete(attempts).where(attempts.c.subject == subject)


def purge_attempts(before: datetime) -> Delete:
    """For housekeeping."""
    return delete(attempts).where(attempts.c.at <= before)


def first_access_from(instant: datetime) -> Select[Any]:
    """For sealing: the next hour that saw an access."""
    return select(func.min(accesses.c.at)).where(accesses.c.at >= instant)


def accesses_between(start: datetime, end: datetime, limit: int | None = None) -> Select[Any]:
    """For sealing and checking an hour, in the order of writing: rows that came late stand last."""
    hour = and_(accesses.c.at >= start, accesses.c.at < end)
    return select(accesses).where(hour).order_by(accesses.c.id).limit(limit)


def last_seal() -> Select[Any]:
    """For sealing: the newest digest; backwards along the chain, where it stands near the end."""
    sealed = audit.c.kind == ChainRecord.ACCESSES
    return select(audit.c.happened_at).where(sealed).order_by(audit.c.seq.desc()).limit(1)


def seals_after(instant: datetime) -> Select[Any]:
    """For checking: the digests of hours that ended later."""
    sealed = and_(audit.c.kind == ChainRecord.ACCESSES, audit.c.happened_at > instant)
    return select(audit.c.happened_at, audit.c.body).where(sealed).order_by(audit.c.seq)


def oldest_accesses(before: datetime, limit: int) -> Select[Any]:
    """For the purge: a batch of ids."""
    return select(accesses.c.id).where(accesses.c.at < before).order_by(accesses.c.at).limit(limit)


def purge_accesses(before: datetime, limit: int) -> Delete:
    """For the purge: a batch at a time, because a write transaction is short."""
    return delete(accesses).where(accesses.c.id.in_(oldest_accesses(before, limit)))
