"""Where things are and whom we listen to: environment variables `ISMS_*`, then `isms.toml` in the data folder."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from isms_workflow.errors import IsmsError


class UnsafeAddress(IsmsError):
    """The portal would be reachable from other computers without encryption."""

    def __init__(self, setting: str, value: str) -> None:
        super().__init__(setting, value)
        self.setting, self.value = setting, value

    def __str__(self) -> str:
        return (
            f"{self.setting} = {self.value!r} would let other computers reach the portal without https. "
            "Set public_url to an https address (a proxy in front ends TLS), or insecure = true if you accept that."
        )


class SamePort(IsmsError):
    """Portal and Prefect are to listen on one port."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.port = port

    def __str__(self) -> str:
        return (
            f"port and prefect_port are both {self.port}: portal and Prefect can't share one. Set port (ISMS_PORT) or "
            "prefect_port (ISMS_PREFECT_PORT), in the environment or in isms.toml, to another."
        )


class SettingsUnreadable(IsmsError):
    """`isms.toml` is no TOML."""

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(file, problem)
        self.file, self.problem = file, problem

    def __str__(self) -> str:
        return f'{self.file} can\'t be read: {self.problem}. A setting is a line such as public_url = "https://…".'


WEB = ("http", "https")
"""Addresses that are posted to ourselves; every other scheme is Apprise's."""


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("isn't the name of a folder: write it as the mail program shows it")
    return name


FolderName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
"""Of an IMAP folder, in any letters; how the server has them is the connector's business."""


class Way(BaseModel):
    """A way to tell people beside mail: an address, which is as good as a password, and who may choose it.

    https, or http for this computer, is a webhook; anything else an address of Apprise's. Nobody named: everybody may.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: SecretStr
    people: tuple[str, ...] = ()

    @field_validator("url")
    @classmethod
    def _usable(cls, url: SecretStr) -> SecretStr:
        try:
            found = urlsplit(url.get_secret_value())
            host, _ = found.hostname, found.port
        except ValueError:
            raise ValueError("is no address: give https://… for a webhook, or an address of Apprise's") from None
        if not found.scheme:
            raise ValueError("is no address: give https://… for a webhook, or an address of Apprise's")
        if (found.scheme == "https" and not host) or (found.scheme == "http" and not _is_loopback(host or "")):
            raise ValueError("isn't safe: a webhook takes https, or http on the loopback address only")
        return url

    @property
    def is_webhook(self) -> bool:
        """Whether we post to it ourselves."""
        return urlsplit(self.url.get_secret_value()).scheme in WEB

    def is_open_to(self, email: str) -> bool:
        """Whether whoever has this address may choose it."""
        return not self.people or email.lower() in {each.lower() for each in self.people}


class Imap(BaseModel):
    """A folder on an IMAP server whose mails become reports, and whose keys to it are as secret as any password.

    What became a report moves to the folder `taken`, what can't to `refused`. Without encryption only on this computer,
    unless `insecure` says so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: Annotated[str, Field(min_length=1)]
    port: int | None = Field(default=None, ge=1, le=65535)
    tls: Literal["tls", "starttls", "none"] = "tls"
    insecure: bool = False
    user: str
    password: SecretStr
    folder: FolderName = "INBOX"
    taken: FolderName = "Reported"
    refused: FolderName = "Refused"

    @model_validator(mode="after")
    def _safe(self) -> Self:
        if self.tls == "none" and not self.insecure and not _is_loopback(self.host):
            raise ValueError("isn't safe: take tls or starttls, or say insecure = true if the way to the server is safe itself")
        if len({self.folder, self.taken, self.refused}) < 3:
            raise ValueError("folder, taken and refused are three different folders")
        return self

    @property
    def served_at(self) -> int:
        """The port, by default the usual one (RFC 9051)."""
        return self.port or (993 if self.tls == "tls" else 143)


def _own(name: str) -> str:
    if name in ("mail", "prefect"):
        raise ValueError(f"{name!r} is a way of our own: give it another name")
    return name


WayName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,15}$"), AfterValidator(_own)]


class Settings(BaseSettings):
    """Every setting of an installation. Times and zones are the programme's, not settings."""

    model_config = SettingsConfigDict(env_prefix="ISMS_", extra="forbid", frozen=True)

    data: Path = Path("data")
    database_url: str = ""
    programme: Path | None = None
    public_url: str
    bind: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    insecure: bool = False
    trusted_proxies: tuple[str, ...] = ()
    evidence_max_mib: int = Field(default=25, ge=1)
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"
    mail_from: str = "isms@localhost"
    report_maildir: Path | None = None
    report_imap: Imap | None = None
    ways: dict[WayName, Way] = {}
    veris_schema: Path | None = None
    prefect_port: int = Field(default=4200, ge=1, le=65535)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic hands all four
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then `isms.toml` in the data folder."""
        given = init_settings().get("data") or os.environ.get("ISMS_DATA") or "data"
        file = Path(str(given)) / "isms.toml"
        try:
            toml = TomlConfigSettingsSource(settings_cls, file)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsUnreadable(str(file), str(error)) from error
        return init_settings, env_settings, toml

    @model_validator(mode="before")
    @classmethod
    def _address(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Unless it is told otherwise the portal is where it listens: whoever moves it to another port need say it once."""
        return {"public_url": f"http://127.0.0.1:{given.get('port', cls.model_fields['port'].default)}"} | given

    @property
    def store_url(self) -> str:
        """The SQLAlchemy address of the domain database; SQLite in the data folder unless told otherwise."""
        return self.database_url or f"sqlite:///{self.database.absolute()}"

    @property
    def database(self) -> Path:
        """The embedded database's file, where no other database is named."""
        return self.data / "isms.db"

    @property
    def programme_dir(self) -> Path:
        """The organisation's own programme: a folder of YAML files."""
        return self.programme or self.data / "programme"

    @property
    def evidence_dir(self) -> Path:
        """Evidence files, stored under their SHA-256."""
        return self.data / "evidence"

    @property
    def mail_dir(self) -> Path:
        """Mails written as files while no SMTP server is configured."""
        return self.data / "mail"

    @property
    def keys_dir(self) -> Path:
        """Secrets made at set-up; folder 0700, files 0600, never in the database."""
        return self.data / "keys"

    @property
    def prefect_home(self) -> Path:
        """Prefect's own folder, so that the user's profile is never touched."""
        return self.data / "prefect"

    def check_address(self) -> None:
        """Raise `SamePort` if portal and Prefect would fight for one port.

        Raise `UnsafeAddress` if other computers could reach the portal without https, unless `insecure`.
        """
        if self.port == self.prefect_port:
            raise SamePort(self.port)
        if self.insecure or urlsplit(self.public_url).scheme == "https":
            return
        if not _is_loopback(self.bind):
            raise UnsafeAddress("bind", self.bind)
        if not _is_loopback(urlsplit(self.public_url).hostname or ""):
            raise UnsafeAddress("public_url", self.public_url)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
