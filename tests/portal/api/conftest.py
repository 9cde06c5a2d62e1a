"""The API over a world: programs that call in their people's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from isms_workflow.engine.accesslog import AccessLog
from isms_workflow.engine.accounts import tokens
from isms_workflow.portal import api
from isms_workflow.portal.api import hooks
from isms_workflow.portal.deps import Portal
from isms_workflow.portal.security import Guard
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from isms_workflow.store.files import EvidenceFiles
from isms_workflow.store.tables import accesses
from tests.portal import application
from tests.world import World, found

ALL = ("read", "write", "decide")


@dataclass
class Programs:
    """Who calls the API: by first name, each with a token of their own."""

    world: World
    client: TestClient
    log: AccessLog
    secrets: dict[tuple[str, tuple[str, ...]], str] = field(default_factory=dict)

    def token(self, name: str, scopes: tuple[str, ...]) -> str:
        """A token of this person."""
        if (name, scopes) not in self.secrets:
            with self.world.store.write() as tx:
                made = tokens.issue(tx, "a program", scopes, self.world.now + timedelta(days=300),
                                    self.world.actor(name), self.world.now)
            self.secrets[name, scopes] = made.secret
        return self.secrets[name, scopes]

    def __call__(self, name: str, method: str, path: str, *, scopes: tuple[str, ...] = ALL, **more: Any) -> httpx.Response:
        """One request in somebody's name."""
        headers = {"Authorization": f"Bearer {self.token(name, scopes)}", **more.pop("headers", {})}
        return self.client.request(method, f"{api.PATH}{path}", headers=headers, **more)

    def get(self, name: str, path: str) -> Any:
        """What is there; it must be there."""
        answer = self(name, "GET", path, scopes=("read",))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pages(self, name: str, path: str) -> list[Any]:
        """All that a list has, page by page."""
        found: list[Any] = []
        while path:
            page = self.get(name, path)
            found += page["items"]
            path = (page["next"] or "").removeprefix(api.PATH)
        return found

    def write(self, name: str, path: str, body: Any = None, version: object = "*", key: str | None = None,
              method: str = "POST", scopes: tuple[str, ...] = ALL) -> httpx.Response:
        """A write on the version that was seen."""
        headers = {"If-Match": str(version) if version == "*" else f'"{version}"'}
        headers |= {"Idempotency-Key": key} if key else {}
        return self(name, method, path, json=body, headers=headers, scopes=scopes)

    def attempts(self) -> list[tuple[str, str, str]]:
        """(first name or -, action and resource, outcome) in the access log, oldest first."""
        if group := self.log._take(1000):
            self.log._write(group, last_try=True)
        names = {person: name for name, person in self.world.ids.items()}
        with self.world.store.read() as conn:
            rows = conn.execute(select(accesses).order_by(accesses.c.id)).all()
        return [(names.get(r.person, "-"), f"{r.action} {r.resource}", r.outcome) for r in rows]


def app(portal: Portal) -> FastAPI:
    """The API as the portal mounts it: below the guard of every request."""
    outer = FastAPI()
    outer.add_middleware(Guard, portal=portal)
    outer.mount(api.PATH, api.create_api(portal))
    outer.mount(hooks.PATH, hooks.create_hooks(portal))
    return outer


def programs(store: Store, settings: Settings) -> Programs:
    """The cast in office, and their programs."""
    world = found(store)
    log = AccessLog(store)
    portal = Portal(store, settings, lambda: world.now, EvidenceFiles(settings.evidence_dir), log)
    client = TestClient(application.over(portal, app), base_url=settings.public_url, raise_server_exceptions=False)
    return Programs(world, client, log)


@pytest.fixture
def call(sqlite_store: Store, settings: Settings) -> Programs:
    """On SQLite."""
    return programs(sqlite_store, settings)


@pytest.fixture
def both_call(store: Store, settings: Settings) -> Programs:
    """On SQLite and on PostgreSQL."""
    return programs(store, settings)


@pytest.fixture
def planning(call: Programs) -> Programs:
    """PLAN is open."""
    call.world.once("planning", call.world.open_cycle)
    return call


Situation = Callable[[Programs], httpx.Response]
