"""API tokens: what a program may do in a person's name, narrowed by scopes, and never for ever."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.access import Action, permits
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.people import Actor, Person
from isms_workflow.domain.records import AuditRecord, PersonRecord, Scalar
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.domain.times import iso
from isms_workflow.engine.accounts import authority
from isms_workflow.engine.accounts.secret import digest, new_secret
from isms_workflow.engine.accounts.sessions import person_of
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import accounts as statements

SCOPES: Mapping[str, Action] = {
    "read": Action.READ,      # look
    "report": Action.REPORT,  # incidents, and how one's own reports stand
    "write": Action.WRITE,    # steps, comments, evidence
    "decide": Action.WRITE,   # gates: apart, so that an integration that uploads can't approve
    "audit": Action.AUDIT,    # chain and access log
    "admin": Action.ADMIN,    # accounts, roles, responsibilities
    "calendar": Action.READ,  # one's own deadlines at an address, and nothing else: apart, so that a calendar may keep it
}
"""Each scope, and the right that the person's role must have besides."""

LONGEST = timedelta(days=366)
PREFIX = "isms_"
"""So that a token in a repository or a log is recognised as one."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token just made: `secret` is shown once."""

    id: str
    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class TokenView:
    """Who is asking, and by which token."""

    id: str
    person: Person
    name: str
    scopes: frozenset[str]

    def allows(self, scope: str) -> bool:
        """Whether the token has this scope and its person's role, as it is now, the right behind it."""
        return scope in self.scopes and scope in SCOPES and permits(self.person.role, SCOPES[scope])


def issue(
    tx: Transaction, name: str, scopes: Collection[str], expires: datetime, actor: Actor, now: datetime
) -> Issued:
    """A token for the actor's own account, until an instant at most 366 days away.

    Nobody else's, not even an administrator or the operator: it could decide in that person's name.
    Raises `Unknown` if there is no such account in use, and `Wrong` for its name, scopes or end.
    """
    account = tx.execute(statements.person_in_use(actor.id, now)).one_or_none()
    if account is None:
        raise Unknown("person", actor.id)
    _check(account.role, name, scopes, expires, now)
    issued = Issued(new_id(), PREFIX + new_secret(), expires)
    tx.execute(statements.add_token({
        "id": issued.id, "token": digest(issued.secret), "person": actor.id, "name": name.strip(),
        "scopes": sorted(set(scopes)), "made_at": now, "expires_at": expires,
    }))
    facts: dict[str, Scalar] = {
        "token": issued.id, "scopes": " ".join(sorted(set(scopes))), "expires_at": iso(expires),
    }
    audit.append(tx, [_record(actor, actor.id, now, facts, {"name": name.strip()})])
    return issued


def _check(role: str, name: str, scopes: Collection[str], expires: datetime, now: datetime) -> None:
    unfit = [scope for scope in scopes if scope not in SCOPES or not permits(role, SCOPES[scope])]
    if not 0 < len(name.strip()) <= 80:
        raise Wrong("name", name, "say in 1 to 80 characters what the token is for")
    if not scopes or unfit:
        fit = ", ".join(scope for scope, action in SCOPES.items() if permits(role, action))
        raise Wrong("scopes", ", ".join(unfit or scopes), f"an account of role {role} can choose from {fit}")
    if not now < expires <= now + LONGEST:
        raise Wrong("expires", iso(expires), f"choose an instant within {LONGEST.days} days from now")


def token(conn: Connection, secret: str, now: datetime) -> TokenView | None:
    """Whose token this is; None if it is unknown, expired or revoked, or its account not in use."""
    row = conn.execute(statements.token(), {"token": digest(secret), "now": now}).one_or_none()
    return TokenView(row.token_id, person_of(row), row.name or "", frozenset(row.scopes)) if row else None


def tokens_of(conn: Connection, person: str) -> list[Any]:
    """A person's tokens, newest first, as rows without the secret's digest."""
    return list(conn.execute(statements.tokens_of(person)))


def revoke(tx: Transaction, token_id: str, actor: Actor, now: datetime) -> None:
    """End a token at once: one's own, or as an administrator anybody's.

    Raises `NotPermitted`, and `Unknown` if there is none, or it was revoked already.
    """
    row = tx.execute(statements.revoke_token(token_id, now)).one_or_none()
    if row is None:
        raise Unknown("token", token_id)
    if row.person != actor.id:
        authority.require(tx, actor, Action.ADMIN, "Revoking somebody's token", now)
    audit.append(tx, [_record(actor, row.person, now, {"token": token_id, "revoked": True}, {})])


def _record(
    actor: Actor, person: str, now: datetime, facts: dict[str, Scalar], private: dict[str, str]
) -> AuditRecord:
    data = {**facts, "channel": actor.channel}
    return AuditRecord(
        PersonRecord.TOKENED, actor.id, now, now, subject=person, data=data, private=private, about=person
    )
