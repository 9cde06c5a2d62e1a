"""A corrective action under other terms: another gravity, another version of the programme; counted from the same instants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from isms_workflow.domain.refusals import Conflicted, NotAllowed, NotYours, ReasonNeeded, Wrong
from isms_workflow.domain.rules.corrective import FOLLOW_UP
from isms_workflow.domain.times import When
from isms_workflow.engine import programmes
from isms_workflow.engine.commands import corrective
from isms_workflow.programme.load import parse
from isms_workflow.store import audit
from isms_workflow.store.database import Store
from tests.engine.actions import done, open_action, referred
from tests.engine.incidents import do
from tests.world import OPERATOR, World, found


@pytest.fixture
def world(store: Store) -> World:
    """Maria has opened a minor action that Ben owns; on both databases."""
    there = found(store)
    open_action(there)
    return there


def programme(world: World, **changes: tuple[str, str]) -> None:
    """Another version is put in force: in each file one text stands for another, wherever it is."""
    with world.store.write() as tx:
        files = dict(programmes.in_force(tx).programme.files)
        for name, (before, after) in changes.items():
            assert before in files[f"{name}.yaml"], name
            files[f"{name}.yaml"] = files[f"{name}.yaml"].replace(before, after)
        programmes.apply(tx, parse(files), OPERATOR, When.at(world.now))


def check_due(world: World) -> Any:
    """When its effectiveness is looked at."""
    return dict(world.armed(world.case))[FOLLOW_UP]


def test_another_gravity_counts_from_when_it_was_done(world: World) -> None:
    """The check moves from 30 days after that to 90, whenever that is said; and back, at once if that is past."""
    done(world)
    minor, since = check_due(world), world.view().case.phase_opened_at
    assert since is not None
    world.advance(days=20)
    do(world, corrective.reassess, "maria", None, "major", "it stopped production")
    action = world.view().corrective
    assert action is not None
    assert (action.gravity, world.view().case.phase_opened_at) == ("major", since)
    assert check_due(world) - minor in (timedelta(days=60), timedelta(days=60, hours=-1))  # summer time began meanwhile, or not
    world.advance(days=20)
    do(world, corrective.reassess, "dana", None, "minor", "it didn't")
    world.advance(seconds=1)
    assert (world.view().case.state, world.mails("step_opened")[-1]) == ("checking", ("step_opened", "ines"))
    with world.store.read() as conn:
        assert audit.verify(conn).ok


def test_another_gravity_before_it_is_done_counts_when_it_is(world: World) -> None:
    """Nothing is due yet that could move."""
    do(world, corrective.reassess, "maria", None, "major", "it stopped production")
    done(world)
    since = world.view().case.phase_opened_at
    assert since is not None
    assert (check_due(world) - since).days >= 89


REFUSED: dict[str, tuple[Callable[[World], Any], type[Exception], str]] = {
    "a gravity that isn't": (lambda w: do(w, corrective.reassess, "maria", None, "mild", "so"), Wrong, "one of major, minor"),
    "the same gravity": (lambda w: do(w, corrective.reassess, "maria", None, "minor", "so"), Wrong, "already"),
    "no reason": (lambda w: do(w, corrective.reassess, "maria", None, "major", " "), ReasonNeeded, "reason"),
    "by its owner": (lambda w: do(w, corrective.reassess, "ben", None, "major", "so"), NotYours, "responsibilit"),
    "a new plan where there is none": (lambda w: do(w, corrective.replan, "maria", None, "so"), NotAllowed, "in force already"),
}


@pytest.mark.parametrize(("act", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(world: World, act: Callable[[World], Any], error: type[Exception], said: str) -> None:
    """The sentence says what would be right, and nothing changes."""
    before = world.view()
    with pytest.raises(error, match=said):
        act(world)
    assert (world.view().case.version, world.view().corrective) == (before.case.version, before.corrective)


def test_who_owns_it_does_not_change_its_gravity(world: World) -> None:
    """Whatever responsibility they hold."""
    open_action(world, owner="maria")
    with pytest.raises(Conflicted):
        do(world, corrective.reassess, "maria", None, "major", "so")


def test_a_new_plan_times_the_check_from_when_it_was_done(world: World) -> None:
    """The programme in force says 45 days for what is minor; the action keeps its own until somebody re-plans it."""
    done(world)
    before = check_due(world)
    programme(world, corrective_action=("check_after: 30 days", "check_after: 45 days"))
    world.advance(days=5)
    assert check_due(world) == before
    do(world, corrective.replan, "maria", None, "auditors ask for more time")
    assert check_due(world) - before in (timedelta(days=15), timedelta(days=15, hours=-1))
    with world.store.read() as conn:
        assert world.view().case.programme == programmes.in_force(conn).programme.digest


def test_a_new_plan_s_ladders_tell_from_now_on(world: World) -> None:
    """A step stays due when it was; its next level comes as the new ladder says, and what was told isn't told again."""
    step, told = world.step("correction"), world.mails("step_opened")
    before = dict(world.armed(step.id))["ladder"]
    programme(world, ladders=("offset: -3 working days", "offset: -4 working days"))
    do(world, corrective.replan, "maria", None, "earlier reminders")
    after = dict(world.armed(step.id))["ladder"]
    assert after < before
    assert (world.step("correction").due_at, world.mails("step_opened")) == (step.due_at, told)


def test_a_new_plan_keeps_what_management_is_asked(world: World) -> None:
    """The ladder of a referral goes on, counted from the same instant."""
    referred(world)
    before = world.armed(world.case)
    programme(world, corrective_action=("check_after: 90 days", "check_after: 91 days"))
    do(world, corrective.replan, "dana", None, "so that it stays in force")
    assert world.armed(world.case) == before


def test_a_programme_that_can_t_carry_it_is_refused(world: World) -> None:
    """One without its gravity."""
    programme(world, corrective_action=("{id: minor, title: Minor", "{id: small, title: Small"))
    with pytest.raises(Wrong, match="change the gravity first"):
        do(world, corrective.replan, "maria", None, "so")
