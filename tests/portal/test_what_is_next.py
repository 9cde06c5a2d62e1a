"""What comes next in an incident, on its page; and what the operator reads of deadlines."""

from __future__ import annotations

import re
from datetime import timedelta

from isms_workflow.engine import programmes
from isms_workflow.engine.commands import incidents
from isms_workflow.programme.load import parse, shipped
from tests.engine.incidents import do, report, respond
from tests.engine.lessons import learning
from tests.engine.obligations import BREACH, answer, date
from tests.portal.incidents import FIRST, label, main_of
from tests.portal.visitor import House, Visitor
from tests.world import OPERATOR, World


def under_acts(world: World) -> None:
    """The shipped programme is in force, whose incidents ask about reports."""
    with world.sim.write() as (tx, when):
        programmes.apply(tx, parse(shipped()), OPERATOR, when)


def next_of(visitor: Visitor) -> str:
    """The link under What comes next."""
    found = re.search(r'What comes next</h2>\s*<p><a href="([^"]+)">([^<]+)</a>', main_of(visitor, FIRST))
    return found[2] if found else ""


def test_an_incident_s_page_leads_to_what_is_owed_now(house: House) -> None:
    """Step by step, the lessons' too, then to their gate; to nothing once it is closed."""
    world, ben = house.world, house.visitor("ben")
    report(world)
    assert next_of(ben) == ""
    respond(world, "ben")
    assert next_of(ben) == "Contain the incident"
    world.complete("contain")
    assert next_of(ben) == "Eradicate the cause"
    world.complete_phase("responding")
    assert next_of(ben) == "Write down what happened"
    world.complete_phase("lessons_learned")
    assert next_of(ben) == "Gate: approve lessons learned"
    world.answer("lessons_learned", "maria")
    assert next_of(ben) == ""


def test_a_pause_hides_nothing_that_it_doesn_t_stop(house: House) -> None:
    """The questions about reports are owed all the same, by their instant; without them nothing is waited for."""
    world, ben = house.world, house.visitor("ben")
    under_acts(world)
    report(world)
    do(world, incidents.pause, "ben", None, world.now + timedelta(hours=1), "waits for the vendor")
    page = main_of(ben, FIRST)
    assert ("Paused by" in page, "Say which reports are owed</strong>. Open since" in page) == (True, True)
    assert re.search(r"Say which reports are owed</strong>.*?, due <span", page, re.DOTALL)


def test_a_pause_of_what_asks_nothing_waits_for_nothing(house: House) -> None:
    """Its clocks stand still, which is said above."""
    report(house.world)
    do(house.world, incidents.pause, "ben", None, house.world.now + timedelta(hours=1), "waits for the vendor")
    assert "Waits for" not in main_of(house.visitor("ben"), FIRST)


def test_the_operator_reads_in_words_what_is_due(house: House) -> None:
    """Of a ladder its level and name, of a report what happens with it; never an event's name."""
    world = house.world
    under_acts(world)
    report(world)
    answer(world, BREACH)
    date(world, "aware", world.now)
    label(house, "internal")
    page = house.visitor("alex").read("/system")
    for said in ("level 1 of the ladder incident high is told, of a case", "a response is due",
                 "a reminder of the report gdpr.notification: level 1 of the ladder statutory",
                 "the report gdpr.notification should be submitted"):
        assert said in page, said
    assert ("remind:" in page, "act by:" in page, "ladder of a" in page) == (False, False, False)


def test_lessons_without_an_owner_lead_somewhere_too(house: House) -> None:
    """Whoever reads it: the first that is open."""
    learning(house.world)
    label(house, "internal")
    assert next_of(house.visitor("ines")) == "Write down what happened"
