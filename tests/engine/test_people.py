"""People: offices are never vacant, grants are told, and those who only look own nothing."""

from __future__ import annotations

import pytest

from isms_workflow.domain.refusals import LastInOffice, NotYours, Wrong
from isms_workflow.engine.commands import people
from tests.engine.test_steps import done
from tests.world import World

OFFICES = {"ISMS manager": "maria", "top management": "dana", "administrator": "alex"}


@pytest.mark.parametrize("name", OFFICES.values(), ids=OFFICES)
def test_the_last_in_office_can_t_be_deactivated(world: World, name: str) -> None:
    """Before a successor is named."""
    with pytest.raises(LastInOffice):
        done(world, people.deactivate, "alex", world.ids[name])


@pytest.mark.parametrize(("name", "office"), [("maria", "isms_manager"), ("dana", "top_management")])
def test_the_last_in_office_can_t_lose_it(world: World, name: str, office: str) -> None:
    """With a successor named, they can."""
    with pytest.raises(LastInOffice):
        done(world, people.revoke, "alex", world.ids[name], office)
    done(world, people.grant, "alex", world.ids["ines"], office)
    done(world, people.revoke, "alex", world.ids[name], office)
    assert world_holds(world, office) == ("ines",)


def world_holds(world: World, office: str) -> tuple[str, ...]:
    """First names of those in office."""
    world.open_cycle(by="ines" if office == "isms_manager" else "maria")
    return tuple(world.name_of(p) for p in world.view().directory.holders(office))


def test_every_grant_is_told_to_those_who_answer_for_it(world: World) -> None:
    """The ISMS manager and top management; nobody becomes accountable in silence."""
    before = len(world.mails("granted"))
    done(world, people.grant, "alex", world.ids["ines"], "risk_owner")
    assert {who for _, who in world.mails("granted")[before:]} >= {"maria", "dana"}


def test_only_administrators_grant(world: World) -> None:
    """The ISMS manager asks one."""
    with pytest.raises(NotYours):
        done(world, people.grant, "maria", world.ids["ines"], "risk_owner")


@pytest.mark.parametrize("name", ["olga", "gil"])
def test_whoever_only_looks_owns_nothing(world: World, name: str) -> None:
    """Refused with this reason."""
    with pytest.raises(Wrong, match="role"):
        done(world, people.grant, "alex", world.ids[name], "internal_auditor")


def test_deactivating_somebody_hands_over_their_steps(planning: World) -> None:
    """At once; both sides are told."""
    done(planning, people.grant, "alex", planning.ids["ines"], "isms_manager")
    done(planning, people.deactivate, "alex", planning.ids["maria"])
    assert planning.name_of(planning.step("scope").owner) == "ines"
    assert {who for _, who in planning.mails("deactivated")} >= {"maria", "dana"}


def test_a_delegation_is_given_by_oneself(world: World) -> None:
    """Nobody gives away somebody else's authority."""
    with pytest.raises(NotYours):
        done(world, people.delegate, "alex", world.ids["dana"], world.ids["ben"], world.now, world.now.replace(year=2027))
