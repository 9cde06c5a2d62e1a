"""Signing in and out: one answer for whoever isn't let in, and sessions that end when they should."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from isms_workflow.engine.accounts import passwords, sessions
from isms_workflow.engine.accounts.closing import lock_out
from isms_workflow.engine.accounts.secret import digest
from isms_workflow.engine.accounts.sessions import SignedIn, SignInRefused, sign_in
from isms_workflow.engine.accounts.throttle import Throttled
from isms_workflow.store import tables

if TYPE_CHECKING:
    from tests.engine.accounts.conftest import Cast

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
PASSWORD = "seven quiet blue herons"
OTHER = "another phrase entirely"


def ended(cast: Cast) -> tuple[str, str]:
    """An external auditor whose account ended today."""
    cast.add("erin", "auditor", cast.hashed, ends_at=NOW)
    return "erin@example.org", PASSWORD


KEPT_OUT: dict[str, Callable[[Cast], tuple[str, str]]] = {
    "the password is wrong": lambda cast: ("bob@example.org", OTHER),
    "the address is unknown": lambda cast: ("nobody@example.org", PASSWORD),
    "the account wasn't begun": lambda cast: ("carol@example.org", PASSWORD),
    "the account was deactivated": lambda cast: ("dave@example.org", PASSWORD),
    "the account has ended": ended,
    "the password is empty": lambda cast: ("bob@example.org", ""),
}

ENDED: dict[str, Callable[[Cast, str], None]] = {
    "they sign out": lambda cast, token: write(cast, lambda tx: sessions.revoke(tx, token, NOW)),
    "they sign out everywhere":
        lambda cast, token: write(cast, lambda tx: sessions.revoke_all(tx, cast.bob, NOW)),
    "they are deactivated": lambda cast, token: cast.change(cast.bob, deactivated_at=NOW),
    "they are erased": lambda cast, token: cast.change(cast.bob, erased_at=NOW),
    "their account ends": lambda cast, token: cast.change(cast.bob, ends_at=NOW),
    "their account is closed": lambda cast, token: write(cast, lambda tx: lock_out(tx, cast.bob, NOW)),
}


def write(cast: Cast, what: Callable[..., object]) -> None:
    """One command in a transaction."""
    with cast.store.write() as tx:
        what(tx)


def enter(cast: Cast, email: str = "bob@example.org", password: str = PASSWORD) -> SignedIn:
    """Somebody signs in at nine."""
    return sign_in(cast.store, email, password, "192.0.2.7", NOW)


def test_mail_address_and_password_begin_a_session(cast: Cast) -> None:
    """It names the person, and holds a secret for forms; the address may be capitalised."""
    signed = enter(cast, " Bob@Example.org")
    with cast.store.read() as conn:
        found = sessions.session(conn, signed.token, NOW)
    assert found is not None
    assert (found.person.id, found.person.role, found.person.active) == (cast.bob, "user", True)
    assert (found.name, found.email) == ("Bob", "bob@example.org")
    assert found.expires_at == signed.expires_at == NOW + timedelta(hours=12)
    assert len(found.csrf) == 64
    assert found.csrf != signed.token


@pytest.mark.parametrize("who", KEPT_OUT.values(), ids=KEPT_OUT)
def test_whoever_is_not_let_in_hears_the_same(cast: Cast, who: Callable[[Cast], tuple[str, str]]) -> None:
    """Nobody learns from the answer which addresses have accounts; no session is begun."""
    with pytest.raises(SignInRefused) as refused:
        enter(cast, *who(cast))
    assert refused.value.status == 401
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(SignInRefused())  # noqa: S301
    assert cast.rows(tables.sessions) == []


def test_five_wrong_passwords_make_everybody_wait(cast: Cast) -> None:
    """Even the right one is refused unseen; a second later it is taken, and the failures are forgotten."""
    for _ in range(5):
        with pytest.raises(SignInRefused):
            enter(cast, password=OTHER)
    with pytest.raises(Throttled):
        enter(cast)
    sign_in(cast.store, "bob@example.org", PASSWORD, "192.0.2.7", NOW + timedelta(seconds=1))
    assert len(cast.rows(tables.attempts)) == 5  # the address's


@pytest.mark.parametrize("how", ENDED.values(), ids=ENDED)
def test_a_session_ends_when(cast: Cast, how: Callable[[Cast, str], None]) -> None:
    """At once, and nobody else's does."""
    bobs, alices = cast.begin(cast.bob), cast.begin(cast.alice)
    how(cast, bobs)
    assert (cast.who(bobs), cast.who(alices)) == (None, cast.alice)


def test_a_session_ends_after_twelve_hours(cast: Cast) -> None:
    """To the microsecond; an unknown token is nobody's."""
    token, end = cast.begin(cast.bob), NOW + timedelta(hours=12)
    assert cast.who(token, end - timedelta(microseconds=1)) == cast.bob
    assert cast.who(token, end) is None
    assert cast.who("unknown") is None


def test_a_role_taken_away_counts_at_once(cast: Cast) -> None:
    """The session carries no rights of its own."""
    token = cast.begin(cast.bob)
    cast.change(cast.bob, role="guest")
    with cast.store.read() as conn:
        found = sessions.session(conn, token, NOW)
    assert found is not None
    assert found.person.role == "guest"


def test_the_database_holds_no_token(cast: Cast) -> None:
    """Whoever reads the table can't use a session; two sessions share nothing."""
    first, second = cast.begin(cast.bob), cast.begin(cast.bob)
    rows = cast.rows(tables.sessions)
    assert {row.token for row in rows} == {digest(first), digest(second)}
    assert len({row.csrf for row in rows}) == 2
    assert first not in str(rows)
    assert second not in str(rows)


def test_a_password_reset_while_the_hash_was_made_keeps_the_old_one_out(cast: Cast) -> None:
    """What was true before the hash is looked at again with the account locked."""
    cast.change(cast.bob, password="another")
    with pytest.raises(SignInRefused), cast.store.write() as tx:
        sessions._begin_if_unchanged(tx, cast.bob, cast.hashed, None, NOW)
    assert cast.rows(tables.sessions) == []


def test_a_hash_with_older_parameters_is_renewed_at_sign_in(cast: Cast) -> None:
    """The password, and so the account's version, stays."""
    enter(cast)
    row = cast.row(cast.bob)
    assert row.password != cast.hashed
    assert not passwords.outdated(row.password)
    assert passwords.matches(row.password, PASSWORD)
    assert row.version == 1


def test_last_sign_ins_are_known_until_sessions_are_purged(cast: Cast) -> None:
    """The list of people tells when somebody was last here; old sessions go after 400 days."""
    cast.begin(cast.bob, NOW - timedelta(days=3))
    cast.begin(cast.bob, NOW - timedelta(days=2))
    with cast.store.write() as tx:
        assert sessions.last_sign_ins(tx) == {cast.bob: NOW - timedelta(days=2)}
        assert sessions.purge(tx, NOW) == 0
        assert sessions.purge(tx, NOW + timedelta(days=401)) == 2
        assert sessions.last_sign_ins(tx) == {}
