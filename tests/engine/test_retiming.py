"""Re-timing: after a change of zone or of days off, what is to come moves with the calendar; what has fired doesn't."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from isms_workflow.engine import programmes, retiming, watchdog
from isms_workflow.engine.commands import steps
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store.tables import audit, deadlines
from tests.world import OPERATOR, World


def move_to(world: World, **calendar: str) -> None:
    """Another calendar comes into force: `zone`, `extra_holidays` … as they stand in `calendar.yaml`."""
    files = dict(shipped())
    lines = [line for line in files["calendar.yaml"].splitlines() if line.partition(":")[0] not in calendar]
    files["calendar.yaml"] = "\n".join([*lines, *(f"{name}: {value}" for name, value in calendar.items())])
    with world.store.write() as tx:
        programmes.apply(tx, parse(files), OPERATOR, world.when())


def armed(world: World) -> dict[tuple[str, str], Any]:
    """What is armed, by subject and event."""
    with world.store.read() as conn:
        rows = conn.execute(select(deadlines).where(deadlines.c.settled_at.is_(None))).all()
    return {(row.subject_id, row.event): row for row in rows}


def fired(world: World) -> list[Any]:
    """What has fired, in order."""
    with world.store.read() as conn:
        return list(conn.execute(select(deadlines).where(deadlines.c.outcome == "fired").order_by(deadlines.c.id)).all())


def retime(world: World) -> list[retiming.Moved]:
    """As `isms deadlines retime` does."""
    return retiming.retime(world.store, OPERATOR, world.when())


def test_another_zone_moves_steps_and_their_ladders_by_its_offset(both: World) -> None:
    """17:00 stays 17:00 on the wall, and is another instant."""
    both.open_cycle()
    before, ladder = both.step("scope").due_at, armed(both)[both.step("scope").id, "ladder"].due_at
    move_to(both, zone="America/New_York")
    moved = retime(both)
    assert before is not None
    assert both.step("scope").due_at == before + timedelta(hours=5)
    assert armed(both)[both.step("scope").id, "ladder"].due_at == ladder + timedelta(hours=5)
    assert {each.what.partition(" ")[0] for each in moved} == {"scope", "ladder"}


def test_a_new_day_off_moves_working_days_and_what_hangs_on_them(planning: World) -> None:
    """A Monday off in the middle: due a working day later."""
    before = planning.step("scope").due_at
    assert before is not None
    move_to(planning, extra_holidays="{2026-01-12: Moving house}")
    retime(planning)
    after = planning.step("scope").due_at
    assert after == before + timedelta(days=3 if before.weekday() == 4 else 1)
    with planning.store.read() as conn:
        assert watchdog.look(conn, planning.now) == []


def test_nothing_moves_while_nothing_changed(planning: World) -> None:
    """And nothing is written to the history."""
    with planning.store.read() as conn:
        before = conn.execute(select(audit.c.seq)).all()
    assert retime(planning) == []
    with planning.store.read() as conn:
        assert conn.execute(select(audit.c.seq)).all() == before


def test_a_second_time_moves_nothing_more(planning: World) -> None:
    """What was re-timed keeps its rule under the new calendar."""
    move_to(planning, zone="Asia/Tokyo")
    assert retime(planning)
    assert retime(planning) == []


def test_what_has_fired_is_never_moved(planning: World) -> None:
    """Its record says when it fell due, and stays."""
    planning.advance(days=20)
    before = fired(planning)
    move_to(planning, zone="Asia/Tokyo")
    retime(planning)
    assert before
    assert fired(planning) == before


def test_gates_move_with_their_lapse(at_gate: World) -> None:
    """Due, ladder and lapse hang on one another."""
    gate = at_gate.gate("plan")
    before = dict(at_gate.armed(gate.id))
    move_to(at_gate, zone="Europe/Vienna")
    retime(at_gate)
    after = dict(at_gate.armed(gate.id))
    assert at_gate.gate("plan").due_at == gate.due_at - timedelta(hours=1)
    assert {event: before[event] - after[event] for event in before} == dict.fromkeys(before, timedelta(hours=1))


def test_a_date_that_a_person_chose_stays_that_date(planning: World) -> None:
    """An extension says a day; whatever the days off, it is that day at that hour."""
    with planning.sim.write() as (tx, when):
        steps.extend(tx, planning.step("scope").id, None, "2026-03-12", "the depot", planning.actor("maria"), when)
    move_to(planning, extra_holidays="{2026-03-10: Moving house}", zone="Europe/Vienna")
    retime(planning)
    due = planning.step("scope").due_at
    assert due == datetime.fromisoformat("2026-03-12T16:00:00+00:00")


@pytest.mark.parametrize("days", [20, 60, 100])
def test_each_that_moves_is_recorded_with_where_it_stood(planning: World, days: int) -> None:
    """As often as something moved, wherever its ladder stands."""
    planning.advance(days=days)
    move_to(planning, zone="America/New_York")
    moved = retime(planning)
    with planning.store.read() as conn:
        kinds = conn.execute(select(audit.c.kind).where(audit.c.kind.like("%.retimed"))).scalars().all()
    assert len(kinds) == len(moved)
    assert "deadline.retimed" in kinds
