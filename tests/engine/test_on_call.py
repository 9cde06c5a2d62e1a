"""Ladders tell whoever is on call; somebody covers and gives it back; gaps are told before they happen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from isms_workflow.domain.on_call import at
from isms_workflow.domain.refusals import NotYours, ReasonNeeded, Unknown, Wrong
from isms_workflow.engine import hourly, offices, on_call, programmes
from isms_workflow.engine.commands import incidents, people
from isms_workflow.engine.commands import on_call as commands
from isms_workflow.programme.load import parse, shipped
from isms_workflow.settings import Settings
from isms_workflow.store import audit, tables
from isms_workflow.store.statements import on_call as questions
from isms_workflow.store.tables import overrides
from tests.engine.incidents import do, report
from tests.engine.mails import became, deliver, only
from tests.world import OPERATOR, World

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)


def cover(world: World, who: str, *, by: str = "", starts: datetime | None = None, hours: int = 24, reason: str = "a swap") -> str:
    """Somebody is on call out of their turn from now on."""
    starts = starts or world.now
    with world.sim.write() as (tx, when):
        return commands.override(tx, "first_line", world.ids[who], starts, starts + hours * HOUR, reason, world.actor(by or who), when)


def give_back(world: World, override: str, by: str) -> None:
    """It ends now."""
    with world.sim.write() as (tx, when):
        commands.give_back(tx, override, world.actor(by), when)


def on_duty(world: World, instant: datetime | None = None) -> str | None:
    """Who is on call, by name."""
    with world.store.read() as conn:
        found = at(on_call.rotations(conn)["first_line"], offices.directory(conn, world.now), instant or world.now)
    return world.name_of(found) if found else None


def leaves(world: World, who: str) -> None:
    """An account is deactivated."""
    with world.sim.write() as (tx, when):
        people.deactivate(tx, world.ids[who], world.actor("alex"), when)


def first_level_alone(world: World) -> None:
    """The first level of high incidents tells nobody but whoever is on call."""
    files = dict(shipped())
    files["ladders.yaml"] = files["ladders.yaml"].replace("[on_call:first_line, isms_manager], offset: 2 hours",
                                                          "on_call:first_line, offset: 2 hours")
    with world.store.write() as tx:
        programmes.apply(tx, parse(files), OPERATOR, world.when())


def test_turns_change_at_the_hand_over(both: World) -> None:
    """Monday 09:00, in the order in which they were granted the responsibility."""
    assert [on_duty(both, MONDAY + n * timedelta(days=7)) for n in range(3)] == ["ben", "ravi", "ben"]
    assert on_duty(both, MONDAY - timedelta(seconds=1)) == "ravi"


def test_a_level_tells_whoever_covers_when_it_fires(both: World) -> None:
    """Also on the clock's light path, and just for the cover's span."""
    both.advance(hours=2)
    assert on_duty(both) == "ravi"
    cover(both, "ben", hours=3)
    report(both)
    both.advance(hours=2, minutes=1)
    assert [who for _, who in both.mails("incident_escalated")] == ["ben", "maria"]
    both.advance(hours=1)
    assert on_duty(both) == "ravi"


def test_both_sides_are_told_of_a_cover_and_of_its_end(both: World) -> None:
    """And the record says who, when, and why; the reason can be erased."""
    whose = on_duty(both)
    other = "ben" if whose == "ravi" else "ravi"
    made = cover(both, other)
    assert sorted(who for _, who in both.mails("on_call_covered")) == ["ben", "ravi"]
    assert on_duty(both) == other
    give_back(both, made, other)
    assert on_duty(both) == whose
    assert len(both.mails("on_call_covered")) == 4
    with both.store.read() as conn:
        rows = conn.execute(select(tables.audit).where(tables.audit.c.subject == made).order_by(tables.audit.c.seq)).all()
        assert [row.kind for row in rows] == ["on_call.overridden", "on_call.returned"]
        assert json.loads(rows[0].body)["data"]["person"] == both.ids[other]
        assert b"a swap" not in bytes(rows[0].body)
        assert audit.verify(conn).ok


def test_the_mails_say_who_is_on_call_from_when_until_when(world: World, settings: Settings) -> None:
    """In the words of both sides."""
    whose = str(on_duty(world))
    other = "ben" if whose == "ravi" else "ravi"
    cover(world, other, by="maria", reason="a family matter")
    mails = deliver(world, settings)
    theirs, ours = only(mails, whose, "on_call_covered"), only(mails, other, "on_call_covered")
    for mail in (theirs, ours):
        for words in ("First line", "Maria", "a family matter", "/on-call"):
            assert words in mail.text
    assert "you needn't be" in theirs.text
    assert "You are on call" in ours.subject


REFUSED: dict[str, tuple[Callable[[World], Any], type[Exception], str]] = {
    "somebody who takes no turns": (lambda w: cover(w, "ines"), NotYours, "ISMS manager"),
    "one of them for another": (lambda w: cover(w, "ravi", by="ben"), Wrong, "cover yourself"),
    "the ISMS manager names a stranger": (lambda w: cover(w, "ines", by="maria"), Wrong, "takes turns"),
    "an end before the start": (lambda w: cover(w, "ben", hours=-1), Wrong, "ends after it starts"),
    "a time that is past": (lambda w: cover(w, "ben", starts=w.now - 3 * HOUR, hours=2), Wrong, "after now"),
    "a cover for ever": (lambda w: cover(w, "ben", hours=9000), Wrong, "92 days"),
    "no reason": (lambda w: cover(w, "ben", reason=" "), ReasonNeeded, "reason"),
    "a cover of another age": (lambda w: cover(w, "ben", starts=w.now + 367 * 24 * HOUR), Wrong, "starts: .* within 366 days"),
    "a second cover at the same time": (lambda w: (cover(w, "ben"), cover(w, "ravi")), Wrong, "somebody covers from"),
    "an end by somebody else": (lambda w: give_back(w, cover(w, "ben"), "ravi"), NotYours, "give back"),
    "an end twice": (lambda w: [give_back(w, made, "maria") for made in [cover(w, "ben")] * 2], Unknown, "cover"),
}


@pytest.mark.parametrize(("act", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused(world: World, act: Callable[[World], Any], error: type[Exception], said: str) -> None:
    """The sentence says what would be right."""
    with pytest.raises(error, match=said):
        act(world)


def test_a_level_that_resolves_to_nobody_is_skipped_at_once_with_a_record(both: World) -> None:
    """Whoever covered has left: the next level is told at the instant of the empty one."""
    first_level_alone(both)
    cover(both, "ravi", hours=240)
    leaves(both, "ravi")
    report(both)
    start = both.now
    both.advance(hours=2, minutes=1)
    assert [who for _, who in both.mails("incident_escalated")] == ["dana"]
    with both.store.read() as conn:
        rows = conn.execute(select(tables.audit).where(tables.audit.c.kind == "deadline.expired").order_by(tables.audit.c.seq)).all()
    said = [json.loads(row.body)["data"] for row in rows]
    assert [(each["to"], each["reached"]) for each in said] == [("on_call:first_line", 0), ("top_management", 1)]
    assert [row.happened_at for row in rows] == [start + 2 * HOUR] * 2


def test_escalating_by_hand_to_nobody_tells_the_next_level_too(world: World) -> None:
    """Whoever presses the button reaches somebody."""
    first_level_alone(world)
    cover(world, "ravi", hours=240)
    leaves(world, "ravi")
    report(world)
    do(world, incidents.escalate, "maria", None, "it spreads")
    assert [who for _, who in world.mails("incident_escalated")] == ["dana"]


def test_a_gap_is_told_to_the_isms_manager_once_before_it_happens(both: World) -> None:
    """Two days ahead, however often the hourly round looks."""
    hourly.look_after(both.store, both.now, both.now)
    assert both.mails("on_call_gap") == []
    cover(both, "ravi", by="maria", starts=both.now + 48 * HOUR)
    leaves(both, "ravi")
    for _ in range(3):
        hourly.look_after(both.store, both.now, both.now)
        both.sim.now += HOUR
    assert both.mails("on_call_gap") == [("on_call_gap", "maria")]


def test_the_mail_about_a_gap_says_what_to_do(world: World, settings: Settings) -> None:
    """And what happens meanwhile."""
    cover(world, "ravi", starts=world.now + 48 * HOUR)
    leaves(world, "ravi")
    hourly.look_after(world.store, world.now, world.now)
    mail = only(deliver(world, settings), "maria", "on_call_gap")
    for words in ("Ravi Singh was to be on call", "tells the others that it names, at its instant",
                  "where it names nobody else, the next level is told at once", "/on-call"):
        assert words in " ".join(mail.text.split())


def test_the_order_of_turns_is_set_and_recorded(both: World) -> None:
    """From the next hand-over on; the ISMS manager says so, of just those who take turns."""
    ids = both.ids
    with both.sim.write() as (tx, when):
        commands.move(tx, "first_line", ids["ravi"], -1, both.actor("maria"), when)
    assert [on_duty(both, MONDAY + n * timedelta(days=7)) for n in range(3)] == ["ravi", "ben", "ravi"]
    for order, by, error in ((["ravi", "ben"], "ben", NotYours), (["ravi"], "maria", Wrong), (["ravi", "ravi"], "maria", Wrong),
                              (["ravi", "dana"], "maria", Wrong)):
        with pytest.raises(error), both.sim.write() as (tx, when):
            commands.order(tx, "first_line", [ids[each] for each in order], both.actor(by), when)
    with pytest.raises(Unknown, match="layer"), both.sim.write() as (tx, when):
        commands.order(tx, "first_line/weekend", [], both.actor("maria"), when)
    with both.store.read() as conn:
        (row,) = conn.execute(select(tables.audit).where(tables.audit.c.kind == "on_call.ordered")).all()
        assert json.loads(row.body)["data"]["people"] == f"{ids['ravi']} {ids['ben']}"
        assert audit.verify(conn).ok


def test_of_two_orders_of_one_instant_the_second_holds(both: World) -> None:
    """Within one microsecond, as two clicks on a quick machine, or a simulated day."""
    for first in ("ravi", "ben", "ravi"):
        order = [both.ids[first], both.ids["ben" if first == "ravi" else "ravi"]]
        with both.sim.write() as (tx, when):
            commands.order(tx, "first_line", order, both.actor("maria"), when)
        with both.store.read() as conn:
            assert [tuple(row.people) for row in conn.execute(questions.orders())][-1] == tuple(order)
        assert on_duty(both, MONDAY + timedelta(days=14)) == first
    with both.store.read() as conn:
        assert len({row.set_at for row in conn.execute(questions.orders())}) == 1


def test_whoever_changes_places_is_told_of_the_order(both: World, settings: Settings) -> None:
    """In which order turns are taken now, and who decided so; an order that another one replaced at once isn't told."""
    def moves(person: str, places: int) -> None:
        both.sim.now += timedelta(seconds=1)
        with both.sim.write() as (tx, when):
            commands.move(tx, "first_line", both.ids[person], places, both.actor("maria"), when)
    moves("ravi", -1)
    mails = deliver(both, settings)
    for who in ("ben", "ravi"):
        said = " ".join(only(mails, who, "on_call_ordered").text.split())
        assert said.rindex("Ravi Singh") < said.rindex("Ben Ito"), who
        assert "Maria Okafor decided so" in said
    moves("ben", -1)
    moves("ravi", -1)
    moves("ravi", -1)  # is the first already: nobody changes places
    assert len(both.mails("on_call_ordered")) == 6
    deliver(both, settings)
    assert became(both, "unsent") == [("on_call_ordered", "turns are taken in yet another order")] * 2


