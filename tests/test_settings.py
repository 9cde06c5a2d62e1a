"""What is set wrongly is a sentence: the setting, and what would be right; never a secret."""

from __future__ import annotations

import pytest

from isms_workflow.settings import Settings
from tests.shell import Shell


def test_settings_that_can_t_be_used_are_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which one, and what would be right; never its value, which may be a secret."""
    monkeypatch.setenv("ISMS_PORT", "s3cret")
    assert shell("cycle list") == 2
    assert "port: Input should be a valid integer" in shell.complained
    assert "s3cret" not in shell.complained


UNUSABLE = {
    "no TOML": ({}, "port = = 1", "line 1, column 8"),
    "no text": ({}, "\udcff", "isms.toml can't be read"),
    "a list that isn't JSON": ({"ISMS_TRUSTED_PROXIES": "10.0.0.1"}, "", "A list is written as JSON"),
    "a port too large": ({"ISMS_PORT": "70000"}, "", "port: Input should be less than or equal to 65535"),
}


@pytest.mark.parametrize(("environment", "toml", "said"), UNUSABLE.values(), ids=UNUSABLE)
def test_settings_that_can_t_be_read_are_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch, settings: Settings,
                                                    environment: dict[str, str], toml: str, said: str) -> None:
    """In the environment and in the file."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.data.mkdir(parents=True, exist_ok=True)
    (settings.data / "isms.toml").write_bytes(toml.encode(errors="surrogateescape"))
    assert shell("cycle list") == 2
    assert said in shell.complained
    assert "Traceback" not in shell.complained


def test_a_database_that_went_away_is_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """What, where, what next."""
    monkeypatch.setenv("ISMS_DATABASE_URL", "postgresql://nobody:s3cret@127.0.0.1:1/isms")
    for line in ("cycle list", "db upgrade", "doctor"):
        assert "can't be used now" in shell.refused(line)
        assert "s3cret" not in shell.complained


def test_a_damaged_database_is_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Also a file that never was one."""
    monkeypatch.setenv("ISMS_DATABASE_URL", "")
    settings.data.mkdir(parents=True, exist_ok=True)
    (settings.data / "isms.db").write_text("Dear database, " * 100)
    for line in ("cycle list", "db upgrade"):
        assert "file is not a database" in shell.refused(line)


@pytest.mark.parametrize("address", ["s3cret", "mysql://root:s3cret@localhost/isms", "postgresql://a:s3cret@b:c/d"])
def test_an_address_that_is_none_is_a_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """What it should look like; never what it is, for it may hold a password."""
    monkeypatch.setenv("ISMS_DATABASE_URL", address)
    assert "postgresql://user@host/database" in shell.refused("cycle list")
    assert "s3cret" not in shell.complained
