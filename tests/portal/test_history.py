"""The history, to people: each line says what it is about in the words of the programme, and how many it reached."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from isms_workflow.engine import programmes, reading
from isms_workflow.portal import incident_paper
from isms_workflow.portal.history import sentence
from isms_workflow.portal.names import Names
from isms_workflow.programme.load import kept, shipped
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.statements import work
from tests.counting import counted
from tests.engine.actions import current, done, judged, open_action
from tests.engine.incidents import report, respond
from tests.engine.obligations import answer, date, nothing_to_report
from tests.portal.incidents import FIRST, label
from tests.portal.visitor import House, Visitor
from tests.world import OPERATOR, World


def lines(visitor: Visitor, page: str) -> list[str]:
    """What each line of the page's last table says, newest first."""
    rows = re.findall(r'<td class="what">(.*?)</td>', visitor.get(page).text, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()).replace(" :", ":") for row in rows]


def test_a_case_s_history_names_the_step_of_each_line(planning: House) -> None:
    """With a link to it; on the step's own page it would say nothing new."""
    planning.world.complete("scope")
    maria, step = planning.visitor("maria"), planning.world.step("scope")
    whole = f"/cases/{planning.world.view().case.reference}"
    assert "Establish scope and boundaries: declared the step complete" in lines(maria, whole)
    assert "Establish scope and boundaries: added evidence scope.pdf" in lines(maria, whole)
    assert f'<a href="/steps/{step.id}">Establish scope and boundaries</a>: declared' in maria.read(whole)
    assert "declared the step complete" in lines(maria, f"/steps/{step.id}")


@pytest.mark.parametrize(("who", "audits"), [("olga", True), ("maria", False)])
def test_a_line_leads_to_the_chain_whoever_may_audit(planning: House, who: str, audits: bool) -> None:
    """To everybody else it says its place in the chain, and leads to no page that would refuse them."""
    page = planning.visitor(who).read(f"/cases/{planning.world.view().case.reference}")
    place = re.search(r'<td class="chain">.*?#\d+', page, re.DOTALL)
    assert place is not None
    assert ('href="/audit?from=' in place.group(0), 'href="/audit?from=' in page) == (audits, audits)


def test_a_later_round_of_an_action_is_said(house: House) -> None:
    """As its page calls the step."""
    world = house.world
    open_action(world)
    done(world)
    world.advance(days=31)
    judged(world, effective=False)
    world.complete(current("root_cause", world))
    said = lines(house.visitor("maria"), f"/actions/{world.view().case.reference}")
    assert "Find the root cause, round 2: declared the step complete" in said
    assert "Find the root cause: declared the step complete" in said


def test_the_chain_s_page_says_which_case_each_record_is_of(planning: House) -> None:
    """Its records are those of all cases; of one that is hidden no more than its place is told."""
    planning.world.complete("scope")
    page = planning.visitor("olga").read("/audit")
    name = planning.world.view().case.reference
    step = planning.world.step("scope").id
    row = re.search(rf'<td class="name">([^\n]*)<a href="/steps/{step}">Establish scope and boundaries</a>: declared', page)
    assert row is not None
    assert f'href="/cases/{name}">{name}</a>' in row.group(1)
    report(planning.world)
    label(planning, "restricted")
    hidden = planning.visitor("olga").read("/audit")
    assert not any(each in hidden for each in ("INC-2026-0001", name, "Establish scope"))


def test_questions_and_reports_are_called_by_their_words(house: House) -> None:
    """Not by the ids of the programme's files; on paper, too."""
    world = house.world
    with world.sim.write() as (tx, when):
        programmes.apply(tx, kept(shipped()), OPERATOR, when)
    report(world)
    respond(world, "ben")
    answer(world, {"gdpr.personal_data_breach": True})
    date(world, "aware", world.now)
    label(house, "internal")
    said = lines(house.visitor("ben"), FIRST)
    asked = "answered “Were personal data lost, destroyed, changed, disclosed or seen without right, or may they have been?”: yes"
    assert asked in said
    assert any(each.startswith("recorded that the organisation became aware: Mon 5 Jan 2026") for each in said), said
    with world.store.read() as conn:
        paper = incident_paper.read(conn, reading.view(conn, world.case, world.now), lambda _: True, lambda _: True)
    text = str(paper.blocks)
    assert asked in text
    assert "Contain the incident: opened the step" in text