def test_a_level_tells_whoever_a_layer_puts_on_call(both: World) -> None:
    """Ravi as risk owner has the mornings, whoever's week it is."""
    files = dict(shipped())
    files["oncall.yaml"] = files["oncall.yaml"].replace("    from: 2024-01-01\n", """    from: 2024-01-01
    layers:
      - {id: mornings, title: Mornings, responsibility: risk_owner, shift: 7 days, hand_over: {weekday: monday, at: 09:00},
         from: 2024-01-01, during: [{begins: 06:00, ends: 12:00}]}
""", 1)
    with both.store.write() as tx:
        programmes.apply(tx, parse(files), OPERATOR, both.when())
    both.sim.now = MONDAY  # Ben's week begins
    report(both)
    both.advance(hours=2, minutes=1)
    assert {who for _, who in both.mails("incident_escalated")} == {"maria", "ravi"}
    assert [on_duty(both, MONDAY + n * HOUR) for n in (2, 3)] == ["ravi", "ben"]


def test_nobody_on_call_at_all_is_one_gap(world: World) -> None:
    """Everybody who took turns has left."""
    leaves(world, "ravi")
    leaves(world, "ben")
    hourly.look_after(world.store, world.now, world.now)
    assert len(world.mails("on_call_gap")) == 1


def test_the_database_refuses_a_cover_that_ends_before_it_starts(both: World) -> None:
    """Whatever the code does."""
    row = {"id": "x", "rotation": "first_line", "person": both.ids["ben"], "starts_at": both.now, "ends_at": both.now,
           "made_by": both.ids["ben"], "made_at": both.now}
    with pytest.raises(Exception, match="dated"), both.store.write() as tx:
        tx.execute(overrides.insert(), row)
