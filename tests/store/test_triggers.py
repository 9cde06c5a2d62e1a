"""What the database refuses whatever the code does: history only grows."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from isms_workflow.domain.ids import new_id
from isms_workflow.store import audit, triggers
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit_private, cases, decisions, gates, people, programmes, transitions
from tests.store.audit.histories import CYCLE, GATE, HISTORY, MARIA, at, write_history

HISTORY_TABLES = ("audit", "audit_private", "checkpoints", "transitions", "decisions")


@pytest.fixture
def full(store: Store, tmp_path: Path) -> Store:
    """A store with a row in every table of history."""
    write_history(store, audit.make_key(tmp_path / "keys"))
    moved = {"happened_at": at(2), "noticed_at": at(2), "audit_seq": 4, "actor": MARIA}
    with store.write() as tx:
        tx.execute(insert(people).values(id=MARIA, role="user", zone="UTC", version=1, added_at=at(0)))
        tx.execute(insert(programmes).values(digest="p", files={}, applied_at=at(0), applied_by=MARIA))
        tx.execute(insert(cases).values(id=CYCLE, kind="pdca", reference="PDCA-2026-0001", state="plan", version=2,
                                        machine_version=1, programme="p", label="internal", opened_at=at(1)))
        tx.execute(insert(transitions).values(id=new_id(), case_id=CYCLE, subject="case", subject_id=CYCLE, event="start",
                                              from_state="planned", to_state="plan", **moved))
        tx.execute(insert(gates).values(id=GATE, case_id=CYCLE, name="plan", round=1, state="open", version=1, digest="d",
                                        quorum=2, opened_at=at(6), due_at=at(600)))
        tx.execute(insert(decisions).values(id=new_id(), gate_id=GATE, digest="d", person=MARIA, answer="approve",
                                            responsibility="isms_manager", channel="portal", decided_at=at(7)))
    return store


def refused(store: Store, *statements: str) -> str:
    """The sentence with which a transaction of these statements is refused."""
    with pytest.raises(DBAPIError) as refusal, store.write() as tx:  # noqa: PT012 - any of them may be the one
        for statement in statements:
            tx.execute(text(statement))
    return str(refusal.value.orig)


@pytest.mark.parametrize("table", HISTORY_TABLES)
def test_no_line_of_history_is_deleted(full: Store, table: str) -> None:
    """Not one, and not all."""
    assert f"{table}: DELETE is refused" in refused(full, f"DELETE FROM {table}")


UPDATES = {
    "audit": "kind = 'case.closed'",
    "audit_private": "value = 'another'",
    "checkpoints": "hash = ''",
    "transitions": "to_state = 'closed'",
    "decisions": "answer = 'reject'",
}


@pytest.mark.parametrize(("table", "change"), UPDATES.items(), ids=UPDATES)
def test_no_line_of_history_is_changed(full: Store, table: str, change: str) -> None:
    """Whatever the new value."""
    assert f"{table}: UPDATE is refused" in refused(full, f"UPDATE {table} SET {change}")


@pytest.mark.parametrize("table", HISTORY_TABLES)
def test_no_line_of_history_is_replaced(full: Store, table: str) -> None:
    """SQLite's INSERT OR REPLACE deletes without saying so; PostgreSQL's upsert is an update."""
    if full.is_sqlite:
        statement = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1"
    else:
        key = {"audit_private": "seq, field", "transitions": "id", "decisions": "id"}.get(table, "seq")
        change = UPDATES[table].split(" =")[0]
        statement = (f"INSERT INTO {table} SELECT * FROM {table} LIMIT 1 "
                     f"ON CONFLICT ({key}) DO UPDATE SET {change} = 'x'")
    assert f"{table}: " in refused(full, statement)


@pytest.mark.parametrize("way", ["IGNORE", "FAIL", "ROLLBACK", "ABORT"])
def test_other_ways_of_conflicting_do_not_help(sqlite_store: Store, way: str) -> None:
    """SQLite's trigger speaks before any conflict is resolved."""
    write_history(sqlite_store)
    statement = f"INSERT OR {way} INTO audit SELECT * FROM audit LIMIT 1"
    with pytest.raises(IntegrityError, match="audit_in_order"), sqlite_store.write() as tx:
        tx.execute(text(statement))


