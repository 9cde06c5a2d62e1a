"""Our own Prefect: in the data folder, on the loopback address, locked, and telling nobody anything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from isms_workflow.folders import made_once, private
from isms_workflow.settings import Settings

USER = "isms"
HOST = "127.0.0.1"
SECRET_FILE = "prefect.secret"  # noqa: S105  # a file's name


def secret(settings: Settings) -> str:
    """The password of our Prefect server, in the keys folder; made once, whoever asks first."""
    private(settings.keys_dir)
    return made_once(settings.keys_dir / SECRET_FILE)


def has_secret(settings: Settings) -> bool:
    """Whether anybody asked for it yet: whoever only looks makes none."""
    return (settings.keys_dir / SECRET_FILE).exists()


def ui_url(settings: Settings) -> str:
    """Where operators watch the runs; also the only origin that the server answers."""
    return f"http://{HOST}:{settings.prefect_port}"


def api_url(settings: Settings) -> str:
    """The address of the server's API."""
    return f"{ui_url(settings)}/api"


def environment(settings: Settings, password: str) -> dict[str, str]:
    """What a process needs to know to be part of our Prefect, and of no other."""
    home = settings.prefect_home.absolute()
    return {
        **_place(settings, home),
        **_lock(settings, password),
        **_silence(),
        **_pace(),
    }


def child_environment(settings: Settings, inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child that runs Prefect: what it inherits, without the user's own Prefect.

    A profile, an API key or a database address meant for another Prefect would otherwise be mixed in.
    """
    base = os.environ if inherited is None else inherited
    kept = {name: value for name, value in base.items() if not name.startswith("PREFECT_")}
    return kept | environment(settings, secret(settings))


def _place(settings: Settings, home: Path) -> dict[str, str]:
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_API_URL": api_url(settings),
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(settings.prefect_port),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "ui"),  # by default inside the installed package
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",  # a stray call must fail, not start a server of its own
    }


def _lock(settings: Settings, password: str) -> dict[str, str]:
    return {
        "PREFECT_SERVER_API_AUTH_STRING": f"{USER}:{password}",
        "PREFECT_API_AUTH_STRING": f"{USER}:{password}",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ui_url(settings),
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "true",
    }


def _silence() -> dict[str, str]:
    return {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        "PREFECT_LOGGING_COLORS": "false",
        "PREFECT_CLI_COLORS": "false",
        "PREFECT_CLI_PROMPT": "false",
    }


def _pace() -> dict[str, str]:
    return {
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_WORKER_PREFETCH_SECONDS": "0",  # a run is taken when it is due, not ten seconds before
        "PREFECT_CLIENT_MAX_RETRIES": "3",  # after 2, 4 and 8 s; five would sleep half a minute past an outage's end
        "PREFECT_WORKER_HEARTBEAT_SECONDS": "10",  # an emptied server knows its worker again after this long
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",  # by default only events
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(90 * 24 * 3600),  # after their end
        # In memory, a killed server forgets who holds a slot of a concurrency limit, and never frees it.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    }
