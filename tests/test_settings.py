"""What is set wrongly is a sentence: the setting, and what would be right; never a secret."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from isms_workflow.settings import Imap, Settings
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


UNSAFE: dict[str, dict[str, Any]] = {
    "plain to another computer": {"host": "imap.example.org", "tls": "none"},
    "one folder for two things": {"folder": "Reported"},
    "a folder of two lines": {"folder": "Reports\nINBOX"}, "a folder without a name": {"folder": ""},
    "a folder in no letters at all": {"folder": "Empf\udce4nger"},
    "no password": {"password": None},
}


@pytest.mark.parametrize("more", UNSAFE.values(), ids=UNSAFE)
def test_an_imap_folder_that_can_t_be_is_refused(settings: Settings, more: dict[str, Any]) -> None:
    """Before anything is sent anywhere; the refusal says nothing of the password."""
    its = {"host": "127.0.0.1", "user": "security", "password": "as-secret-as-any"}
    with pytest.raises(ValidationError) as refusal:
        Imap(**{**its, **more})
    assert "as-secret" not in str(refusal.value)


def test_an_imap_folder_stands_in_the_file(settings: Settings) -> None:
    """With the usual port for its encryption; plain to another computer only if that is said."""
    settings.data.mkdir(parents=True, exist_ok=True)
    (settings.data / "isms.toml").write_text(
        '[report_imap]\nhost = "imap.example.org"\nuser = "security"\npassword = "as-secret-as-any"\n')
    found = Settings(data=settings.data).report_imap
    assert found is not None
    assert (found.served_at, found.folder, found.password.get_secret_value()) == (993, "INBOX", "as-secret-as-any")
    assert "as-secret" not in repr(found)
    assert Imap(host="imap.example.org", user="x", password=SecretStr("y"), tls="none", insecure=True).served_at == 143


def test_the_portal_is_where_it_listens(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever moves it to a free port, as the error of a taken one says, has links that lead there; a proxy is named."""
    assert settings.public_url == "http://127.0.0.1:8000"
    monkeypatch.setenv("ISMS_PORT", "8001")
    assert Settings(data=settings.data).public_url == "http://127.0.0.1:8001"
    assert Settings(data=settings.data, public_url="https://isms.example.org").public_url == "https://isms.example.org"
