"""Single-use links: used once, in time, by whoever holds them, and never by looking."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

from isms_workflow.domain.access import NotPermitted
from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Unknown
from isms_workflow.engine.accounts import invitations, passwords
from isms_workflow.engine.accounts.closing import lock_out
from isms_workflow.engine.accounts.invitations import Link, LinkSpent, accept
from isms_workflow.engine.accounts.passwords import WeakPassword
from isms_workflow.engine.accounts.throttle import Throttled
from isms_workflow.store import tables

if TYPE_CHECKING:
    from tests.engine.accounts.conftest import Cast

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
URL = "https://isms.example.org/"
CHOSEN = "four words of my own"
WEEK, HOUR = timedelta(days=7), timedelta(hours=1)


def invite(cast: Cast, person: str, how: invitations.Handover = "link", by: str = "") -> Link:
    """Alice, or somebody else, invites."""
    with cast.store.write() as tx:
        return invitations.invite(tx, person, how, URL, Actor(by or cast.alice), NOW)


def token(link: Link | None) -> str:
    """The secret in a link that was handed over."""
    assert link is not None
    assert link.url is not None
    return link.url.rpartition("/")[2]


def set_up(cast: Cast) -> Link | None:
    """The link that each start prints."""
    with cast.store.write() as tx:
        return invitations.begin_set_up(tx, URL, NOW)


def opened(cast: Cast, secret: str, later: timedelta = HOUR) -> invitations.Invitation | None:
    """What the page behind a link finds."""
    with cast.store.read() as conn:
        return invitations.open_link(conn, secret, NOW + later)


def withdrawn(cast: Cast, link: Link) -> None:
    """Alice thinks better of it."""
    with cast.store.write() as tx:
        invitations.withdraw(tx, link.id, Actor(cast.alice), NOW)


def closed(cast: Cast) -> None:
    """Carol's account is closed."""
    cast.change(cast.carol, deactivated_at=NOW)
    with cast.store.write() as tx:
        lock_out(tx, cast.carol, NOW)


SPENT: dict[str, Callable[[Cast, Link], object]] = {
    "it was used": lambda cast, link: accept(cast.store, token(link), CHOSEN, NOW),
    "it was withdrawn": withdrawn,
    "a newer one replaced it": lambda cast, link: invite(cast, cast.carol),
    "the account was closed": lambda cast, link: closed(cast),
    "the account was deactivated": lambda cast, link: cast.change(cast.carol, deactivated_at=NOW),
    "the account ended": lambda cast, link: cast.change(cast.carol, ends_at=NOW),
}


def test_an_invitation_begins_an_account(cast: Cast) -> None:
    """The password is set, the link is used up, and the history names both who invited and who came."""
    link = invite(cast, cast.carol)
    assert (link.purpose, link.expires_at) == ("invite", NOW + WEEK)
    assert token(link)
    assert str(link.url).startswith("https://isms.example.org/invitation/")
    assert accept(cast.store, token(link), CHOSEN, NOW + HOUR) == cast.carol
    row = cast.row(cast.carol)
    assert passwords.matches(row.password, CHOSEN)
    assert row.version == 2
    assert cast.history() == [
        ("person.invited", cast.alice, cast.carol), ("person.activated", cast.carol, cast.carol),
    ]


def test_a_reset_changes_the_password_and_ends_sessions(cast: Cast) -> None:
    """It lives two hours; until it is used the old password and the open sessions hold."""
    before, link = cast.begin(cast.bob), invite(cast, cast.bob, by="operator")
    assert (link.purpose, link.expires_at) == ("reset", NOW + 2 * HOUR)
    assert cast.who(before) == cast.bob
    assert cast.row(cast.bob).password == cast.hashed
    accept(cast.store, token(link), CHOSEN, NOW + HOUR)
    assert cast.who(before) is None
    assert passwords.matches(cast.row(cast.bob).password, CHOSEN)
    assert cast.history() == [("person.reset", "operator", cast.bob), ("person.reset", cast.bob, cast.bob)]


