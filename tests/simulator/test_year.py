"""The same flows on a clock that is passed in: a whole cycle with nothing of Prefect started."""

from __future__ import annotations

import sys

from sqlalchemy import select

from isms_workflow.store import audit
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import cases, transitions
from tests.world import World, found

THREE = {
    "alex": ("Alex Kim", "admin", ("isms_manager", "control_owner", "process_owner", "people_manager",
                                   "compliance_officer", "internal_auditor")),
    "dana": ("Dana Weber", "user", ("top_management", "isms_manager")),
    "ravi": ("Ravi Singh", "user", ("risk_owner",)),
}
LATE_DAYS = 8


def late_people(world: World, phase: str) -> None:
    """Everybody is late with everything: the ladders climb meanwhile, and then the work is done."""
    world.advance(days=45)
    while open_ones := [s for s in world.view().steps_of(phase) if s.state == "open"]:
        for step in open_ones:
            world.complete(step.key)
        world.advance(days=2)
    world.advance(days=LATE_DAYS)


def decided(world: World, phase: str) -> None:
    """Two people answer late, but before the gate lapses."""
    world.answer(phase, "dana")
    world.advance(days=1)
    world.answer(phase, "ravi")


def test_a_year_with_people_who_answer_late(sqlite_store: Store) -> None:
    """Reminded, overdue, escalated, done at last: the cycle ends closed, the next one has begun, the chain verifies."""
    world = found(sqlite_store)
    world.open_cycle()
    first, began = world.case, world.now
    for phase in ("plan", "do", "check", "act"):
        late_people(world, phase)
        decided(world, phase)
    assert (world.now - began).days > 200
    with sqlite_store.read() as conn:
        states = {row.id: row.state for row in conn.execute(select(cases.c.id, cases.c.state))}
        assert audit.verify(conn).ok
    assert states.pop(first) == "closed"
    assert list(states.values()) == ["plan"]
    assert {notice for notice, _ in world.mails()} >= {"step_opened", "reminder", "overdue", "escalated", "gate_opened",
                                                       "decided", "cycle_closed"}


def test_the_ladder_climbs_in_order(sqlite_store: Store) -> None:
    """The owner, the deputy, the ISMS manager, top management: each at its own instant, each recorded."""
    world = found(sqlite_store)
    world.open_cycle()
    world.advance(days=45)
    told = [who for notice, who in world.mails() if notice in ("overdue", "escalated")]
    assert told[0] == "maria"
    assert "dana" in told
    with sqlite_store.read() as conn:
        fired = conn.execute(select(records.c.happened_at, records.c.noticed_at).where(
            records.c.kind == "deadline.expired").order_by(records.c.seq)).all()
    assert [row.happened_at for row in fired] == sorted(row.happened_at for row in fired)
    assert len(fired) > 4


def test_three_people_are_enough(sqlite_store: Store) -> None:
    """The smallest organisation that the README names runs a whole cycle, each gate approved by two."""
    world = found(sqlite_store, cast=THREE)
    world.open_cycle(by="alex")
    first = world.case
    for phase in ("plan", "do", "check", "act"):
        world.pass_phase(phase)
    with sqlite_store.read() as conn:
        assert conn.execute(select(cases.c.state).where(cases.c.id == first)).scalar() == "closed"
        passed = conn.execute(select(transitions.c.id).where(transitions.c.event == "pass")).all()
    assert len(passed) == 4


def test_prefect_is_not_started() -> None:
    """No server, no worker, no client: the flows' bodies need none."""
    assert not [name for name in sys.modules if name.startswith("prefect.server.api.server")]
