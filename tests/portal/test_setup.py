"""First run: one link, one page, and the first administrator is signed in; or nothing is there at all."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from isms_workflow.engine.accesslog import AccessLog
from isms_workflow.engine.accounts import invitations
from isms_workflow.engine.context import utc_now
from isms_workflow.portal.app import create_app
from isms_workflow.portal.deps import Portal
from isms_workflow.settings import Settings
from isms_workflow.store import audit
from isms_workflow.store.database import Store
from isms_workflow.store.files import EvidenceFiles
from isms_workflow.store.tables import organisation, people
from tests.portal import application
from tests.portal.visitor import PASSWORD, House, Visitor
from tests.world import World

TOLD = {"organisation": "Halden Instruments", "zone": "Europe/Vienna", "country": "AT", "subdivision": "",
        "name": "Alex Kim", "email": "alex@example.org", "password": PASSWORD, "people": ""}
LINE = "Dana Weber,dana@example.org,user,top_management"


class Newcomer(Visitor):
    """Whoever has the link."""

    path: str

    def sets_up(self, **told: str) -> httpx.Response:
        """Sends the form."""
        return self.send(self.path, self.path, **{**TOLD, **told})


@pytest.fixture
def newcomer(sqlite_store: Store, settings: Settings) -> Newcomer:
    """Somebody who followed the printed link of an installation that isn't set up."""
    with sqlite_store.write() as tx:
        link = invitations.begin_set_up(tx, settings.public_url, utc_now())
    assert link is not None
    assert link.url
    log = AccessLog(sqlite_store)
    app = application.over(Portal(sqlite_store, settings, utc_now, EvidenceFiles(settings.evidence_dir), log), create_app)
    world: Any = type("Nobody", (World,), {})(sqlite_store, None)
    visitor = House(world, app, log, settings.public_url).visitor()
    found = Newcomer(visitor.name, visitor.client, visitor.house)
    found.path = link.url.removeprefix(settings.public_url)
    return found


def count(visitor: Visitor, table: Any) -> int:
    """Rows of a table."""
    with visitor.house.world.store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def test_one_page_sets_it_up(newcomer: Newcomer, settings: Settings) -> None:
    """Organisation, people, programme with its zone, key and first records: and the administrator is signed in."""
    answer = newcomer.sets_up(people=LINE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/people")
    assert "Dana Weber" in newcomer.read("/people")
    assert (count(newcomer, people), count(newcomer, organisation)) == (2, 1)
    assert "Europe/Vienna" in (settings.programme_dir / "calendar.yaml").read_text()
    assert all(key.stat().st_mode & 0o777 == 0o600 for key in settings.keys_dir.iterdir())
    with newcomer.house.world.store.read() as conn:
        assert audit.verify(conn).ok


BAD: dict[str, tuple[dict[str, str], str]] = {
    "an unknown zone": ({"zone": "Europe/Viena"}, "Europe/Viena"),
    "an unknown country": ({"country": "XX"}, "XX"),
    "a weak password": ({"password": "short"}, "12 characters"),
    "a line without an address": ({"people": "Dana Weber"}, "line 1"),
    "a bad second line": ({"people": f"{LINE}\nRavi Singh,ravi,user,risk_owner"}, "line 2"),
    "an unknown responsibility": ({"people": f"{LINE[:-14]}top_managment"}, "top_managment"),
    "an unknown role": ({"people": "Dana Weber,dana@example.org,king,"}, "king"),
    "the same address twice": ({"people": f"{LINE}\n{LINE}"}, "line 2"),
    "the administrator among the others": ({"people": "Alex,alex@example.org,user,"}, "leave yourself out"),
    "no organisation": ({"organisation": " "}, "organisation"),
}


@pytest.mark.parametrize(("told", "said"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_named_and_nothing_is_half_done(newcomer: Newcomer, settings: Settings, told: dict[str, str],
                                                         said: str) -> None:
    """Invariant 8: refused whole, what was typed is still there, and the link stays good."""
    answer = newcomer.sets_up(**told)
    assert answer.status_code == 422
    assert said in answer.text.split('role="alert"', 1)[1].split("</div>", 1)[0]
    assert told.get("organisation", "Halden Instruments").strip() in answer.text
    assert (count(newcomer, people), count(newcomer, organisation), count(newcomer, audit_table())) == (0, 0, 0)
    assert not settings.programme_dir.exists()
    assert newcomer.sets_up().status_code == 303


def audit_table() -> Any:
    """The chain's table."""
    from isms_workflow.store.tables import audit as table

    return table


def test_the_link_works_once(newcomer: Newcomer) -> None:
    """And a guessed one never."""
    page = newcomer.path
    hidden = dict(newcomer.hidden(page, page))
    assert newcomer.sets_up().status_code == 303
    assert newcomer.get(page).status_code == 410
    assert newcomer.client.post(page, data={**TOLD, **hidden}).status_code == 410
    assert newcomer.get("/setup/guessed").status_code == 410


@pytest.mark.parametrize("token", ["guessed", None], ids=["a guessed one", "the used one"])
def test_a_link_that_isn_t_good_writes_nothing_anywhere(newcomer: Newcomer, settings: Settings, token: str | None) -> None:
    """Neither the programme's zone and holidays nor another key: whoever has no link is nobody."""
    assert newcomer.sets_up().status_code == 303
    before = {path: path.read_bytes() for path in sorted(settings.data.rglob("*.yaml")) + sorted(settings.keys_dir.iterdir())}
    path = newcomer.path if token is None else f"/setup/{token}"
    assert newcomer.client.post(path, data={**TOLD, "zone": "Asia/Tokyo", "country": "JP"}).status_code == 410
    after = {path: path.read_bytes() for path in sorted(settings.data.rglob("*.yaml")) + sorted(settings.keys_dir.iterdir())}
    assert after == before


def test_a_password_is_never_shown_again(newcomer: Newcomer) -> None:
    """The form that comes back has everything but it."""
    answer = newcomer.sets_up(zone="Mars/Phobos")
    assert PASSWORD not in answer.text