@pytest.mark.parametrize("table", HISTORY_TABLES)
def test_no_history_is_truncated(full: Store, table: str) -> None:
    """PostgreSQL only: rows' triggers don't see a TRUNCATE. SQLite has none; its DELETE is refused above."""
    statement = f"DELETE FROM {table}" if full.is_sqlite else f"TRUNCATE {table} CASCADE"
    assert "is refused" in refused(full, statement)


@pytest.mark.parametrize("seq", [0, 1, -1, 99])
def test_records_follow_each_other(store: Store, seq: int) -> None:
    """None is slipped in before the last, none stands beyond a gap."""
    write_history(store)
    said = refused(store, f"INSERT INTO audit SELECT {seq}, kind, case_id, subject, actor, happened_at, noticed_at, body, "
                          "hash FROM audit WHERE seq = 1")
    assert "audit_in_order" in said or "pk_audit" in said  # a number that is taken is refused as such


def test_a_replica_is_held_to_it_too(store: Store) -> None:
    """A PostgreSQL session that calls itself a replica skips ordinary triggers, not these."""
    write_history(store)
    if store.is_sqlite:
        assert "is refused" in refused(store, "PRAGMA recursive_triggers = OFF", "DELETE FROM audit")
    else:
        assert "is refused" in refused(store, "SET LOCAL session_replication_role = replica", "DELETE FROM audit")


def erase_one(tx: Connection, **more: object) -> None:
    """The one change that a private value may undergo."""
    tx.execute(update(audit_private).where(audit_private.c.seq == 1, audit_private.c.field == "name")
               .values(value=None, salt=None, erased_at=at(9), **more))


def test_a_private_value_may_only_be_erased(store: Store) -> None:
    """Value and salt go together, once, and nothing else changes with them."""
    write_history(store)
    for change in ("value = NULL, salt = NULL", "erased_at = happened", "person = NULL"):
        assert refused(store, f"UPDATE audit_private SET {change}".replace("happened", "'2026-01-01'"))
    with pytest.raises(DBAPIError), store.write() as tx:
        erase_one(tx, person=None)
    with store.write() as tx:
        erase_one(tx)
    with pytest.raises(DBAPIError), store.write() as tx:
        erase_one(tx)  # the instant of the first time stays


def test_a_decision_may_only_be_voided_once(full: Store) -> None:
    """With its instant; who decided what stays."""
    with full.write() as tx:
        tx.execute(update(decisions).values(voided_at=at(5)))
    assert refused(full, "UPDATE decisions SET voided_at = NULL")
    with pytest.raises(DBAPIError), full.write() as tx:
        tx.execute(update(decisions).values(voided_at=at(6)))


def test_what_is_new_is_let_in(full: Store) -> None:
    """The guards stand in nobody's way who only adds."""
    with full.write() as tx:
        row = tx.execute(select(transitions).limit(1)).mappings().one()
        tx.execute(insert(transitions).values(**{**row, "id": new_id()}))
        assert audit.append(tx, HISTORY) == list(range(10, 18))


def test_a_trigger_that_somebody_took_away_is_missed(store: Store) -> None:
    """By name; for `isms doctor`."""
    with store.write() as conn:
        conn.execute(text("DROP TRIGGER audit_no_update" + ("" if store.is_sqlite else " ON audit")))
        assert triggers.missing(conn) == {"audit_no_update"}
        conn.rollback()


def test_a_trigger_that_is_switched_off_is_missed(store: Store) -> None:
    """PostgreSQL's can be disabled in place."""
    if store.is_sqlite:
        return
    with store.write() as conn:
        conn.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_no_delete"))
        assert triggers.missing(conn) == {"audit_no_delete"}
        conn.rollback()
