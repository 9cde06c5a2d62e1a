"""What seldom changes is kept, and what is kept is always what stands in the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy import delete, insert, update

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.notification import Quiet, Rule, Wishes
from isms_workflow.domain.people import Directory
from isms_workflow.engine import offices
from isms_workflow.programme.load import parse
from isms_workflow.store.tables import (
    delegations,
    deputies,
    notification_rules,
    overrides,
    people,
    programmes,
    responsibilities,
    rotation_orders,
)
from tests.world import START, World, quiet

LATER = START + timedelta(days=30)


def kept(world: World) -> Directory:
    """The people whom a reader is given; with all that stands, which must be what the rows say."""
    return standing(world).directory


def standing(world: World) -> offices.Standing:
    """All that a reader is given."""
    with world.store.read() as conn:
        given = offices.standing(conn, world.now)
        read = offices._read(conn, world.now)
        assert given == replace(read, since=given.since)
    return given


def changes(world: World) -> dict[str, tuple]:
    """A change of each sort, by its name."""
    maria, ines, row = world.ids["maria"], world.ids["ines"], {"id": new_id()}
    return {
        "the mail address": (update(people).where(people.c.id == maria).values(email="m@example.org"),),
        "the role": (update(people).where(people.c.id == ines).values(role="guest"),),
        "the zone": (update(people).where(people.c.id == maria).values(zone="Asia/Tokyo"),),
        "the last day": (update(people).where(people.c.id == ines).values(ends_at=LATER),),
        "deactivated": (update(people).where(people.c.id == ines).values(deactivated_at=START),),
        "somebody new": (insert(people).values(**row, role="user", zone="UTC", version=1, added_at=START),),
        "granted": (insert(responsibilities).values(**row, responsibility="risk_owner", person=ines, granted_at=START,
                                                    granted_by=maria),),
        "revoked": (update(responsibilities).where(responsibilities.c.person == maria).values(revoked_at=START),),
        "deputised": (insert(deputies).values(**row, person=maria, deputy=ines, named_by=maria, named_at=START),),
        "delegated": (insert(delegations).values(**row, person=maria, delegate=ines, starts_at=START, ends_at=LATER,
                                                 given_at=START, given_by=maria),),
        "covered": (insert(overrides).values(**row, rotation="first_line", person=ines, starts_at=START, ends_at=LATER,
                                             made_by=maria, made_at=START),),
        "in another order": (insert(rotation_orders).values(**row, turns="first_line", people=[ines], set_by=maria,
                                                            set_at=START),),
    }


def test_how_people_want_to_be_told_is_kept_too(world: World) -> None:
    """A wish is another one at once, and where it is taken back there is none."""
    maria = world.ids["maria"]
    rule = {"channel": "mail", "delay_s": 600, "what": "all"}
    with world.store.write() as tx:
        tx.execute(insert(notification_rules).values(person=maria, rules=[rule], quiet_from="22:00", quiet_until="07:00",
                                                     set_at=START))
    assert standing(world).wishes == {maria: Wishes((Rule("mail", timedelta(minutes=10), "all"),), Quiet(time(22), time(7)), "UTC")}
    with world.store.write() as tx:
        tx.execute(delete(notification_rules))
    assert standing(world).wishes == {}


def test_which_programme_is_in_force_is_kept_too(world: World) -> None:
    """None is between two, and in the very transaction that puts another in its place."""
    before = standing(world).programme
    with world.store.write() as tx:
        tx.execute(update(programmes).values(replaced_at=START))
        assert offices.standing(tx, world.now).programme is None
        tx.execute(insert(programmes).values(digest="another", files={}, applied_at=START, applied_by=world.ids["maria"]))
    assert (before, standing(world).programme) == (parse(quiet()).digest, "another")


@pytest.mark.parametrize("name", ["the mail address", "the role", "the zone", "the last day", "deactivated", "somebody new",
                                  "granted", "revoked", "deputised", "delegated", "covered", "in another order"])
def test_after_every_change_the_directory_is_another(world: World, name: str) -> None:
    """Whoever makes it, by whatever statement: the database marks it."""
    before = kept(world)
    with world.store.write() as tx:
        for statement in changes(world)[name]:
            tx.execute(statement)
        assert offices.directory(tx, world.now) != before  # whoever changes it sees it at once
    assert kept(world) != before


def test_until_something_changes_it_is_read_once(world: World) -> None:
    """Also where a column changes that isn't of it, as with every daily digest."""
    before = kept(world)
    with world.store.write() as tx:
        tx.execute(update(people).values(digested_on=world.now.date(), password="x"))
    assert kept(world) is before


def test_a_change_that_is_taken_back_was_never_there(world: World) -> None:
    """What its transaction read goes with it, also when the next one that is made differs."""
    before = kept(world)
    for zone in ("Asia/Tokyo", "Europe/Oslo"):
        with world.store.write() as conn:
            conn.execute(update(people).values(zone=zone))
            assert {p.zone for p in offices.directory(conn, world.now).people.values()} == {zone}
            conn.rollback()
        assert kept(world) == before


def test_what_ends_by_itself_ends_on_time(world: World) -> None:
    """An account, a delegation, a cover: no change marks that instant. A clock that goes back finds them again."""
    maria, ines = world.ids["maria"], world.ids["ines"]
    with world.store.write() as tx:
        tx.execute(update(people).where(people.c.id == ines).values(ends_at=START + timedelta(days=1)))
        tx.execute(insert(delegations).values(id=new_id(), person=maria, delegate=world.ids["dana"], starts_at=START,
                                              ends_at=START + timedelta(days=2), given_at=START, given_by=maria))
        tx.execute(insert(overrides).values(id=new_id(), rotation="first_line", person=maria, starts_at=START,
                                            ends_at=START + timedelta(days=3), made_by=maria, made_at=START))

    def there(days: float) -> tuple[bool, int, int]:
        world.sim.now = START + timedelta(days=days)
        known = kept(world)
        return known.people[ines].active, len(known.delegations), len(known.overrides)

    assert [there(days) for days in (0.5, 0.9, 1, 1.5, 2, 2.5, 3, 0.5)] == [
        (True, 1, 1), (True, 1, 1), (False, 1, 1), (False, 1, 1), (False, 0, 1), (False, 0, 1), (False, 0, 0), (True, 1, 1)]
