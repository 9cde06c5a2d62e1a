"""The one writer: in which order one transaction's history is told."""

from __future__ import annotations

from sqlalchemy import select

from isms_workflow.programme.load import parse, shipped
from isms_workflow.store import audit
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit as lines
from isms_workflow.store.tables import transitions
from tests.engine.incidents import report
from tests.engine.obligations import answer, nothing_to_report
from tests.world import found


def test_what_follows_from_a_record_is_told_behind_it(store: Store) -> None:
    """As the step of questions follows what is said; each of its changes names its own record, wherever that stands."""
    world = found(store, programme=parse(shipped()))
    report(world)
    nothing_to_report(world)
    answer(world, {"gdpr.personal_data_breach": True}, reason="the list of customers")
    step = world.step("obligation_questions")
    with store.read() as conn:
        told = {row.seq: row.kind for row in conn.execute(select(lines).where(lines.c.case_id == world.case).order_by(lines.c.seq))}
        moved = conn.execute(select(transitions).where(transitions.c.subject_id == step.id)).all()
        assert audit.verify(conn).ok
    assert list(told.values()) == ["case.opened", "incident.reported", "step.opened", "obligation.answered", "step.completed",
                                   "obligation.answered", "step.reopened"]
    assert {row.event: told[row.audit_seq] for row in moved} == {
        "open": "step.opened", "complete": "step.completed", "reopen": "step.reopened"}
