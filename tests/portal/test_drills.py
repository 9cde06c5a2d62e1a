"""How an exercise went: a page for those who may see it, and only of an exercise."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from isms_workflow.domain.drill import REPORT
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.rules.incidents import Report
from isms_workflow.engine import clock, drills
from isms_workflow.engine.commands import incidents
from isms_workflow.settings import Settings
from tests.engine.incidents import do, report, respond
from tests.engine.mails import deliver
from tests.portal.visitor import House
from tests.world import World

PAGE = "/incidents/INC-2026-0002/drill"


@pytest.fixture
def rehearsed(house: House) -> House:
    """The second incident is an exercise; the first is real."""
    report(house.world, title="The one before")
    systems = house.world.view().incident.systems  # type: ignore[union-attr]
    with house.world.sim.write() as (tx, when):
        view, _ = incidents.report(
            tx, Report("Nobody can buy", "", "data_breach", is_exercise=True), systems, house.world.actor("gil"), when)
        house.world.case = view.case.id
    return house


def drilled(world: World) -> tuple[list[tuple[str, int]], list[tuple[str, str, float]], list[int], tuple[str, ...]]:
    """Told, answers with hours, levels, missed."""
    view = world.view()
    with world.store.read() as conn:
        found = drills.of(conn, view)
    return ([(world.name_of(t.person), t.level) for t in found.told],
            [(world.name_of(a.person), a.did, round(a.after / timedelta(hours=1), 2)) for a in found.answers],
            [each.level for each in found.levels], found.missed)


def test_an_exercise_that_went_well_missed_nothing(rehearsed: House) -> None:
    """The team was told, one of them acknowledged it after half an hour, and another responded after an hour."""
    world = rehearsed.world
    world.advance(minutes=30)
    do(world, incidents.acknowledge, "ben", None)
    world.advance(minutes=30)
    respond(world, "ravi")
    told, answers, levels, missed = drilled(world)
    assert set(told) == {("ben", REPORT), ("ravi", REPORT)}
    assert answers == [("ben", "acknowledged", 0.5), ("ravi", "responded", 1.0)]
    assert (levels, missed) == ([], ())


def test_nobody_answers(rehearsed: House) -> None:
    """Every level is there, whom it told, and that the response was missed."""
    world = rehearsed.world
    world.advance(hours=5)
    told, answers, levels, missed = drilled(world)
    assert {("maria", 0), ("dana", 1)} <= set(told)
    assert (answers, levels) == ([], [0, 1])
    assert missed == ("Nobody was at it within 4 hours.", "Nobody acknowledged it.", "Nobody responded.")


def test_a_clock_that_stood_still_shows(rehearsed: House) -> None:
    """How late each level was told, and how many repetitions were left out."""
    world = rehearsed.world
    world.sim.now += timedelta(days=2)
    while (due := clock.earliest(world.store)) is not None and due <= world.now:
        clock.drain(world.store, lambda: world.now)
    missed = drilled(world)[3]
    assert any(re.fullmatch(r"\d+ repetitions of level 2 were left out: the clock stood still\.", each) for each in missed)
    assert any(re.fullmatch(r"Level 1 was told 2,7\d\d minutes after it fell due\.", each) for each in missed)


def test_the_page_says_it_and_the_incident_leads_to_it(rehearsed: House, settings: Settings) -> None:
    """To whoever may see the incident; one that isn't an exercise has no such page and no link."""
    world, maria = rehearsed.world, rehearsed.visitor("maria")
    world.advance(hours=3)
    deliver(world, settings)
    do(world, incidents.acknowledge, "ben", None)
    page = maria.read(PAGE)
    for said in ("EXERCISE", "Nobody can buy", "Nobody responded.", "acknowledged", "3 hours after the report", "level 1", "left"):
        assert said in page, said
    assert PAGE in maria.read("/incidents/INC-2026-0002")
    assert "/drill" not in maria.read("/incidents/INC-2026-0001")
    assert maria.get("/incidents/INC-2026-0001/drill").status_code == 404
    assert rehearsed.visitor("gil").get(PAGE).status_code in (403, 404)


def test_what_is_real_has_no_such_report(rehearsed: House) -> None:
    """It is asked about by other means."""
    world = rehearsed.world
    report(world)
    with world.store.read() as conn, pytest.raises(Unknown):
        drills.of(conn, world.view())
