"""The design's invariants, one test each, plainly; others stand where their subject stands.

2: tests/store/audit/test_verify.py tampers with every column of every record.
4, 5: tests/engine/crash kills clocks and deliverers at each named point and at random.
8: tests/programme/test_check.py, tests/portal/test_setup.py and test_forms.py give bad input.
All of them together: tests/engine/test_stateful.py.
"""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import func, select, update

from isms_workflow.domain.refusals import Conflicted, DigestChanged
from isms_workflow.domain.rules.gates import Shown
from isms_workflow.engine import clock, watchdog
from isms_workflow.store import audit
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import cases, deadlines, gates, steps, transitions
from tests.engine.test_stateful import everything
from tests.world import World


def test_1_every_change_has_exactly_one_record(at_gate: World) -> None:
    """Each row was changed as often as the history tells; each change names a record of its own, about this very row."""
    at_gate.answer("plan", "dana")
    at_gate.answer("plan", "ravi")
    with at_gate.store.read() as conn:
        versions = {row.id: row.version for table in (cases, steps, gates) for row in conn.execute(select(table))}
        told = conn.execute(select(transitions.c.subject_id, transitions.c.audit_seq, records.c.subject)
                            .join(records, records.c.seq == transitions.c.audit_seq)).all()
    assert Counter(row.subject_id for row in told) == {id_: v - 1 for id_, v in versions.items() if v > 1}
    assert all(row.subject == row.subject_id for row in told)
    assert len({row.audit_seq for row in told}) == len(told) > 6


def test_2_a_changed_record_is_found_and_located(at_gate: World) -> None:
    """Though whoever changed it took the guards away first."""
    with at_gate.store.write() as conn:
        for guard in ("audit_no_update", "audit_unchanged", "audit_append_only"):
            conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {guard}")
        for (name,) in conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'").all():
            conn.exec_driver_sql(f"DROP TRIGGER {name}")
        conn.execute(update(records).where(records.c.seq == 7).values(actor="nobody"))
    with at_gate.store.read() as conn:
        broken = audit.verify(conn).broken
    assert broken is not None
    assert broken.seq == 7


def test_3_a_gate_is_decided_by_others_and_on_what_was_shown(at_gate: World) -> None:
    """Neither by who did the work, nor on another digest."""
    with pytest.raises(Conflicted):
        at_gate.answer("plan", "maria")
    with pytest.raises(DigestChanged):
        at_gate.answer("plan", "dana", shown=Shown(1, "f" * 64))


def test_4_a_deadline_fires_once(both: World) -> None:
    """A clock that comes a second time finds nothing to do."""
    both.open_cycle()
    with both.store.read() as conn:
        later = conn.execute(select(func.max(deadlines.c.due_at))).scalar_one()
    while clock.turn(both.store, later):
        pass
    before = everything(both)
    assert not clock.turn(both.store, later)
    assert everything(both) == before
    with both.store.read() as conn:
        ends = set(conn.execute(select(deadlines.c.outcome).where(deadlines.c.due_at <= later)).scalars())
    assert ends <= {"fired", "cancelled"}, "none was set aside"
    assert "fired" in ends


def test_5_nothing_is_sent_before_its_commit(planning: World) -> None:
    """What a refused command would have told stays untold."""
    before = planning.mails()
    with pytest.raises(ZeroDivisionError), planning.sim.write() as (tx, _):  # noqa: PT012  # one command that fails late
        tx.execute(update(cases).values(label="internal"))
        raise ZeroDivisionError
    assert planning.mails() == before


def test_6_a_wait_without_an_end_is_found(planning: World) -> None:
    """The watchdog names the step whose deadline somebody took away."""
    with planning.store.read() as conn:
        assert watchdog.look(conn, planning.now) == []
    with planning.store.write() as tx:
        tx.execute(deadlines.delete().where(deadlines.c.subject_id == planning.step("scope").id))
    with planning.store.read() as conn:
        assert [str(each) for each in watchdog.look(conn, planning.now)] == [
            "open step without an armed deadline: PDCA-2026-0001 scope"]


@pytest.mark.parametrize("phase", ["plan", "do", "check", "act"])
def test_7_running_the_flow_again_changes_nothing(planning: World, phase: str) -> None:
    """In every phase, before its gate and at it."""
    for earlier in ("plan", "do", "check", "act")[:("plan", "do", "check", "act").index(phase)]:
        planning.pass_phase(earlier)
    for situation in ("working", "at the gate"):
        if situation == "at the gate":
            planning.complete_phase(phase)
        before = everything(planning)
        for _ in range(3):
            planning.sim.run_flow(planning.case)
        assert everything(planning) == before
