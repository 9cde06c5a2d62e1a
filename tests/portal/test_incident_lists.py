"""Where incidents stand next to each other: whose label hides them, the list's order, filter and pages, My work."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import func, insert, select, update

from isms_workflow.domain.sight import sees
from isms_workflow.engine import reading
from isms_workflow.engine.accounts import sessions
from isms_workflow.engine.commands import incidents
from isms_workflow.portal.sight import eyes
from isms_workflow.portal.visit import Visit
from isms_workflow.store.statements.sight import seen_by
from isms_workflow.store.tables import cases, deputies, reached, steps
from isms_workflow.store.tables import incidents as table
from tests.engine.incidents import do, report, respond
from tests.portal.incidents import FIRST, label, main_of
from tests.portal.visitor import House
from tests.world import unknown

SIGHT = [("confidential", "maria", 200), ("confidential", "olga", 200), ("confidential", "ines", 403),
         ("restricted", "ben", 200), ("restricted", "dana", 200), ("restricted", "alex", 404), ("restricted", "olga", 404),
         ("restricted", "ines", 404), ("internal", "ines", 200)]


@pytest.mark.parametrize(("name", "who", "status"), SIGHT)
def test_a_label_narrows_who_sees_an_incident(reported: House, name: str, who: str, status: int) -> None:
    """Neither its page nor the list, its number and its CSV tell of it to anybody else."""
    label(reported, name)
    visitor = reported.visitor(who)
    assert visitor.get(FIRST).status_code == status
    listed = main_of(visitor, "/incidents")
    assert ("INC-2026-0001" in listed, "1 incident<" in listed.replace("\n", "<")) == (status == 200, status == 200)
    assert ("INC-2026-0001" in visitor.read("/incidents.csv")) is (status == 200)
    assert ("INC-2026-0001" in main_of(visitor, "/cases")) is (status == 200)


def test_what_is_restricted_reads_like_what_isn_t_there(reported: House) -> None:
    """Word for word, also to whoever acts on it."""
    label(reported, "restricted")
    ines, said = reported.visitor("ines"), []
    for name in ("INC-2026-0001", "INC-1999-0001"):
        answers = (ines.get(f"/incidents/{name}"), ines.send(f"/incidents/{name}/dismiss", reason="x"))
        said += [(answer.status_code, answer.text.split("<dt>What</dt>", 1)[1].split("</dd>", 1)[0].replace(name, "…"))
                 for answer in answers]
    assert said[0] == said[2]
    assert said[1] == said[3]


def test_the_condition_of_lists_says_what_the_rule_says(reported: House) -> None:
    """For each of the cast, each label, and each way in which somebody comes to be of a case."""
    world = reported.world
    respond(world, "ben")
    with world.store.write() as tx:
        tx.execute(insert(reached).values(case_id=world.case, person=world.ids["olga"], since=world.now))
        tx.execute(update(steps).where(steps.c.key == "recover").values(owner=world.ids["gil"]))
        tx.execute(insert(deputies).values(id=unknown(), person=world.ids["ben"], deputy=world.ids["ines"],
                                           named_by=world.ids["ben"], named_at=world.now))
    found = []
    for name in ("internal", "confidential", "restricted"):
        label(reported, name)
        with world.store.read() as conn:
            view = reading.view(conn, world.case, world.now)
            told = set(conn.execute(select(reached.c.person)).scalars())
            for who, person in world.ids.items():
                listed = conn.execute(select(func.count()).select_from(cases).where(seen_by(eyes(
                    conn, visit_of(reported, who))))).scalar_one()
                found.append((name, who, bool(listed), sees(view, person, told, world.now)))
    assert [each for each in found if each[2] != each[3]] == []
    assert {(name, who) for name, who, listed, _ in found if not listed} == {("restricted", "alex")}


def visit_of(house: House, who: str) -> Visit:
    """A visit by somebody, as their request has it."""
    client = house.visitor(who).client
    with house.world.store.read() as conn:
        session = sessions.session(conn, str(client.cookies.get("isms_session")), house.world.now)
    return Visit(None, house.app.state.portal, house.world.now, session)  # type: ignore[arg-type]  # no request is asked


def test_my_work_has_what_waits_for_responders_the_gravest_first(reported: House) -> None:
    """Triage is a decision, a response is owed; nobody else is bothered."""
    world = reported.world
    report(world, category="outage", systems=("Web shop",), title="The shop is down")
    report(world, systems=(), title="Something small")
    do(world, incidents.triage, "ben", None, "medium", "")
    page = main_of(reported.visitor("ravi"), "/")
    places = [page.index(each) for each in ("Triage: The shop is down", "Triage: Someone reads our mails", "Respond to: Something small")]
    assert places == sorted(places)
    assert "critical" in page
    for who in ("ines", "olga", "gil"):
        assert not any(each in main_of(reported.visitor(who), "/") for each in ("Triage: ", "Respond to: ", "Acknowledge: "))


def test_my_work_offers_whoever_was_told_only_what_they_may_do(reported: House) -> None:
    """Top management gives its word, at a report and after its triage, and owes nothing once somebody gave theirs."""
    world, dana = reported.world, reported.visitor("dana")
    report(world, category="outage", systems=("Web shop",), title="The shop is down")
    offered = "Acknowledge: The shop is down"
    assert (offered in main_of(dana, "/"), "Triage: " in main_of(dana, "/")) == (True, False)
    do(world, incidents.triage, "ben", None, "critical", "")
    page = main_of(dana, "/")
    assert (offered in page, "Acknowledge it" in page, "Respond to" in page) == (True, True, False)
    do(world, incidents.acknowledge, "ravi", None)
    assert "The shop is down" not in main_of(dana, "/")
    assert "Respond to: The shop is down" in main_of(reported.visitor("ravi"), "/")


def test_my_work_offers_nothing_that_a_responsibility_doesn_t_allow(reported: House) -> None:
    """Whoever a ladder told through a layer of a rotation, and who may neither handle it nor give their word."""
    world = reported.world
    with world.store.write() as tx:
        tx.execute(insert(reached).values(case_id=world.case, person=world.ids["ines"], since=world.now))
    assert "Someone reads our mails" not in main_of(reported.visitor("ines"), "/")


def test_my_work_says_what_each_row_is_about(reported: House) -> None:
    """Somebody at several incidents owes the same of each."""
    world = reported.world
    report(world, category="outage", systems=("Web shop",), title="The shop is down")
    for case in ("Someone reads our mails", "The shop is down"):
        with world.store.read() as conn:
            world.case = conn.execute(select(table.c.case_id).where(table.c.title == case)).scalar_one()
        respond(world, "ben")
    page = main_of(reported.visitor("ben"), "/")
    for title in ("Someone reads our mails", "The shop is down"):
        assert f"Contain the incident: {title}</a>" in page, title


def test_an_empty_list_teaches(house: House) -> None:
    """What it would hold, and how something gets there."""
    page = main_of(house.visitor("gil"), "/incidents")
    assert all(said in page for said in ("No incidents.", "Report one"))
    assert "No incident fits." in main_of(house.visitor("gil"), "/incidents?state=open")


def many(house: House, count: int) -> None:
    """So many incidents like the one that there is, each a minute younger than the one before, every second one closed."""
    with house.world.store.write() as tx:
        case = dict(tx.execute(select(cases)).one()._mapping)
        row = dict(tx.execute(select(table)).one()._mapping)
        ids = [unknown() for _ in range(count)]
        tx.execute(insert(cases), [{
            **case, "id": each, "reference": f"INC-2027-{n:05}", "opened_at": case["opened_at"] + timedelta(minutes=n + 1),
            "state": "closed" if n % 2 else "triaged", "closed_at": house.world.now if n % 2 else None} for n, each in enumerate(ids)])
        tx.execute(insert(table), [{**row, "case_id": each, "severity": ("critical", "low")[n % 2], "title": f"No. {n}"}
                                   for n, each in enumerate(ids)])


def test_a_list_goes_on_under_its_filter_and_order(reported: House) -> None:
    """Each incident once, in order, and the CSV has them all."""
    many(reported, 120)
    gil, seen, url = reported.visitor("gil"), [], "?state=open&severity=critical&sort=-response"
    while url:
        page = main_of(gil, f"/incidents{url}")
        assert "60 incidents" in page
        seen += re.findall(r'<a class="reference" href="/incidents/(INC-[\d-]+)"', page)
        found = re.search(r'href="([^"]*)" rel="next"', page)
        url = found.group(1) if found else ""
    assert len(seen) == len(set(seen)) == 60
    rows = list(csv.DictReader(io.StringIO(gil.get("/incidents.csv?state=open&severity=critical").content.decode("utf-8-sig"))))
    assert {row["reference"] for row in rows} == set(seen)


@pytest.mark.parametrize("sort", ["reported", "-reported", "title", "severity", "-severity", "state", "category", "response"])
def test_every_order_has_every_incident_once(reported: House, sort: str) -> None:
    """Also where many are equal."""
    many(reported, 70)
    gil, seen, url = reported.visitor("gil"), [], f"?sort={sort}"
    while url:
        page = main_of(gil, f"/incidents{url}")
        seen += re.findall(r'<a class="reference" href="/incidents/(INC-[\d-]+)"', page)
        found = re.search(r'href="([^"]*)" rel="next"', page)
        url = found.group(1) if found else ""
    assert len(seen) == len(set(seen)) == 71


def test_only_what_is_open_wants_somebody(reported: House) -> None:
    """Nobody sees to one that nobody took up; of one that has ended nothing is said."""
    ben = reported.visitor("ben")
    assert '<span class="muted">nobody</span>' in main_of(ben, "/incidents")
    do(reported.world, incidents.dismiss, "ben", None, "a prank")
    assert '<span class="muted">nobody</span>' not in main_of(ben, "/incidents")


SEARCHES = {"a word": ("MAILS", True), "two words in any order": ("mails reads", True), "one of them alone": ("mails invoice", False),
            "the reference": ("inc-2026-0001", True), "a sign that SQL would take for any letter": ("m_ils", False),
            "a percent sign": ("%", False), "a quote": ("'", False)}


@pytest.mark.parametrize(("text", "is_found"), SEARCHES.values(), ids=SEARCHES)
def test_the_list_is_searched(reported: House, text: str, is_found: bool) -> None:
    """In title, description and reference; the CSV has the same, and what was typed stays."""
    ben = reported.visitor("ben")
    page = ben.client.get("/incidents", params={"q": text}).text
    assert (">INC-2026-0001<" in page, "No incident fits." in page) == (is_found, not is_found)
    assert ("INC-2026-0001" in ben.client.get("/incidents.csv", params={"q": text}).text) is is_found
    assert f'name="q" value="{text}"' in unescape(page)


def test_searching_finds_nothing_that_is_hidden(reported: House) -> None:
    """Nor whether there is such a thing."""
    label(reported, "restricted")
    assert "No incident fits." in reported.visitor("alex").read("/incidents?q=mails")
