"""Which passwords are refused, and what a stored one proves."""

from __future__ import annotations

import pickle

import pytest
from argon2 import PasswordHasher

from isms_workflow.engine.accounts import passwords

GOOD = "seven quiet blue herons"

REFUSED = {
    "eleven characters": ("elevenchars", "has 11 characters"),
    "nothing": ("", "has 0 characters"),
    "longer than any phrase": ("x1yz" * 65, "has more than 256 characters"),
    "the mail address": ("Alice.Archer@example.org", "own name or address"),
    "the mail address's first part": ("alice.archer", "own name or address"),
    "the name": ("Alice Magdalena Archer", "own name or address"),
    "the name without spaces": ("alicemagdalenaarcher", "own name or address"),
    "one of the commonest": ("Password1234", "commonest"),
    "one of the commonest, with spaces": ("correct horse battery staple", "commonest"),
    "a single key": ("aaaaaaaaaaaaaaaa", "commonest"),
}


@pytest.mark.parametrize(("password", "problem"), REFUSED.values(), ids=REFUSED)
def test_a_password_that_others_would_guess_is_refused(password: str, problem: str) -> None:
    """The sentence says what is wrong with it and what would be right."""
    with pytest.raises(passwords.WeakPassword, match=problem) as refused:
        passwords.check(password, "alice.archer@example.org", "Alice Magdalena Archer")
    assert refused.value.status == 422
    assert "12 characters or more" in str(pickle.loads(pickle.dumps(refused.value)))  # noqa: S301


TAKEN = [GOOD, "Zwölf Zeichen", "長いパスワードは良いパスワード", "a" * 200 + "bcd"]


@pytest.mark.parametrize("password", TAKEN)
def test_other_passwords_are_taken(password: str) -> None:
    """No rules about kinds of characters: length is what counts."""
    passwords.check(password, "alice.archer@example.org", "Alice Magdalena Archer")


def test_only_the_password_matches_its_hash() -> None:
    """Argon2id, with its parameters in the string; another password, or a damaged hash, doesn't match."""
    stored = passwords.hashed(GOOD)
    assert stored.startswith("$argon2id$")
    assert passwords.matches(stored, GOOD)
    assert not passwords.matches(stored, GOOD + "!")
    assert not passwords.matches("damaged", GOOD)
    assert not passwords.matches(None, GOOD)


def test_two_keyboards_type_the_same_password() -> None:
    """An accented letter may come as one code point or as two."""
    assert passwords.matches(passwords.hashed("Zw\u00f6lf Zeichen"), "Zwo\u0308lf Zeichen")


def test_a_hash_with_older_parameters_is_outdated() -> None:
    """When the library raises its parameters, the next sign-in renews the hash."""
    assert passwords.outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD))
    assert not passwords.outdated(passwords.hashed(GOOD))
