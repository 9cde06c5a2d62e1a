"""A pause moves everything by its days: what is due, what will be, and what begins meanwhile; an early end gives back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from isms_workflow.engine import watchdog
from isms_workflow.engine.commands import cases
from tests.engine.test_steps import done
from tests.world import World

Wait = Callable[[World], datetime | None]


def pause(world: World, days: int = 30) -> None:
    """Maria pauses the cycle for so many days."""
    done(world, cases.pause, "maria", world.case, None, f"{world.now + timedelta(days=days):%Y-%m-%d}", "everybody is ill")


def resume(world: World) -> None:
    """Before its time."""
    done(world, cases.resume, "maria", world.case, None)


def ladder(world: World, subject: str) -> datetime:
    """When the next level is told."""
    (armed,) = [due for event, due in world.armed(subject) if event == "ladder"]
    return armed


def rejected(world: World) -> None:
    """PLAN waits for top management to say how to go on."""
    world.complete_phase("plan")
    world.answer("plan", "dana", "reject", "not our risks")


def lapsed(world: World) -> None:
    """PLAN waits for its owner to say how to go on."""
    world.complete_phase("plan")
    world.advance(days=30)


BEGINS: dict[str, tuple[Callable[[World], object], Wait]] = {
    # what begins: (how, when it is due)
    "a step that waited for another": (lambda w: w.complete("scope"), lambda w: w.step("policy").due_at),
    "a gate": (lambda w: w.complete_phase("plan"), lambda w: w.gate("plan").due_at),
    "a phase": (lambda w: w.pass_phase("plan"), lambda w: w.step("implement_treatment").due_at),
    "rework": (lambda w: (w.complete_phase("plan"), w.answer("plan", "dana", "return", "the depot", ["soa"])),
               lambda w: w.step("soa").due_at),
    "a wait for a way on": (rejected, lambda w: ladder(w, w.gate("plan").id)),
}


@pytest.mark.parametrize(("begins", "due"), BEGINS.values(), ids=BEGINS)
@pytest.mark.parametrize("days", [14, 28], ids=["ended early", "ended on its day"])
def test_what_begins_in_or_after_a_pause_is_due_later_by_its_days(
    planning: World, begins: Callable[[World], object], due: Wait, days: int,
) -> None:
    """As if the days of the pause had not been; whole weeks, so that working days don't matter."""
    begins(planning)
    expected = due(planning)
    assert expected is not None
    paused = planning_again(planning)
    pause(paused, 28)
    begins(paused)
    paused.advance(days=days)
    if days < 28:
        resume(paused)
    assert due(paused) == expected + timedelta(days=days)
    with paused.store.read() as conn:
        assert watchdog.look(conn, paused.now) == []


def planning_again(world: World) -> World:
    """The cycle is cancelled and a new one begins, at the hour and weekday at which the first did."""
    done(world, cases.cancel, "dana", world.case, None, "once more")
    world.open_cycle()
    return world


@pytest.mark.parametrize("comes", [rejected, lapsed])
def test_who_has_to_say_how_to_go_on_gets_the_days_of_each_pause(planning: World, comes: Callable[[World], None]) -> None:
    """Two pauses, both ended early: the ladder stands just as far ahead as it did."""
    comes(planning)
    gate = planning.gate("plan").id
    before = ladder(planning, gate)
    for _ in range(2):
        pause(planning, 28)
        planning.advance(days=7)
        resume(planning)
    assert ladder(planning, gate) == before + timedelta(days=14)


def test_a_ladder_is_silent_in_a_pause_and_goes_on_where_it_stood(planning: World) -> None:
    """Somebody who is late isn't reminded anew while everybody is ill."""
    planning.advance(days=16)
    before = [each for each in planning.mails() if each[0] in ("reminder", "overdue", "escalated")]
    assert ("overdue", "maria") in before
    pause(planning, 28)
    planning.advance(days=27)
    assert [each for each in planning.mails() if each[0] in ("reminder", "overdue", "escalated")] == before
    planning.advance(days=14)
    assert len([each for each in planning.mails() if each[0] == "escalated"]) == 2
