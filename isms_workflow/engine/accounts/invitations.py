"""Single-use links: the only way in which a password is ever set. They expire, and we keep their digests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection

from isms_workflow.domain.access import Action
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.machine import ENGINE
from isms_workflow.domain.messages import Message, Notice
from isms_workflow.domain.people import Actor
from isms_workflow.domain.records import AuditRecord, PersonRecord, Scalar
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.times import iso
from isms_workflow.engine import outbox
from isms_workflow.engine.accounts import authority, passwords, sessions, throttle
from isms_workflow.engine.accounts.secret import digest, new_secret
from isms_workflow.errors import IsmsError
from isms_workflow.store import audit
from isms_workflow.store.database import Store, Transaction
from isms_workflow.store.statements import accounts as statements

Purpose = Literal["setup", "invite", "reset"]
Handover = Literal["mail", "link"]

LIFE: dict[Purpose, timedelta] = {
    "setup": timedelta(hours=24),  # a new one is printed at each start
    "invite": timedelta(days=7),   # people are on holiday
    "reset": timedelta(hours=2),   # asked for by somebody who sits there now
}


class LinkSpent(IsmsError):
    """The link was used, replaced, withdrawn, or has expired, or there never was one."""

    status = 410

    def __str__(self) -> str:
        return "This link can't be used: it was used already, replaced, or has expired. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Link:
    """A link just made. `url` is None where it left by mail: then nobody but its reader sees it."""

    id: str
    purpose: Purpose
    expires_at: datetime
    url: str | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a link opens, and for whom; `person` is None for the set-up."""

    id: str
    purpose: Purpose
    person: str | None
    name: str
    email: str
    expires_at: datetime


def begin_set_up(tx: Transaction, public_url: str, now: datetime) -> Link | None:
    """A new link to the first-run set-up, 24 hours; earlier ones end. None once there is an organisation."""
    if tx.execute(statements.is_founded()).scalar_one():
        return None
    return _make(tx, "setup", None, ENGINE, "link", public_url, now)[0]


def use_set_up(tx: Transaction, token: str, now: datetime) -> None:
    """Use the set-up link up, in the transaction that founds the organisation. Raises `LinkSpent`."""
    found = open_link(tx, token, now)
    if found is None or found.purpose != "setup":
        raise LinkSpent()
    _use_up(tx, token, now)


def invite(
    tx: Transaction, person: str, handed_over: Handover, public_url: str, actor: Actor, now: datetime
) -> Link:
    """A link by which a person chooses a password: an invitation, or a reset if they have one already.

    Earlier links of theirs end. Handed over by mail, it is in the outbox, and not in the answer.
    Raises `NotPermitted`, and `Unknown` if there is no such account in use.
    """
    authority.require(tx, actor, Action.ADMIN, "Inviting somebody", now)
    return _hand_over(tx, person, handed_over, public_url, actor, now)


def _hand_over(
    tx: Transaction, person: str, handed_over: Handover, public_url: str, actor: Actor, now: datetime
) -> Link:
    account = tx.execute(statements.person_in_use(person, now)).one_or_none()
    if account is None:
        raise Unknown("person", person)
    purpose: Purpose = "reset" if account.password else "invite"
    link, secret_url = _make(tx, purpose, person, actor.id, handed_over, public_url, now)
    if handed_over == "mail":
        outbox.put(tx, [_mail(link, person, secret_url, actor, now)], now)
    kind = PersonRecord.INVITED if purpose == "invite" else PersonRecord.RESET
    facts: dict[str, Scalar] = {
        "link": link.id, "handed_over": handed_over, "expires_at": iso(link.expires_at),
    }
    audit.append(tx, [_record(kind, actor, person, now, facts)])
    return link


def request_reset(store: Store, email: str, address: str, public_url: str, now: datetime) -> None:
    """Mail a link to whoever has a password under this address; the answer is the same if nobody has.

    An account that wasn't begun yet keeps its invitation. Every request counts, so that nobody's
    mailbox is filled. Raises `Throttled`.
    """
    with store.write() as tx:
        throttle.take(tx, "reset", email, address, now)
    with store.write() as tx:
        account = tx.execute(statements.account(email, now)).one_or_none()
        if account is not None and account.password:
            _hand_over(tx, account.id, "mail", public_url, Actor(account.id), now)


