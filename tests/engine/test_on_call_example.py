"""The worked example of docs/incidents.md, minute by minute: Ann is Ben here, and Bob is Ravi."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from isms_workflow.domain.on_call import at
from isms_workflow.engine import offices, on_call
from isms_workflow.engine.commands import incidents, people
from isms_workflow.engine.commands import on_call as commands
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store.database import Store
from tests.engine.incidents import do, report
from tests.world import World, found

VIENNA = ZoneInfo("Europe/Vienna")


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of March 2026 in Vienna."""
    return datetime(2026, 3, day, hour, minute, tzinfo=VIENNA).astimezone(UTC)


def vienna(store: Store) -> World:
    """The cast in Vienna, since a week before; it is Friday 27 March, and Ravi covers on Saturday."""
    files = shipped()
    files["calendar.yaml"] = files["calendar.yaml"].replace("zone: UTC", "zone: Europe/Vienna")
    world = found(store, programme=parse(files), start=local(16, 9))
    world.sim.now = local(27, 8)
    with world.sim.write() as (tx, when):
        commands.override(tx, "first_line", world.ids["ravi"], local(28, 8), local(28, 20), "a wedding", world.actor("ravi"), when)
    return world


def on_duty(world: World, instant: datetime) -> str | None:
    """Who is on call, by name."""
    with world.store.read() as conn:
        who = at(on_call.rotations(conn)["first_line"], offices.directory(conn, world.now), instant)
    return world.name_of(who) if who else None


def told(world: World) -> list[str]:
    """Whom the levels have told until now."""
    return [who for _, who in world.mails("incident_escalated")]


def test_the_example_is_as_it_is_told(store: Store) -> None:
    """The cover, the levels, the word, the hand-over on the first Monday of summer time."""
    world = vienna(store)
    assert sorted(who for _, who in world.mails("on_call_covered")) == ["ben", "ravi"]
    world.sim.now = local(28, 11)
    report(world)
    assert sorted(who for _, who in world.mails("incident_reported")) == ["ben", "ravi"]
    world.advance(hours=2, minutes=10)
    assert told(world) == ["ravi", "maria"]
    do(world, incidents.acknowledge, "ravi", None)
    world.advance(hours=3, minutes=49)
    assert (told(world), len(world.mails("word_asked"))) == (["ravi", "maria"], 2)
    world.advance(minutes=1)
    assert told(world) == ["ravi", "maria", "dana"]  # 17:00
    second = timedelta(seconds=1)
    assert [on_duty(world, instant) for instant in (local(28, 20) - second, local(28, 20))] == ["ravi", "ben"]
    hand_over = local(30, 9)
    assert hand_over == datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert [on_duty(world, instant) for instant in (hand_over - second, hand_over)] == ["ben", "ravi"]


def test_had_the_one_who_covers_left_the_day_would_have_been_a_gap(store: Store) -> None:
    """The ISMS manager hears of it the day before, and the level tells her alone."""
    world = vienna(store)
    with world.sim.write() as (tx, when):
        people.deactivate(tx, world.ids["ravi"], world.actor("alex"), when)
    on_call.tell_of_gaps(store, world.now)
    assert world.mails("on_call_gap") == [("on_call_gap", "maria")]
    world.sim.now = local(28, 11)
    report(world)
    world.advance(hours=2, minutes=1)
    assert told(world) == ["maria"]
