"""A small organisation lets people decide on their own work, for one gate and with a reason: that, and no more."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from isms_workflow.domain.refusals import NotYours
from isms_workflow.engine.commands import people
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit
from tests.world import CAST, World, found

RELAXED = """responsibilities: [top_management, risk_owner]
      relaxed: there are three of us"""


@pytest.fixture
def relaxed(sqlite_store: Store) -> World:
    """PLAN's gate is open, and whoever did the work may decide it; Maria is top management and administrator, too."""
    files = dict(shipped())
    files["pdca.yaml"] = files["pdca.yaml"].replace("responsibilities: [top_management, risk_owner]", RELAXED, 1)
    cast = {**CAST, "maria": ("Maria Okafor", "admin", ("isms_manager", "top_management"))}
    world = found(sqlite_store, cast=cast, programme=parse(files))
    world.open_cycle()
    world.complete_phase("plan")
    return world


def test_a_relaxed_gate_is_decided_by_who_did_the_work_and_the_record_says_so(relaxed: World) -> None:
    """With the programme's reason, from its opening to its passing."""
    relaxed.answer("plan", "maria")
    relaxed.answer("plan", "ravi")
    assert relaxed.gate("plan").state == "passed"
    with relaxed.store.read() as conn:
        told = conn.execute(select(audit.c.body).where(audit.c.kind.in_(("gate.opened", "gate.passed")))).scalars().all()
    assert [b'"relaxed":true' in bytes(body) for body in told] == [True, True]


@pytest.mark.parametrize(("by", "to"), [("maria", "ines"), ("alex", "alex")], ids=["by who did the work", "to oneself"])
def test_a_relaxed_gate_takes_no_approver_who_was_made_one_meanwhile(relaxed: World, by: str, to: str) -> None:
    """Deciding on one's own work is allowed here; choosing who decides on it isn't."""
    with relaxed.sim.write() as (tx, when):
        people.grant(tx, relaxed.ids[to], "risk_owner", relaxed.actor(by), when)
    with pytest.raises(NotYours):
        relaxed.answer("plan", to)
