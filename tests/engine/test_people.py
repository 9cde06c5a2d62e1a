"""People: offices are never vacant, grants are told, and those who only look own nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from isms_workflow.domain.refusals import LastInOffice, NotYours, Wrong
from isms_workflow.engine.commands import people, steps
from isms_workflow.store.database import Store
from isms_workflow.store.tables import delegations
from tests.engine.test_steps import done
from tests.world import CAST, World, found

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


def with_an_end(world: World, name: str, role: str = "user") -> str:
    """Somebody whose account ends in a month."""
    with world.sim.write() as (tx, when):
        world.ids[name] = people.add(tx, f"{name.title()} Novak", f"{name}@example.org", role, "UTC",
                                     when.happened + timedelta(days=30), world.actor("alex"), when)
    return world.ids[name]


@pytest.mark.parametrize(("name", "office"), [("maria", "isms_manager"), ("dana", "top_management")])
def test_whose_account_ends_on_a_date_is_no_successor(world: World, name: str, office: str) -> None:
    """Or the date would leave the office vacant; beside somebody who stays they may hold it."""
    done(world, people.grant, "alex", with_an_end(world, "eva"), office)
    with pytest.raises(LastInOffice, match="doesn't end on a date"):
        done(world, people.revoke, "alex", world.ids[name], office)
    with pytest.raises(LastInOffice):
        done(world, people.deactivate, "alex", world.ids[name])
    done(world, people.revoke, "alex", world.ids["eva"], office)


def test_an_administrator_whose_account_ends_is_no_successor_either(world: World) -> None:
    """The last who stays can be neither deactivated nor given another role."""
    with_an_end(world, "eva", role="admin")
    with pytest.raises(LastInOffice):
        done(world, people.deactivate, "alex", world.ids["alex"])
    with pytest.raises(LastInOffice):
        done(world, people.change_role, "alex", world.ids["alex"], "user", None)


def test_the_first_in_office_is_somebody_who_stays(sqlite_store: Store) -> None:
    """An office that is vacant isn't given to an account that ends."""
    world = found(sqlite_store, cast={"alex": CAST["alex"]})
    with pytest.raises(Wrong, match="ends on a date"):
        done(world, people.grant, "alex", with_an_end(world, "eva"), "top_management")


def test_an_account_that_has_ended_hands_over_what_it_owed(at_gate: World) -> None:
    """Within the hour, by the clock; a gate that nobody can decide any more is told."""
    done(at_gate, people.grant, "alex", with_an_end(at_gate, "eva"), "risk_owner")
    done(at_gate, people.deactivate, "alex", at_gate.ids["ravi"])
    assert at_gate.mails("undecidable_gate") == []
    done(at_gate, people.add, "alex", "Zoe Hart", "zoe@example.org", "user", "UTC", None)
    at_gate.sim.now += timedelta(days=31)
    with at_gate.sim.write() as (tx, when):
        assert people.end_accounts(tx, when) == [at_gate.ids["eva"]]
    assert ("undecidable_gate", "maria") in at_gate.mails()


def test_a_role_that_only_looks_hands_over_what_was_owed(planning: World) -> None:
    """Also a step that came to somebody by name, without any responsibility."""
    done(planning, steps.reassign, "maria", planning.step("scope").id, None, planning.ids["alex"], "holiday")
    done(planning, people.add, "alex", "Zoe Hart", "zoe@example.org", "admin", "UTC", None)
    done(planning, people.change_role, "alex", planning.ids["alex"], "guest", None)
    assert planning.name_of(planning.step("scope").owner) == "maria"


def test_what_nobody_holds_goes_from_one_isms_manager_to_the_next(planning: World) -> None:
    """It had come to the ISMS manager by the office, so it leaves with the office."""
    for key in ("scope", "policy", "risk_assessment", "risk_treatment"):
        planning.complete(key)
    done(planning, people.revoke, "alex", planning.ids["ben"], "control_owner")
    assert planning.name_of(planning.step("controls").owner) == "maria"
    done(planning, people.grant, "alex", planning.ids["ines"], "isms_manager")
    done(planning, people.revoke, "alex", planning.ids["maria"], "isms_manager")
    assert planning.name_of(planning.step("controls").owner) == "ines"


def test_a_delegation_is_given_by_oneself(world: World) -> None:
    """Nobody gives away somebody else's authority."""
    with pytest.raises(NotYours):
        done(world, people.delegate, "alex", world.ids["dana"], world.ids["ben"], world.now, world.now.replace(year=2027))


def delegates(world: World, **ends_in: float) -> None:
    """Ines decides for Dana from now on, for a week unless it is said otherwise."""
    done(world, people.delegate, "dana", world.ids["dana"], world.ids["ines"], world.now,
         world.now + timedelta(**ends_in or {"days": 7}))


def ends(world: World, by: str) -> None:
    """Somebody ends the delegation."""
    with world.store.read() as conn:
        found = conn.execute(select(delegations.c.id)).scalar_one()
    done(world, people.undelegate, by, found)


def names(world: World, deputy: str | None, by: str = "maria") -> None:
    """Somebody names Maria's deputy."""
    done(world, people.name_deputy, by, world.ids["maria"], deputy and world.ids[deputy])


Deed = Callable[[World], object]
STANDING_IN: dict[str, tuple[Deed, Deed, list[tuple[str, str]]]] = {
    "a deputy is named": (lambda w: None, lambda w: names(w, "ben"), [("deputised", "ben")]),
    "an administrator names one": (
        lambda w: None, lambda w: names(w, "ben", by="alex"), [("deputised", "ben"), ("deputised", "maria")]),
    "another one is named": (
        lambda w: names(w, "ben"), lambda w: names(w, "ines"), [("deputised", "ben"), ("deputised", "ines")]),
    "the same one is named again": (lambda w: names(w, "ben"), lambda w: names(w, "ben"), []),
    "there is to be none": (lambda w: names(w, "ben"), lambda w: names(w, None), [("deputised", "ben")]),
    "there was none": (lambda w: None, lambda w: names(w, None), []),
    "the deputy's account ends": (
        lambda w: names(w, "ben"), lambda w: done(w, people.deactivate, "alex", w.ids["ben"]), [("deputised", "maria")]),
    "a delegation is given": (lambda w: None, delegates, [("delegated", "ines")]),
    "whoever gave it ends it": (delegates, lambda w: ends(w, "dana"), [("delegated", "ines")]),
    "an administrator ends it": (
        delegates, lambda w: ends(w, "alex"), [("delegated", "dana"), ("delegated", "ines")]),
    "it had ended by itself": (
        lambda w: (delegates(w, hours=1), w.advance(hours=2)), lambda w: ends(w, "dana"), []),
    "the delegate's account ends": (
        delegates, lambda w: done(w, people.deactivate, "alex", w.ids["ines"]), [("delegated", "dana")]),
}


@pytest.mark.parametrize(("before", "happens", "told"), STANDING_IN.values(), ids=STANDING_IN)
def test_both_sides_know_who_stands_in(world: World, before: Deed, happens: Deed, told: list[tuple[str, str]]) -> None:
    """Whoever gets or loses a deputyship or a delegation, and the other side unless it is their own doing."""
    before(world)
    known = Counter(world.mails())
    happens(world)
    new = Counter(world.mails()) - known
    assert sorted(each for each in new.elements() if each[0] in ("deputised", "delegated")) == told
