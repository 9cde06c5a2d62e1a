"""Steps: who owns them, how their dates move, how they are let go and owed again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from isms_workflow.domain.refusals import Missing, NotAllowed, NotYours, ReasonNeeded, Wrong
from isms_workflow.engine.commands import cases, people, steps
from isms_workflow.errors import IsmsError
from tests.world import World


def done(world: World, deed: Callable[..., Any], by: str, *given: Any) -> None:
    """One command by somebody."""
    with world.sim.write() as (tx, when):
        deed(tx, *given, world.actor(by), when)


def extend(world: World, key: str, by: str, days: int = 60, reason: str = "the supplier is late") -> None:
    """A later date, counted from now."""
    done(world, steps.extend, by, world.step(key).id, None, f"{world.now + timedelta(days=days):%Y-%m-%d}", reason)


def test_the_first_named_owns_and_the_others_stand_in(world: World) -> None:
    """A step belongs to one person, however many hold its responsibility."""
    done(world, people.grant, "alex", world.ids["ines"], "isms_manager")
    world.open_cycle()
    step = world.step("scope")
    assert world.name_of(step.owner) == "maria"
    assert world.view().directory.deputies_of(world.ids["maria"], "isms_manager") == (world.ids["ines"],)
    world.complete("scope", by="ines")
    assert world.step("scope").state == "done"


def test_a_step_opens_when_those_before_it_are_settled(planning: World) -> None:
    """Done or waived."""
    assert planning.step("policy").state == "waiting"
    planning.complete("scope")
    assert planning.step("policy").state == "open"


def test_the_first_extension_is_the_owners_and_the_second_the_managers(planning: World) -> None:
    """Each with a new date and a reason; its deadlines move along."""
    for key in ("scope", "policy", "risk_assessment", "risk_treatment"):
        planning.complete(key)
    before = planning.step("controls").due_at
    extend(planning, "controls", "ben", 90)
    assert before is not None
    assert (planning.step("controls").due_at or before) > before
    with pytest.raises(Missing, match="the ISMS manager's to give"):
        extend(planning, "controls", "ben", 120)
    extend(planning, "controls", "maria", 120)
    assert planning.step("controls").extensions == 2
    (armed,) = [due for event, due in planning.armed(planning.step("controls").id) if event == "ladder"]
    assert armed > before


REFUSED: dict[str, tuple[type[IsmsError], Callable[[World], object]]] = {
    "extended without a reason": (ReasonNeeded, lambda w: extend(w, "scope", "maria", reason=" ")),
    "extended to a day that is past": (Wrong, lambda w: extend(w, "scope", "maria", days=-3)),
    "extended by somebody else": (NotYours, lambda w: extend(w, "scope", "dana")),
    "completed without its evidence": (Missing, lambda w: done(w, steps.complete, "maria", w.step("scope").id, None)),
    "completed by somebody else": (NotYours, lambda w: done(w, steps.complete, "ravi", w.step("scope").id, None)),
    "completed before it opens": (NotAllowed, lambda w: done(w, steps.complete, "maria", w.step("soa").id, None)),
    "waived by its owner's colleague": (NotYours, lambda w: done(w, steps.waive, "ben", w.step("scope").id, None, "no")),
    "waived without a reason": (ReasonNeeded, lambda w: done(w, steps.waive, "maria", w.step("scope").id, None, "")),
    "given to somebody who only looks": (Wrong, lambda w: done(
        w, steps.reassign, "maria", w.step("scope").id, None, w.ids["gil"], "holiday")),
    "reopened while it is open": (NotAllowed, lambda w: done(w, steps.reopen, "maria", w.step("scope").id, None, "again")),
}


@pytest.mark.parametrize(("refusal", "deed"), REFUSED.values(), ids=REFUSED)
def test_what_isn_t_allowed_is_refused(planning: World, refusal: type[IsmsError], deed: Callable[[World], object]) -> None:
    """With a sentence, and the step as it was."""
    before = planning.step("scope")
    with pytest.raises(refusal):
        deed(planning)
    assert planning.step("scope") == before


def test_reassigning_tells_both_sides(planning: World) -> None:
    """And the step's ladder goes on, to its new owner."""
    done(planning, steps.reassign, "maria", planning.step("scope").id, None, planning.ids["ben"], "holiday")
    assert planning.name_of(planning.step("scope").owner) == "ben"
    assert {who for notice, who in planning.mails("reassigned")} == {"maria", "ben"}


def test_a_waived_step_opens_what_waited_for_it(planning: World) -> None:
    """The gate will show it with its reason."""
    done(planning, steps.waive, "maria", planning.step("scope").id, None, "unchanged since last year")
    assert (planning.step("scope").state, planning.step("policy").state) == ("waived", "open")


def test_a_step_waived_before_its_phase_reopens_in_its_phase(planning: World) -> None:
    """A phase's steps open when the gate before it has passed, and not by a detour."""
    done(planning, steps.waive, "maria", planning.step("train").id, None, "nobody is new")
    with pytest.raises(Missing, match="phase do hasn't begun"):
        done(planning, steps.reopen, "maria", planning.step("train").id, None, "somebody is")
    planning.pass_phase("plan")
    done(planning, steps.reopen, "maria", planning.step("train").id, None, "somebody is")
    assert planning.step("train").state == "open"


def test_nothing_of_a_case_that_has_ended_changes(planning: World) -> None:
    """Neither its steps nor what they carry; the refusal doesn't send people to a reopening that can't be."""
    planning.complete("scope")
    done(planning, cases.cancel, "dana", planning.case, None, "a merger")
    with pytest.raises(NotAllowed, match="is cancelled: cannot reopen step scope; possible now: nothing"):
        done(planning, steps.reopen, "maria", planning.step("scope").id, None, "again")
    with pytest.raises(NotAllowed, match="is cancelled: cannot change step scope"):
        planning.evidence("scope", "maria", b"later")


def test_a_vacant_responsibility_falls_to_the_isms_manager(planning: World) -> None:
    """At once, and both sides know."""
    for key in ("scope", "policy", "risk_assessment", "risk_treatment"):
        planning.complete(key)
    done(planning, people.deactivate, "alex", planning.ids["ben"])
    assert planning.name_of(planning.step("controls").owner) == "maria"