def open_link(conn: Connection, token: str, now: datetime) -> Invitation | None:
    """What a link opens; looking at it changes nothing, for mail scanners look too. None if it is spent."""
    row = conn.execute(statements.invitation(digest(token), now)).one_or_none()
    if row is None:
        return None
    return Invitation(
        row.id, row.purpose, row.person, row.person_name or "", row.person_email or "", row.expires_at
    )


def accept(store: Store, token: str, password: str, now: datetime) -> str:
    """Set the password and use the link up, both or neither; sessions of before end. The person's id.

    Of two at the same instant one wins. Raises `LinkSpent`, `WeakPassword`.
    """
    with store.read() as conn:
        found = open_link(conn, token, now)
    if found is None or found.person is None:
        raise LinkSpent()
    passwords.check(password, found.email, found.name)
    hashed = passwords.hashed(password)
    with store.write() as tx:
        _set_password(tx, found, Actor(found.person), token, hashed, now)
    return found.person


def _set_password(
    tx: Transaction, found: Invitation, actor: Actor, token: str, hashed: str, now: datetime
) -> None:
    if tx.execute(statements.person_in_use(actor.id, now)).one_or_none() is None:
        raise LinkSpent()  # the account was closed while the hash was made
    _use_up(tx, token, now)
    tx.execute(statements.set_password(actor.id, hashed))
    sessions.revoke_all(tx, actor.id, now)
    kind = PersonRecord.ACTIVATED if found.purpose == "invite" else PersonRecord.RESET
    audit.append(tx, [_record(kind, actor, actor.id, now, {"link": found.id, "used": True})])


def withdraw(tx: Transaction, link: str, actor: Actor, now: datetime) -> None:
    """End a link that wasn't used yet. Raises `NotPermitted`, `LinkSpent`."""
    authority.require(tx, actor, Action.DELETE, "Withdrawing an invitation", now)
    row = tx.execute(statements.withdraw_invitation(link, now)).one_or_none()
    if row is None:
        raise LinkSpent()
    if row.person is not None:
        facts: dict[str, Scalar] = {"link": link, "withdrawn": True}
        audit.append(tx, [_record(PersonRecord.CHANGED, actor, row.person, now, facts)])


def links_of(conn: Connection, person: str) -> list[Any]:
    """Every link a person was given, newest first, as rows without the secret's digest."""
    return list(conn.execute(statements.invitations_of(person)))


def _make(
    tx: Transaction, purpose: Purpose, person: str | None, by: str, handed_over: Handover,
    public_url: str, now: datetime,
) -> tuple[Link, str]:
    """The link's row, and its address with the secret; the older ones of the same person end."""
    tx.execute(statements.withdraw_invitations(person, now))
    link, token, expires = new_id(), new_secret(), now + LIFE[purpose]
    row = {
        "id": link, "person": person, "purpose": purpose, "token": digest(token), "made_by": by,
        "made_at": now, "handed_over": handed_over, "expires_at": expires,
    }
    tx.execute(statements.add_invitation(row))
    url = f"{public_url.rstrip('/')}/{'setup' if purpose == 'setup' else 'invitation'}/{token}"
    return Link(link, purpose, expires, url if handed_over == "link" else None), url


def _use_up(tx: Transaction, token: str, now: datetime) -> None:
    if tx.execute(statements.use_invitation(digest(token), now)).rowcount != 1:
        raise LinkSpent()


def _mail(link: Link, person: str, url: str, actor: Actor, now: datetime) -> Message:
    """Sensitive: the portal never shows it, and its text is dropped once it has left."""
    until = {"link": url, "expires": iso(link.expires_at)}
    if link.purpose == "reset":
        notice = Notice("password_reset", person, {**until, "asked_at": iso(now)})
    else:
        notice = Notice("invitation", person, {**until, "by": actor.id})
    return replace(notice.message(link.id, None), sensitive=True)


def _record(
    kind: PersonRecord, actor: Actor, person: str, now: datetime, facts: dict[str, Scalar]
) -> AuditRecord:
    data = {**facts, "channel": actor.channel}
    return AuditRecord(kind, actor.id, now, now, subject=person, data=data)