def test_by_mail_the_link_is_in_the_outbox_and_nowhere_else(cast: Cast) -> None:
    """Whoever invited never sees it: not in the answer, not in the tables but the sensitive message."""
    link = invite(cast, cast.carol, "mail")
    (message,) = cast.rows(tables.outbox)
    about = message.payload["about"]
    assert link.url is None
    assert message.sensitive
    assert message.channel == "mail"
    assert (message.payload["notice"], message.payload["to"]) == ("invitation", cast.carol)
    assert about["link"].startswith(f"{URL}invitation/")
    assert (about["by"], about["expires"]) == (cast.alice, "2026-03-19T09:00:00.000000Z")
    secret = about["link"].rpartition("/")[2]
    assert secret not in str(cast.rows(tables.invitations)) + str(cast.rows(tables.audit))
    assert accept(cast.store, secret, CHOSEN, NOW) == cast.carol


@pytest.mark.parametrize("how", ["mail", "link"])
def test_the_record_says_how_the_link_was_handed_over(cast: Cast, how: invitations.Handover) -> None:
    """An auditor can tell a link that a colleague may have seen from one that went by mail."""
    invite(cast, cast.carol, how)
    (record,), (row,) = cast.rows(tables.audit), cast.rows(tables.invitations)
    assert f'"handed_over":"{how}"'.encode() in record.body
    assert row.handed_over == how


def test_looking_at_a_link_changes_nothing(cast: Cast) -> None:
    """Mail scanners open links; only choosing a password uses one up."""
    link = invite(cast, cast.carol)
    found = [opened(cast, token(link)) for _ in range(3)]
    assert found == [invitations.Invitation(
        link.id, "invite", cast.carol, "Carol", "carol@example.org", NOW + WEEK
    )] * 3


@pytest.mark.parametrize("how", SPENT.values(), ids=SPENT)
def test_a_link_is_spent_when(cast: Cast, how: Callable[[Cast, Link], object]) -> None:
    """It opens nothing and sets nothing, whatever the reason, with one sentence for all."""
    link = invite(cast, cast.carol)
    how(cast, link)
    before = cast.row(cast.carol)
    with pytest.raises(LinkSpent) as refused:
        accept(cast.store, token(link), "quite another phrase", NOW + HOUR)
    assert refused.value.status == 410
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(LinkSpent())  # noqa: S301
    assert opened(cast, token(link)) is None
    assert cast.row(cast.carol) == before


@pytest.mark.parametrize(("person", "life"), [("carol", WEEK), ("bob", 2 * HOUR)])
def test_a_link_expires(cast: Cast, person: str, life: timedelta) -> None:
    """To the microsecond."""
    secret = token(invite(cast, getattr(cast, person)))
    assert opened(cast, secret, life - timedelta(microseconds=1)) is not None
    assert opened(cast, secret, life) is None
    with pytest.raises(LinkSpent):
        accept(cast.store, secret, CHOSEN, NOW + life)


def test_a_weak_password_leaves_the_link_unspent(cast: Cast) -> None:
    """Whoever chose badly tries again with the same link."""
    secret = token(invite(cast, cast.carol))
    with pytest.raises(WeakPassword):
        accept(cast.store, secret, "carol@example.org", NOW)
    assert cast.row(cast.carol).password is None
    assert accept(cast.store, secret, CHOSEN, NOW) == cast.carol


def test_of_two_at_the_same_instant_one_wins(cast: Cast) -> None:
    """The other is told that the link is spent; the password is the winner's, and is set once."""
    secret, together = token(invite(cast, cast.carol)), Barrier(4)

    def choose(password: str) -> str | None:
        together.wait()
        try:
            accept(cast.store, secret, password, NOW)
        except LinkSpent:
            return None
        return password

    with ThreadPoolExecutor(4) as pool:
        won = [each for each in pool.map(choose, [f"phrase number {n}" for n in range(4)]) if each]
    row = cast.row(cast.carol)
    assert len(won) == 1
    assert passwords.matches(row.password, won[0])
    assert row.version == 2
    assert [kind for kind, *_ in cast.history()] == ["person.invited", "person.activated"]


@pytest.mark.parametrize("round_", range(3))
def test_a_link_used_while_a_newer_one_is_made(cast: Cast, round_: int) -> None:
    """Both get an answer: the account is begun or it isn't, and the newer link says which."""
    secret, together = token(invite(cast, cast.carol)), Barrier(2)

    def choose() -> bool:
        together.wait()
        try:
            return bool(accept(cast.store, secret, CHOSEN, NOW))
        except LinkSpent:
            return False

    def renew() -> Link:
        together.wait()
        time.sleep(round_ * 0.05)  # the hash is made meanwhile
        return invite(cast, cast.carol)

    with ThreadPoolExecutor(2) as pool:
        begun, newer = pool.submit(choose), pool.submit(renew)
    assert newer.result().purpose == ("reset" if begun.result() else "invite")


