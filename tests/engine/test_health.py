"""Health: what should be at work and isn't is said in a sentence; what ended knowingly is not missed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from isms_workflow.domain.messages import Message
from isms_workflow.engine import health, hourly, outbox
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.health import Heart, beat
from isms_workflow.store import schema
from isms_workflow.store.tables import accesses, audit, deadlines, schema_info, services
from isms_workflow.store.tables import outbox as outbox_table
from tests.world import World

SECOND = timedelta(seconds=1)


def all_beat(world: World) -> None:
    """Clock and deliverer live."""
    for name in health.NEEDED:
        beat(world.store, name, "here:1", world.now, world.now, {})


def troubles(world: World) -> tuple[str, ...]:
    """What is wrong now."""
    with world.store.read() as conn:
        return health.look(conn, world.now).troubles


def empty_outbox(world: World) -> None:
    """Everything has left."""
    with world.store.write() as tx:
        tx.execute(update(outbox_table).values(settled_at=world.now, outcome="sent"))


def waits_for_long(world: World) -> None:
    """A message that nobody took for two minutes."""
    with world.store.write() as tx:
        outbox.put(tx, [Message("a", "mail", {})], world.now - timedelta(minutes=2))


def without_deadlines(world: World) -> None:
    """What somebody's SQL might do to the waits."""
    with world.store.write() as tx:
        tx.execute(delete(deadlines))


def overdue(world: World) -> None:
    """A deadline that no clock took."""
    with world.store.write() as tx:
        tx.execute(update(deadlines).values(due_at=world.now - timedelta(minutes=5)))


def test_what_is_held_by_rule_is_no_trouble_before_its_instant(planning: World) -> None:
    """Quiet hours, a delay, a flood: nothing is wrong with the channel. After it somebody should have taken it."""
    all_beat(planning)
    empty_outbox(planning)
    for held in ("quiet", "delay", "flood"):
        waits_for_long(planning)
        with planning.store.write() as tx:
            tx.execute(update(outbox_table).where(outbox_table.c.settled_at.is_(None)).values(
                held=held, due_at=planning.now + timedelta(minutes=2)))
        assert troubles(planning) == ()
    with planning.store.read() as conn:
        assert [each for each in health.look(conn, planning.now + timedelta(minutes=3)).troubles if "messages wait" in each]


WRONG: dict[str, tuple[Callable[[World], None], str]] = {
    "a message waits": (waits_for_long, "1 messages wait for the channel mail"),
    "a wait has no end": (without_deadlines, "open step without an armed deadline: PDCA-2026-0001 scope"),
    "a deadline is late": (overdue, "due deadlines that no clock took"),
}


@pytest.mark.parametrize(("happens", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(planning: World, happens: Callable[[World], None], says: str) -> None:
    """In words, with where to look."""
    all_beat(planning)
    empty_outbox(planning)
    assert troubles(planning) == ()
    happens(planning)
    assert [each for each in troubles(planning) if each.startswith(says)], troubles(planning)


def test_a_service_that_never_beat_is_missing(world: World) -> None:
    """And the sentence says how to start it."""
    empty_outbox(world)
    assert troubles(world) == ("No clock is running: start `isms up`, or `isms clock`.",
                               "No deliverer is running: start `isms up`, or `isms deliver`.")


@pytest.mark.parametrize(("age", "alive"), [(0, True), (35, True), (36, False)])
def test_a_service_lives_as_long_as_it_beats(both: World, age: int, alive: bool) -> None:
    """Three beats may be missed."""
    beat(both.store, "clock", "here:1", both.now, both.now - age * SECOND, {"prefect": "away"})
    with both.store.read() as conn:
        (found,) = health.services(conn, both.now)
    assert (found.alive, found.facts) == (alive, {"prefect": "away"})


def test_of_several_clocks_one_is_enough(world: World) -> None:
    """One that died while another lives has its successor already: nobody is called, and it isn't shown."""
    all_beat(world)
    empty_outbox(world)
    beat(world.store, "clock", "there:2", world.now, world.now - timedelta(minutes=5), {})
    assert troubles(world) == ()
    with world.store.read() as conn:
        assert [each.process for each in health.services(conn, world.now)] == ["here:1", "here:1"]


def test_a_heart_beats_and_takes_its_beat_back(world: World) -> None:
    """A service that is stopped on purpose isn't missing."""
    with Heart(world.store, "clock", utc_now, threading.Event()) as heart:
        heart.facts["waits"] = 3
        until = time.monotonic() + 10
        while not seen(world) and time.monotonic() < until:
            time.sleep(0.01)
        assert seen(world) == ["clock"]
    assert seen(world) == []


def test_a_later_release_that_takes_over_ends_the_work(world: World) -> None:
    """Code below the schema's `min_code` stops, and says so."""
    stop = threading.Event()
    with world.store.write() as tx:
        tx.execute(update(schema_info).values(min_code=schema.CODE + 1))
    with Heart(world.store, "clock", utc_now, stop) as heart:
        assert stop.wait(10)
    assert "install the later release" in str(heart.refusal)


def seen(world: World) -> list[str]:
    """The services that left a beat."""
    with world.store.read() as conn:
        return list(conn.execute(select(services.c.name)).scalars())


def told(world: World) -> list[tuple[str, str]]:
    """(trouble, what) that the operators were told."""
    with world.store.read() as conn:
        payloads = conn.execute(select(outbox_table.c.payload)).scalars().all()
    return [(p["about"]["trouble"], p["about"]["what"]) for p in payloads if p.get("notice") == "operator_notice"]


def test_the_hourly_round_tells_findings_once_a_day_without_naming_cases(planning: World) -> None:
    """Who operates the system may not see every case."""
    without_deadlines(planning)
    for hours in range(3):
        hourly.look_after(planning.store, planning.now, planning.now + timedelta(hours=hours))
    watched = [what for trouble, what in told(planning) if trouble == "watchdog"]
    assert watched[0] == "1 × open step without an armed deadline"
    assert len(watched) == 1


def test_the_hourly_round_seals_the_access_log(world: World) -> None:
    """One digest an hour goes into the chain."""
    with world.store.write() as tx:
        tx.execute(accesses.insert().values(id="a" * 36, at=world.now - timedelta(hours=3), action="read",
                                            resource="/", outcome="GRANTED"))
    hourly.look_after(world.store, world.now, world.now)
    with world.store.read() as conn:
        assert "chain.accesses" in conn.execute(select(audit.c.kind)).scalars().all()
