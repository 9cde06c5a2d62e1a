"""People at the portal without a browser: they open pages, and send the forms that these hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from isms_workflow.engine.accesslog import AccessLog
from isms_workflow.engine.accounts import sessions
from isms_workflow.engine.accounts.passwords import hashed
from isms_workflow.store.tables import accesses, people
from tests.world import World

PASSWORD = "seven quiet hills at dawn"
FORM = re.compile(r"<form[^>]*action=\"([^\"]*)\" method=\"post\"[^>]*>(.*?)</form>", re.DOTALL)
HIDDEN = re.compile(r"<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\"")
CSRF = re.compile(r"name=\"csrf\" value=\"([^\"]*)\"")


@dataclass
class House:
    """The portal over a world, and whoever visits it."""

    world: World
    app: FastAPI
    log: AccessLog
    url: str

    def visitor(self, name: str = "") -> Visitor:
        """Somebody with a session of their own; nobody if no name is given."""
        client = TestClient(self.app, base_url=self.url, raise_server_exceptions=False, follow_redirects=False)
        if name:
            with self.world.store.write() as tx:
                begun = sessions.begin(tx, self.world.ids[name], self.world.now)
            client.cookies.set("isms_session", begun.token)
        return Visitor(name, client, self)

    def give_password(self, name: str) -> None:
        """As if they had chosen it through their invitation."""
        with self.world.store.write() as tx:
            tx.execute(update(people).where(people.c.id == self.world.ids[name]).values(password=hashed(PASSWORD)))

    def attempts(self) -> list[tuple[str, str, str]]:
        """(first name or -, action and resource, outcome) in the access log, oldest first."""
        if group := self.log._take(1000):
            self.log._write(group, last_try=True)
        names = {person: name for name, person in self.world.ids.items()}
        with self.world.store.read() as conn:
            rows = conn.execute(select(accesses).order_by(accesses.c.id)).all()
        return [(names.get(r.person, "-"), f"{r.action} {r.resource}", r.outcome) for r in rows]


@dataclass
class Visitor:
    """Somebody at a browser."""

    name: str
    client: TestClient
    house: House
    pages: list[str] = field(default_factory=list)

    def get(self, path: str) -> httpx.Response:
        """A page."""
        return self.client.get(path)

    def read(self, path: str) -> str:
        """A page's text; it must be there."""
        answer = self.get(path)
        assert answer.status_code == httpx.codes.OK, answer.text
        return unescape(answer.text)

    def csrf(self) -> str:
        """The token that this session's forms carry; before sign-in the sign-in form's."""
        found = CSRF.search(self.client.get("/" if self.name else "/login").text)
        return found.group(1) if found else ""

    def send(self, action: str, page: str | None = None, files: Any = None, **fields: Any) -> httpx.Response:
        """The form with this action, on the page that shows it, with its hidden fields; or just the fields."""
        hidden = dict(self.hidden(page, action)) if page else {"csrf": self.csrf()}
        return self.client.post(action, data={**hidden, **fields}, files=files)

    def hidden(self, page: str, action: str) -> list[tuple[str, str]]:
        """What a form carries unseen. The gate's one form has a button an answer."""
        for found, inside in FORM.findall(self.get(page).text):
            if found == action or f'formaction="{action}"' in inside:
                return [(name, unescape(value)) for name, value in HIDDEN.findall(inside)]
        raise AssertionError(f"{page} has no form for {action}")
