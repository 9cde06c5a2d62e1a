"""The list of all reports that run: a page at a time, the next to act on first, and as quick however many there are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import update

from isms_workflow.engine.accesslog import AccessLog
from isms_workflow.portal.app import create_app
from isms_workflow.portal.deps import Portal
from isms_workflow.programme.load import parse, shipped
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from isms_workflow.store.files import EvidenceFiles
from isms_workflow.store.tables import cases
from tests.counting import counted
from tests.engine.incidents import report
from tests.engine.obligations import BREACH, answer, date, submit
from tests.portal.visitor import House, Visitor
from tests.world import found

LINE = re.compile(r'href="/incidents/(INC-\d{4}-\d{4})/obligations#([a-z0-9._]+)"')


def house_of(store: Store, settings: Settings, own: Mapping[str, str] = {}) -> House:  # nobody changes it
    """The cast in office, under the programme as it is shipped, but for files of their own."""
    world, log = found(store, programme=parse({**shipped(), **own})), AccessLog(store)
    app = create_app(Portal(store, settings, lambda: world.now, EvidenceFiles(settings.evidence_dir), log))
    return House(world, app, log, settings.public_url)


@pytest.fixture
def house(sqlite_store: Store, settings: Settings) -> House:
    """On SQLite."""
    return house_of(sqlite_store, settings)


def breaches(house: House, count: int) -> list[str]:
    """So many breaches of personal data, with two reports each, known some seconds apart; everybody may see them."""
    made = []
    for _ in range(count):
        made.append(report(house.world))
        answer(house.world, BREACH)
        date(house.world, "aware", house.world.now)
        house.world.advance(seconds=7)
    with house.world.store.write() as tx:
        tx.execute(update(cases).values(label="internal"))
    return made


def lines(visitor: Visitor, path: str = "/obligations") -> list[tuple[str, str]]:
    """Incident and report of each line, in their order."""
    return LINE.findall(visitor.read(path))


def further(visitor: Visitor, path: str) -> str:
    """Where the next page is."""
    link = re.search(r'<a href="([^"]+)" rel="next">Next</a>', visitor.read(path))
    return f"/obligations{link[1].replace('&amp;', '&')}" if link else ""


def test_it_comes_in_pages(store: Store, settings: Settings) -> None:
    """Fifty lines, and a link to the next; each line once, by the instant to act by. On both databases."""
    house = house_of(store, settings)
    made = breaches(house, 26)
    ben = house.visitor("ben")
    first = lines(ben)
    assert (len(first), "52 reports" in ben.read("/obligations")) == (50, True)
    assert first[:26] == [(f"INC-2026-{number:04}", "gdpr.notification") for number in range(1, 27)]
    path = further(ben, "/obligations")
    second = lines(ben, path)
    assert second == [("INC-2026-0025", "gdpr.register"), ("INC-2026-0026", "gdpr.register")]
    assert further(ben, path) == ""
    house.world.case = made[23]
    submit(house.world, "gdpr.register")
    assert lines(ben, path) == second, "though the line that the page before ended with is gone"
    assert len(lines(ben, "/obligations?after=nonsense")) == 50


def test_what_is_hidden_takes_no_place(house: House) -> None:
    """Neither among the lines nor in their number."""
    breaches(house, 3)
    with house.world.store.write() as tx:
        tx.execute(update(cases).where(cases.c.reference == "INC-2026-0002").values(label="restricted"))
    ines = house.visitor("ines")
    assert {reference for reference, _ in lines(ines)} == {"INC-2026-0001", "INC-2026-0003"}
    assert "4 reports" in ines.read("/obligations")


def test_what_is_over_by_now_is_not_shown(sqlite_store: Store, settings: Settings) -> None:
    """Though the clock has not been there yet: after a month the progress report has taken the final one's place (NIS2)."""
    name = "obligations/organisation.yaml"
    house = house_of(sqlite_store, settings, {name: shipped()[name].replace("gdpr: yes", "gdpr: no").replace("nis2: no", "nis2: yes")})
    world, ben = house.world, house.visitor("ben")
    report(world)
    answer(world, {"nis2.significant": True, "nis2.recipients_affected": False, "organisation.trust_service_provider": False})
    date(world, "aware", world.now)
    submit(world, "nis2.early_warning")
    submit(world, "nis2.notification")
    assert lines(ben) == [("INC-2026-0001", "nis2.final")]
    world.sim.now += timedelta(days=40)
    assert lines(house.visitor("ben")) == []
    world.advance(seconds=1)
    assert lines(house.visitor("ben")) == [("INC-2026-0001", "nis2.progress")]


@pytest.mark.parametrize("path", ["/obligations", "/obligations.csv", "/"])
def test_as_many_statements_however_many_run(house: House, path: str) -> None:
    """Five incidents or thirty: no case is read by itself, and the lists read none whole."""
    def asked() -> int:
        with counted(house.world.store) as said:
            maria.get(path)
        assert path == "/" or not any("FROM steps" in each and "EXISTS" not in each for each in said), "a whole case was read"
        return len(said)

    maria = house.visitor("maria")
    breaches(house, 5)
    maria.get(path)
    few = asked()
    breaches(house, 25)
    assert asked() == few
