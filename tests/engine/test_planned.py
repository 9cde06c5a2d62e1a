"""Planned starts: each instant of the programme's schedules is handled once, whoever calls, however late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from isms_workflow.domain.times import When
from isms_workflow.engine import hourly, planned, programmes
from isms_workflow.engine.commands import cases
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Programme
from isms_workflow.store.tables import outbox, planned_starts
from tests.world import OPERATOR, World

DUE = datetime(2026, 1, 8, 9, tzinfo=UTC)
"""The shipped programme's yearly start: 8 January, 09:00 in the organisation's zone."""


def handled(world: World) -> list[tuple[datetime, str]]:
    """(planned instant, outcome) of what was handled."""
    with world.store.read() as conn:
        rows = conn.execute(select(planned_starts).order_by(planned_starts.c.planned_at)).all()
    return [(row.planned_at, row.outcome) for row in rows]


def changed(**replacements: str) -> Programme:
    """The shipped programme with some texts of `pdca.yaml` and `calendar.yaml` replaced."""
    files = dict(shipped().items())
    for old, new in replacements.items():
        for name in ("pdca.yaml", "calendar.yaml"):
            files[name] = files[name].replace(old.replace("__", " "), new)
    return parse(files)


def apply(world: World, programme: Programme) -> None:
    """Puts another version in force now."""
    with world.store.write() as tx:
        programmes.apply(tx, programme, OPERATOR, world.when())


SITUATIONS = {
    "a microsecond before": (DUE - timedelta(microseconds=1), []),
    "at the instant": (DUE, [(DUE, "started")]),
    "a week late": (DUE + timedelta(days=7), [(DUE, "started")]),
    "two years late": (DUE.replace(year=2028), [(DUE, "started"), (DUE.replace(year=2027), "skipped"),
                                                (DUE.replace(year=2028), "skipped")]),
}


@pytest.mark.parametrize(("now", "expected"), SITUATIONS.values(), ids=SITUATIONS)
def test_a_planned_start_opens_a_cycle(both: World, now: datetime, expected: list[tuple[datetime, str]]) -> None:
    """At its instant or whenever somebody asks after it; what has come meanwhile finds the cycle open."""
    planned.start(both.store, now)
    assert handled(both) == expected


def test_an_instant_is_handled_once(both: World) -> None:
    """Whoever asks again finds nothing to do."""
    assert len(planned.start(both.store, DUE)) == 1
    assert planned.start(both.store, DUE + timedelta(minutes=5)) == []


def test_an_open_cycle_is_left_alone(both: World) -> None:
    """A start that finds one open is skipped, and says so."""
    case = both.open_cycle()
    assert [each.outcome for each in planned.start(both.store, DUE)] == ["skipped"]
    assert both.open_case() == case


def test_a_late_start_counts_its_dates_from_now(world: World) -> None:
    """Nobody owes work that was due before it was asked for."""
    now = DUE + timedelta(days=100)
    (started,) = planned.start(world.store, now)
    assert started.case
    world.case, world.sim.now = started.case, now
    assert world.view().case.opened_at == now


def test_nothing_starts_that_was_planned_before_it_stood_in_the_programme(world: World) -> None:
    """A new schedule begins when it is applied; one that stays as it was keeps what it owes."""
    world.sim.now = datetime(2026, 6, 1, tzinfo=UTC)
    apply(world, changed(yearly_cycle="another_cycle"))
    assert planned.start(world.store, datetime(2026, 12, 31, tzinfo=UTC)) == []


def test_a_new_version_with_the_same_schedule_loses_no_start(world: World) -> None:
    """Applied between the planned instant and the next question."""
    world.sim.now = DUE + timedelta(hours=1)
    apply(world, changed(**{"effort_hours: 16": "effort_hours: 17"}))
    assert [each.start.at for each in planned.start(world.store, world.now)] == [DUE]


def test_the_instant_is_that_of_the_organisations_zone(world: World) -> None:
    """09:00 in Vienna is 08:00 UTC in winter."""
    world.sim.now = datetime(2026, 1, 6, tzinfo=UTC)
    apply(world, changed(**{"zone: UTC": "zone: Europe/Vienna"}))
    assert planned.start(world.store, DUE - timedelta(hours=1, microseconds=1)) == []
    assert [each.start.at for each in planned.start(world.store, DUE - timedelta(hours=1))] == [DUE - timedelta(hours=1)]


def test_before_set_up_nothing_is_planned(store: World) -> None:
    """No programme, no schedules, no error."""
    assert planned.start(store, DUE) == []  # type: ignore[arg-type]


def told(world: World) -> list[str]:
    """What the operators were told, oldest first."""
    with world.store.read() as conn:
        rows = conn.execute(select(outbox.c.payload).order_by(outbox.c.queued_at)).scalars().all()
    return [row["about"]["what"] for row in rows if row.get("notice") == "operator_notice"]


def test_the_clock_starts_what_prefect_forgot_and_says_so(world: World) -> None:
    """The cycle opens within the hour either way; the operator learns that the schedule is paused or missing."""
    hourly.look_after(world.store, world.now, DUE + timedelta(minutes=30))
    assert handled(world) == [(DUE, "started")]
    assert "planned start pdca.yearly_cycle of 2026-01-08 09:00 UTC" in told(world)[0]


def test_a_start_missed_while_the_computer_was_off_is_made_up_for_in_silence(world: World) -> None:
    """Nobody's schedule is at fault."""
    hourly.look_after(world.store, DUE + timedelta(hours=2), DUE + timedelta(hours=2))
    assert (handled(world), told(world)) == ([(DUE, "started")], [])


def test_a_schedule_that_asks_is_not_missed(world: World) -> None:
    """Each of Prefect's schedules leaves a beat; a silent one is told once a day."""
    up, now = world.now, world.now + timedelta(hours=30)
    for name in hourly.EXPECTED:
        hourly.asked(world.store, name, now - timedelta(minutes=1))
    assert hourly.silent_schedules(world.store, up, now) == []
    assert hourly.silent_schedules(world.store, up, now + timedelta(hours=2)) == ["planned-starts", "reconciliation"]


def test_a_cycle_opened_by_hand_first_wins(both: World) -> None:
    """Person and schedule at one instant: one cycle, and the planned start is skipped."""
    with both.store.write() as tx:
        cases.open_cycle(tx, both.actor("maria"), When.at(DUE))
    assert [each.outcome for each in planned.start(both.store, DUE)] == ["skipped"]