def test_only_administrators_invite_and_withdraw(cast: Cast) -> None:
    """A user can't; nobody invites an account that isn't in use, or withdraws what was used."""
    link = invite(cast, cast.carol)
    with pytest.raises(NotPermitted, match="right to admin"):
        invite(cast, cast.carol, by=cast.bob)
    with pytest.raises(NotPermitted, match="right to delete"), cast.store.write() as tx:
        invitations.withdraw(tx, link.id, Actor(cast.bob), NOW)
    with pytest.raises(NotPermitted, match="role none"):
        invite(cast, cast.carol, by=cast.dave)
    with pytest.raises(Unknown):
        invite(cast, cast.dave)
    accept(cast.store, token(link), CHOSEN, NOW)
    with pytest.raises(LinkSpent):
        withdrawn(cast, link)


def test_a_withdrawal_is_recorded(cast: Cast) -> None:
    """A link that could have been used is history."""
    withdrawn(cast, invite(cast, cast.carol))
    assert cast.history()[-1] == ("person.changed", cast.alice, cast.carol)


ASKED = {"an account in use": ("Bob@example.org", 1), "an account not begun": ("carol@example.org", 0),
         "an account that was closed": ("dave@example.org", 0), "nobody": ("nobody@example.org", 0)}


@pytest.mark.parametrize(("email", "mails"), ASKED.values(), ids=ASKED)
def test_a_forgotten_password_is_answered_alike(cast: Cast, email: str, mails: int) -> None:
    """Only an account in use gets a mail; whoever asks sees no difference."""
    invitations.request_reset(cast.store, email, "192.0.2.7", URL, NOW)
    sent = [(m.payload["notice"], m.sensitive) for m in cast.rows(tables.outbox)]
    assert sent == [("password_reset", True)] * mails


def test_nobodys_mailbox_is_filled_with_resets(cast: Cast) -> None:
    """Each request counts, and is never forgiven."""
    for _ in range(5):
        invitations.request_reset(cast.store, "bob@example.org", "192.0.2.7", URL, NOW)
    with pytest.raises(Throttled):
        invitations.request_reset(cast.store, "bob@example.org", "192.0.2.8", URL, NOW)
    assert len(cast.rows(tables.outbox)) == 5


def test_the_set_up_link_is_renewed_at_each_start_and_used_once(cast: Cast) -> None:
    """The last one printed holds, for a day, for the set-up and for nothing else."""
    first, second = token(set_up(cast)), token(set_up(cast))
    assert opened(cast, first) is None
    assert opened(cast, second, 24 * HOUR) is None
    found = opened(cast, second)
    assert found is not None
    assert (found.purpose, found.person) == ("setup", None)
    with pytest.raises(LinkSpent):
        accept(cast.store, second, CHOSEN, NOW)
    with cast.store.write() as tx:
        invitations.use_set_up(tx, second, NOW)
    with pytest.raises(LinkSpent), cast.store.write() as tx:
        invitations.use_set_up(tx, second, NOW)


def test_an_invitation_is_no_set_up_link(cast: Cast) -> None:
    """Whoever was invited can't found an organisation with it, and the link stays good."""
    secret = token(invite(cast, cast.carol))
    with pytest.raises(LinkSpent), cast.store.write() as tx:
        invitations.use_set_up(tx, secret, NOW)
    assert opened(cast, secret) is not None


def test_once_founded_there_is_no_set_up_link(cast: Cast) -> None:
    """Nobody sets a running organisation up again."""
    with cast.store.write() as tx:
        tx.execute(insert(tables.organisation).values(id=1, name="Example", zone="UTC", founded_at=NOW))
    assert set_up(cast) is None


def test_a_persons_links_are_listed_without_their_secrets(cast: Cast) -> None:
    """Newest first, each with what became of it."""
    invite(cast, cast.carol)
    accept(cast.store, token(invite(cast, cast.carol)), CHOSEN, NOW)
    with cast.store.read() as conn:
        rows = invitations.links_of(conn, cast.carol)
    became = [(row.used_at is not None, row.withdrawn_at is not None) for row in rows]
    assert became == [(True, False), (False, True)]
    assert "token" not in rows[0]._mapping
