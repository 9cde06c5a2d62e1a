"""API tokens: narrow, ending, revocable, and never more than their person may."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from isms_workflow.domain.access import NotPermitted
from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.engine.accounts import tokens
from isms_workflow.engine.accounts.closing import lock_out
from isms_workflow.engine.accounts.secret import digest
from isms_workflow.engine.accounts.tokens import Issued, TokenView
from isms_workflow.store import tables

if TYPE_CHECKING:
    from tests.engine.accounts.conftest import Cast

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
MONTH = NOW + timedelta(days=30)

ALLOWED = {  # the role now, the token's scopes, and what it lets do
    "a reader": ("user", {"read"}, {"read"}),
    "a writer": ("user", {"read", "write"}, {"read", "write"}),
    "one that decides": ("user", {"decide"}, {"decide"}),
    "an administrator's": ("admin", {"read", "admin"}, {"read", "admin"}),
    "of somebody who became a guest": ("guest", {"read", "report", "write", "decide"}, {"read", "report"}),
    "of somebody who became an auditor": ("auditor", {"read", "report", "write"}, {"read", "report"}),
}

REFUSED: dict[str, tuple[str, Collection[str], datetime, str]] = {
    "without a name": ("  ", {"read"}, MONTH, "name: "),
    "with a name too long": ("x" * 81, {"read"}, MONTH, "name: "),
    "without a scope": ("export", set(), MONTH, "can choose from read, report, write, decide"),
    "with a scope that nobody defined": ("export", {"read", "everything"}, MONTH, "'everything' can't be"),
    "with a scope beyond the role": ("export", {"read", "audit"}, MONTH, "'audit' can't be"),
    "that ended already": ("export", {"read"}, NOW, "within 366 days"),
    "that lives too long": ("export", {"read"}, NOW + timedelta(days=366, seconds=1), "within 366 days"),
}

ENDED: dict[str, Callable[[Cast, Issued], object]] = {
    "its person revokes it": lambda cast, issued: revoke(cast, issued, cast.bob),
    "an administrator revokes it": lambda cast, issued: revoke(cast, issued, cast.alice),
    "its person is deactivated": lambda cast, issued: cast.change(cast.bob, deactivated_at=NOW),
    "the account is closed": lambda cast, issued: close(cast),
}


def issue(
    cast: Cast, by: str = "", name: str = "nightly export", scopes: Collection[str] = frozenset({"read"}),
    expires: datetime = MONTH,
) -> Issued:
    """Bob, or somebody else, asks for a token."""
    with cast.store.write() as tx:
        return tokens.issue(tx, name, scopes, expires, Actor(by or cast.bob), NOW)


def revoke(cast: Cast, issued: Issued, by: str) -> None:
    """Somebody ends a token."""
    with cast.store.write() as tx:
        tokens.revoke(tx, issued.id, Actor(by), NOW)


def close(cast: Cast) -> None:
    """Bob's account is closed."""
    with cast.store.write() as tx:
        lock_out(tx, cast.bob, NOW)


def view(cast: Cast, secret: str, now: datetime = NOW) -> TokenView | None:
    """What the API finds for a secret."""
    with cast.store.read() as conn:
        return tokens.token(conn, secret, now)


@pytest.mark.parametrize(("role", "scopes", "allowed"), ALLOWED.values(), ids=ALLOWED)
def test_scope_and_role_must_both_allow(cast: Cast, role: str, scopes: set[str], allowed: set[str]) -> None:
    """The role is the person's as it is now, not as it was when the token was made."""
    cast.change(cast.bob, role="admin" if "admin" in scopes else "user")
    issued = issue(cast, scopes=scopes)
    cast.change(cast.bob, role=role)
    found = view(cast, issued.secret)
    assert found is not None
    assert found.person.id == cast.bob
    assert {scope for scope in (*tokens.SCOPES, "everything", "") if found.allows(scope)} == allowed


@pytest.mark.parametrize(("name", "scopes", "expires", "sentence"), REFUSED.values(), ids=REFUSED)
def test_no_token_is_made(cast: Cast, name: str, scopes: set[str], expires: datetime, sentence: str) -> None:
    """The refusal names the field and what would be right."""
    with pytest.raises(Wrong, match=sentence):
        issue(cast, name=name, scopes=scopes, expires=expires)
    assert cast.rows(tables.tokens) == []
    assert cast.history() == []


@pytest.mark.parametrize("how", ENDED.values(), ids=ENDED)
def test_a_token_ends_when(cast: Cast, how: Callable[[Cast, Issued], object]) -> None:
    """At once, and no other does."""
    bobs, alices = issue(cast), issue(cast, cast.alice)
    how(cast, bobs)
    assert view(cast, bobs.secret) is None
    assert view(cast, alices.secret) is not None


def test_a_token_ends_on_its_day(cast: Cast) -> None:
    """To the microsecond; an unknown secret is nobody's."""
    issued = issue(cast)
    assert view(cast, issued.secret, MONTH - timedelta(microseconds=1)) is not None
    assert view(cast, issued.secret, MONTH) is None
    assert view(cast, "isms_unknown") is None


def test_nobody_makes_a_token_for_somebody_else(cast: Cast) -> None:
    """Not even the operator beside the database: it could decide in that person's name."""
    for who in ("operator", cast.dave):
        with pytest.raises(Unknown):
            issue(cast, who)


def test_nobody_ends_somebody_elses_token_but_an_administrator(cast: Cast) -> None:
    """And a token ends once."""
    alices, bobs = issue(cast, cast.alice), issue(cast)
    with pytest.raises(NotPermitted):
        revoke(cast, alices, cast.bob)
    assert view(cast, alices.secret) is not None
    revoke(cast, bobs, "operator")
    with pytest.raises(Unknown):
        revoke(cast, bobs, cast.bob)


def test_the_secret_is_kept_nowhere_and_both_ends_are_recorded(cast: Cast) -> None:
    """The table has its digest; the chain its id and scopes, with its name beside, where it can be erased."""
    issued = issue(cast, scopes={"read", "write"})
    revoke(cast, issued, cast.alice)
    (row,), records = cast.rows(tables.tokens), cast.rows(tables.audit)
    assert issued.secret.startswith("isms_")
    assert row.token == digest(issued.secret)
    assert issued.secret not in str(row) + str(records)
    assert [(kind, by) for kind, by, _ in cast.history()] == [
        ("person.tokened", cast.bob), ("person.tokened", cast.alice),
    ]
    assert b'"scopes":"read write"' in records[0].body
    assert b"nightly" not in records[0].body
    assert [p.value for p in cast.rows(tables.audit_private)] == ["nightly export"]


def test_a_persons_tokens_are_listed_without_their_secrets(cast: Cast) -> None:
    """Newest first."""
    for name in ("first", "second"):
        issue(cast, name=name)
    issue(cast, cast.alice)
    with cast.store.read() as conn:
        rows = tokens.tokens_of(conn, cast.bob)
    assert [row.name for row in rows] == ["second", "first"]
    assert "token" not in rows[0]._mapping
