"""Guessing is slowed down, alike for accounts that exist and that don't."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from isms_workflow.engine.accounts import throttle
from isms_workflow.engine.accounts.throttle import Throttled, delay, take
from isms_workflow.store.database import Store

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)

DELAYS = {0: 0, 4: 0, 5: 1, 6: 2, 7: 4, 14: 512, 15: 900, 5000: 900}


def attempt(
    store: Store, email: str = "bob@example.org", address: str = "192.0.2.7", now: datetime = NOW,
    what: str = "sign-in",
) -> throttle.Attempt:
    """One attempt in a transaction of its own."""
    with store.write() as tx:
        return take(tx, what, email, address, now)


def refused(store: Store, **where: object) -> int:
    """For how many seconds the next attempt is refused; 0 if it isn't."""
    try:
        attempt(store, **where)  # type: ignore[arg-type]
    except Throttled as throttled:
        return throttled.seconds
    return 0


@pytest.mark.parametrize(("failures", "seconds"), DELAYS.items())
def test_each_failure_after_the_free_ones_doubles_the_delay(failures: int, seconds: int) -> None:
    """One second after the fifth, never more than a quarter of an hour."""
    assert delay(failures, throttle.PER_ACCOUNT) == timedelta(seconds=seconds)


@pytest.mark.parametrize("email", ["bob@example.org", "nobody@example.org"])
def test_after_five_failures_the_next_has_to_wait(store: Store, email: str) -> None:
    """Whether there is such an account makes no difference; capitals and other addresses neither."""
    for number in range(5):
        attempt(store, email, f"192.0.2.{number}")
    assert refused(store, email=email.upper(), address="198.51.100.1") == 1
    assert refused(store, email="alice@example.org", address="198.51.100.1") == 0


def test_who_waits_gets_in_and_a_refused_attempt_is_not_counted(store: Store) -> None:
    """A stranger who keeps hammering doesn't lengthen the delay."""
    for _ in range(5):
        attempt(store)
    for _ in range(10):
        assert refused(store, now=NOW + timedelta(seconds=0.5)) == 1
    assert refused(store, now=NOW + timedelta(seconds=1)) == 0


def test_an_address_that_tries_many_accounts_has_to_wait(store: Store) -> None:
    """Twenty failures are free where a whole office may stand behind one address."""
    for number in range(20):
        attempt(store, f"person{number}@example.org")
    assert refused(store, email="person99@example.org") == 1
    assert refused(store, email="person99@example.org", address="192.0.2.8") == 0


def test_an_ipv6_subscriber_is_one_address(store: Store) -> None:
    """A /64 has more addresses than anybody could count; an IPv4 address in IPv6 clothes is itself."""
    for number in range(20):
        attempt(store, f"person{number}@example.org", f"2001:db8:1:2::{number}")
        attempt(store, f"someone{number}@example.org", "::ffff:192.0.2.7")
    assert refused(store, email="new@example.org", address="2001:db8:1:2:ffff::1") == 1
    assert refused(store, email="new@example.org", address="192.0.2.7") == 1
    assert refused(store, email="new@example.org", address="2001:db8:1:3::1") == 0


def test_the_right_password_ends_the_accounts_failures_only(store: Store) -> None:
    """Whoever has an account of their own can't use it to guess others' for ever."""
    for number in range(19):
        attempt(store, f"person{number}@example.org")
    own = attempt(store, "bob@example.org")
    with store.write() as tx:
        throttle.forgive(tx, own)
    attempt(store, "bob@example.org")
    assert refused(store, email="bob@example.org") == 1


def test_asking_for_links_and_signing_in_are_counted_apart(store: Store) -> None:
    """Whoever forgot a password can still ask for a link."""
    for _ in range(5):
        attempt(store)
    assert refused(store) == 1
    assert refused(store, what="reset") == 0


def test_after_a_day_a_failure_is_forgotten(store: Store) -> None:
    """It neither counts nor is kept; a clock that went backwards doesn't count what lies ahead."""
    for _ in range(5):
        attempt(store)
    assert refused(store, now=NOW + timedelta(days=1)) == 0
    assert refused(store, now=NOW - timedelta(hours=1)) == 0
    with store.write() as tx:
        assert throttle.purge(tx, NOW + timedelta(days=1)) == 12
        assert throttle.purge(tx, NOW + timedelta(days=1)) == 0


def test_a_hundred_at_once_are_a_hundred(store: Store) -> None:
    """Attempts are counted before they are made: of twenty at the same instant five are let through."""
    with ThreadPoolExecutor(20) as pool:
        waits = list(pool.map(lambda _: refused(store), range(20)))
    assert sorted(waits) == [0] * 5 + [1] * 15


@pytest.mark.parametrize(("seconds", "wait"), [(1, "1 second,"), (90, "90 seconds"), (121, "3 minutes")])
def test_the_refusal_says_how_long_to_wait(seconds: int, wait: str) -> None:
    """The same sentence for everybody."""
    found = pickle.loads(pickle.dumps(Throttled(seconds)))  # noqa: S301
    assert found.status == 429
    assert f"Try again in {wait}" in str(found)
