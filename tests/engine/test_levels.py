"""Levels that name teams and persons, in turn or again and again, as the clock carries them out."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from isms_workflow.engine import programmes
from isms_workflow.engine.commands import people
from isms_workflow.programme.errors import ProgrammeRefused
from isms_workflow.programme.load import kept, parse
from isms_workflow.programme.model import Programme
from isms_workflow.store.tables import audit
from tests.engine.incidents import report
from tests.world import OPERATOR, World, quiet

FIRST = "      - {to: [on_call:first_line, isms_manager], offset: 2 hours}\n"
TEAM = "\nteams:\n  - {id: crisis, title: Crisis staff, members: [person:ines@example.org, person:olga@example.org]}\n"


def programme(*levels: str) -> Programme:
    """High incidents begin with these levels."""
    files = dict(quiet())
    assert FIRST in files["ladders.yaml"]
    files["ladders.yaml"] = files["ladders.yaml"].replace(FIRST, "".join(f"      - {each}\n" for each in levels))
    files["oncall.yaml"] += TEAM
    return parse(files)


def under(world: World, *levels: str) -> None:
    """It is in force, and an incident is reported under it."""
    with world.store.write() as tx:
        programmes.apply(tx, programme(*levels), OPERATOR, world.when())
    report(world)


def told(world: World) -> list[tuple[str, int]]:
    """Whom the clock told, and how many minutes after the report."""
    with world.store.read() as conn:
        rows = conn.execute(select(audit).where(audit.c.kind == "deadline.expired", audit.c.case_id == world.case)
                            .order_by(audit.c.seq)).all()
    began = world.view().case.opened_at
    return [(json.loads(r.body)["data"]["to"], round((r.happened_at - began) / timedelta(minutes=1))) for r in rows]


def test_a_team_is_told_at_once_and_its_members_in_turn(both: World) -> None:
    """Each member by itself, so far apart; the record names persons by their ids, never by an address."""
    under(both, "{to: team:crisis, offset: 1 hours}", "{to: team:crisis, offset: 90 minutes, in_turn: 10 minutes}")
    both.advance(hours=1, minutes=59)
    assert sorted(who for _, who in both.mails("incident_escalated")) == ["ines", "ines", "olga", "olga"]
    assert told(both) == [("team:crisis", 60), (f"person:{both.ids['ines']}", 90), (f"person:{both.ids['olga']}", 100)]


def test_a_person_who_has_left_is_passed_over_at_once(both: World) -> None:
    """With a record; who comes after them isn't kept waiting."""
    with both.store.write() as tx:
        programmes.apply(tx, programme("{to: [person:ines@example.org, isms_manager], offset: 1 hours, in_turn: 45 minutes}"),
                         OPERATOR, both.when())
    with both.sim.write() as (tx, when):
        people.deactivate(tx, both.ids["ines"], both.actor("alex"), when)
    report(both)
    both.advance(hours=1, minutes=1)
    assert [who for _, who in both.mails("incident_escalated")] == ["maria"]
    assert told(both) == [(f"person:{both.ids['ines']}", 60), ("isms_manager", 60)]


def test_a_level_is_told_so_often_and_no_more(world: World) -> None:
    """Then the ladder goes on."""
    under(world, "{to: isms_manager, offset: 1 hours, repeat: 10 minutes, times: 2}")
    world.advance(hours=4, minutes=1)
    assert told(world) == [("isms_manager", 60), ("isms_manager", 70), ("isms_manager", 80), ("top_management", 240)]


def test_whoever_has_no_account_cannot_be_named(both: World) -> None:
    """The programme that names them isn't put in force; the sentence says who, where, and what would be right."""
    found = programme("{to: person:inez@example.org, offset: 1 hours}")
    with pytest.raises(ProgrammeRefused, match=r"ladders.yaml:\d+: incident_high.to: .*did you mean 'ines@example.org'"), \
            both.store.write() as tx:
        programmes.apply(tx, found, OPERATOR, both.when())


def test_nobody_reachable_at_all_goes_to_the_isms_manager(world: World) -> None:
    """Of a ladder that ends in an office which nobody holds any more."""
    files = dict(programme("{to: person:ines@example.org, offset: 1 hours}").files)
    files["ladders.yaml"] = files["ladders.yaml"].replace("{to: top_management, offset: 4 hours, repeat: 4 hours}",
                                                          "{to: risk_owner, offset: 4 hours, repeat: 4 hours}")
    with world.store.write() as tx:
        programmes.apply(tx, kept(files), OPERATOR, world.when())
    report(world)
    with world.sim.write() as (tx, when):
        people.deactivate(tx, world.ids["ines"], world.actor("alex"), when)
        people.deactivate(tx, world.ids["ravi"], world.actor("alex"), when)
    world.advance(hours=1, minutes=1)
    assert [who for _, who in world.mails("incident_escalated")] == ["maria"]