def test_a_step_of_questions_is_done_because_they_are_answered(house: House) -> None:
    """That is told behind the answer that left none open, and nobody is said to have declared it; so is that it is owed again."""
    world, step = house.world, "Say which reports are owed: "
    with world.sim.write() as (tx, when):
        programmes.apply(tx, kept(shipped()), OPERATOR, when)
    report(world)
    nothing_to_report(world)
    answer(world, {"gdpr.personal_data_breach": True}, reason="the list of customers")
    label(house, "internal")
    said = [each for each in reversed(lines(house.visitor("ben"), FIRST)) if each.startswith((step, "answered"))]
    assert [each.removeprefix(step).split(" ")[0] for each in said] == ["opened", "answered", "left", "answered", "reopened"]
    assert said[2] == f"{step}left no question open, which completes the step"


COUNTED = {
    "one approval": ("gate.passed", {"gate": "plan", "approvals": 1}, "passed gate PLAN with 1 approval"),
    "two": ("gate.passed", {"gate": "plan", "approvals": 2}, "passed gate PLAN with 2 approvals"),
    "nobody": ("deadline.expired", {"level": 0, "ladder": "step", "to": "deputy", "reached": 0},
               "had level 1 of ladder step told: deputy; it reached nobody"),
    "one": ("deadline.expired", {"level": 0, "ladder": "step", "to": "owner", "reached": 1},
            "had level 1 of ladder step told: owner; it reached 1 person"),
    "several": ("deadline.expired", {"level": 1, "ladder": "step", "to": "isms_manager", "reached": 3},
                "had level 2 of ladder step told: ISMS manager; it reached 3 people"),
}


@pytest.mark.parametrize(("kind", "data", "says"), COUNTED.values(), ids=COUNTED)
def test_numbers_are_said_as_people_say_them(house: House, kind: str, data: dict[str, object], says: str) -> None:
    """One approval, three people; responsibilities by their titles."""
    with house.world.store.read() as conn:
        assert sentence(kind, data, Names(conn, None), "UTC") == says


def test_one_s_own_page_says_what_one_did(planning: House) -> None:
    """Where My work leads: each with its case and step, of those that one may see. Nobody else reads it there."""
    world = planning.world
    world.complete("scope", "maria")
    maria, path = planning.visitor("maria"), f"/people/{world.ids['maria']}"
    assert f'href="{path}#done">History' in maria.read("/")
    done = maria.read(path).split('id="done"')[1].split("</section>")[0]
    name = world.view().case.reference
    assert f">{name}</a>" in done
    assert "Establish scope and boundaries</a>: declared the step complete" in done
    for who in ("alex", "ben", "olga"):
        page = planning.visitor(who).read(path)
        assert ('id="done"' in page, "declared the step complete" in page) == (False, False)
    assert "Nothing has happened yet." in planning.visitor("gil").read(f"/people/{world.ids['gil']}").split('id="done"')[1]


def plan_of(world: World, query: Any) -> str:
    """How the database would answer a question."""
    text = str(query.compile(world.store.engine, compile_kwargs={"literal_binds": True}))
    with world.store.engine.connect() as conn:
        if world.store.is_sqlite:
            return " ".join(str(row[3]) for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
        conn.exec_driver_sql("SET enable_seqscan = off")  # a table of a few rows is read whole else
        return " ".join(str(row[0]) for row in conn.exec_driver_sql(f"EXPLAIN {text.replace('%', '%%')}"))


def test_what_somebody_did_is_found_without_reading_everything(both_house: House) -> None:
    """However much the clock has done: its transitions aren't in the index."""
    world = both_house.world
    for query in (work.done_since(world.ids["maria"], world.now), work.records_of(world.ids["maria"], 50)):
        assert "transitions_by_people" in plan_of(world, query)


def test_a_thing_s_history_is_found_by_its_case(both_house: House) -> None:
    """The chain isn't read for it: not for a step's, nor for a person's, who are of no case."""
    world = both_house.world
    world.open_cycle()
    step, person = world.step("scope").id, world.ids["maria"]
    with world.store.read() as conn:
        assert [conn.execute(questions.case_of(each)).scalar() for each in (step, world.case, person)] == [world.case, world.case, None]
    for subject, page in ((step, f"/steps/{step}"), (person, f"/people/{person}")):
        with counted(world.store) as statements:
            both_house.visitor("maria").read(page)
        asked, = (each for each in statements if "audit.subject = " in each)
        assert "audit.case_id" in asked.split("WHERE")[1], subject
