"""`isms ways`: what the settings name, without the addresses."""

from __future__ import annotations

import pytest

from tests.shell import Shell

WAYS = '{"chat": {"url": "slack://TokenA/TokenB/TokenC"}, "pager": {"url": "https://example.org/s3cret", "people": ["ben@example.org"]}}'


def test_ways_are_listed_without_their_addresses(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are as good as passwords; where there is none, the sentence says how to name one."""
    assert "[ways.NAME]" in shell.ok("ways list")
    monkeypatch.setenv("ISMS_WAYS", WAYS)
    said = shell.ok("ways list")
    assert [line.split() for line in said.splitlines()[1:]] == [["chat", "Apprise", "everybody"], ["pager", "webhook", "ben@example.org"]]
    assert "s3cret" not in said
    assert "TokenA" not in said


def test_a_webhook_s_receiver_is_given_its_secret(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same each time, one a way."""
    monkeypatch.setenv("ISMS_WAYS", WAYS.replace("slack://TokenA/TokenB/TokenC", "https://example.org/other"))
    said = shell.ok("ways secret pager")
    assert said.startswith("whsec_")
    assert said == shell.ok("ways secret pager") != shell.ok("ways secret chat")
