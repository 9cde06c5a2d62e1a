"""The clock stood still: each level is told once as of its instant, and each person gets one mail of each case."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from isms_workflow.engine import clock, outbox, programmes
from isms_workflow.engine.commands import incidents
from isms_workflow.programme.load import kept
from isms_workflow.settings import Settings
from isms_workflow.store.tables import audit
from tests.engine.incidents import do, report
from tests.engine.mails import deliver
from tests.world import OPERATOR, World, quiet


def stand_still(world: World, **span: float) -> None:
    """Nothing runs for so long; then the clock catches up."""
    world.sim.now += timedelta(**span)
    while (due := clock.earliest(world.store)) is not None and due <= world.now:
        clock.drain(world.store, lambda: world.now)


def lines(world: World, *kinds: str) -> list[tuple[str, dict[str, Any], float]]:
    """(kind, data, seconds late) of the history's lines of these kinds about the case, in order."""
    query = select(audit).where(audit.c.case_id == world.case, audit.c.kind.in_(kinds)).order_by(audit.c.seq)
    with world.store.read() as conn:
        return [(r.kind, json.loads(r.body)["data"], (r.noticed_at - r.happened_at).total_seconds())
                for r in conn.execute(query)]


def critical(world: World) -> None:
    """An incident whose last level repeats every hour."""
    report(world)
    do(world, incidents.reassess, "ben", None, "critical", "customers")


def told(world: World, settings: Settings, notice: str) -> Counter[str]:
    """How many mails of a sort leave to whom, by first name."""
    world.sim.now += timedelta(seconds=20)
    mails = [m for m in deliver(world, settings) if m.key.startswith((notice, "several:"))]
    return Counter(m.to.partition("@")[0] for m in mails)


def test_after_two_days_each_is_told_once(world: World, settings: Settings) -> None:
    """Every level has its line, with how late it was; of the hourly repetitions one line says how many were left out."""
    critical(world)
    before = told(world, settings, "incident_escalated")
    stand_still(world, days=2)
    found = lines(world, "deadline.expired", "deadline.skipped")
    fired = [(data["level"], data["repeat"]) for kind, data, _ in found if kind == "deadline.expired"]
    assert [level for level, repeat in fired if not repeat] == [1, 2]
    assert len(fired) == len(set(fired)) == 3
    ((_, data, late),) = [each for each in found if each[0] == "deadline.skipped"]
    assert (data["repeat"], data["skipped"]) == (1, fired[-1][1] - 1)
    assert late > timedelta(days=1).total_seconds()
    assert fired[-1][1] > 40
    assert told(world, settings, "incident_escalated") - before == Counter(("ben", "ravi", "maria", "dana"))


def test_the_mail_says_since_when_and_that_it_is_late(world: World, settings: Settings) -> None:
    """The last level's, to whoever is told by several."""
    critical(world)
    stand_still(world, days=2)
    world.sim.now += timedelta(seconds=20)
    mails = [m for m in deliver(world, settings) if m.to == "dana@example.org" and "incident_escalated" in m.key]
    (text,) = [" ".join(m.text.split()) for m in mails if "level 3" in m.text]
    assert "You are told late, because the system stood still" in text
    assert "levels of the ladder fell due from Mon 5 Jan 2026 08:30 UTC on" in text
    assert "Since Mon 5 Jan 2026 08:00" in text


def test_the_ladder_goes_on_as_if_it_had_not_stood_still(world: World) -> None:
    """The next repetition has its own instant, within the hour; nothing is due any more."""
    critical(world)
    stand_still(world, days=2)
    armed = dict(world.armed(world.case))["ladder"]
    assert world.now < armed <= world.now + timedelta(hours=1)
    before = len(lines(world, "deadline.expired"))
    world.advance(hours=3)
    assert len(lines(world, "deadline.expired")) == before + 3
    assert len(lines(world, "deadline.skipped")) == 1


def test_a_repetition_every_minute_is_caught_up_with_quickly(world: World) -> None:
    """A fortnight of them takes no longer than a day."""
    texts = {name: text.replace("repeat: 1 hours", "repeat: 1 minutes") for name, text in quiet().items()}
    with world.store.write() as tx:
        programmes.apply(tx, kept(texts), OPERATOR, world.when())
    critical(world)
    stand_still(world, days=14)
    ((_, data, _),) = lines(world, "deadline.skipped")
    assert data["skipped"] > 14 * 24 * 60 - 120


def test_what_waits_in_a_cycle_is_one_mail_a_person(planning: World, settings: Settings) -> None:
    """Thirty weeks: reminders, late steps, and what was escalated, of every step; weekly repetitions are left out as well."""
    told(planning, settings, "")
    planning.sim.now += timedelta(seconds=1)
    before = Counter(m.to for m in deliver(planning, settings))
    stand_still(planning, weeks=30)
    planning.sim.now += timedelta(seconds=20)
    after = Counter(m.to for m in deliver(planning, settings) if not m.key.startswith("gate"))
    assert set((after - before).values()) == {1}
    expired = [data for _, data, _ in lines(planning, "deadline.expired")]
    assert len(expired) == len({data["deadline"] for data in expired})
    assert lines(planning, "deadline.skipped")


def test_what_is_told_late_leaves_at_one_instant() -> None:
    """Whatever a clock catches up with in some seconds."""
    at = datetime(2026, 3, 9, 13, 0, 1, tzinfo=UTC)
    assert {outbox.together_at(at + timedelta(milliseconds=each)) for each in range(0, 3500, 7)} == {
        datetime(2026, 3, 9, 13, 0, 10, tzinfo=UTC)}
    assert outbox.together_at(at + timedelta(seconds=4, milliseconds=1)) > datetime(2026, 3, 9, 13, 0, 10, tzinfo=UTC)
