"""Appending: what a record's bytes are, and what a record can't hold."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from isms_workflow.domain.records import StepRecord
from isms_workflow.domain.times import NaiveInstant
from isms_workflow.store import audit
from isms_workflow.store.audit import RecordRefused
from isms_workflow.store.audit.chain import Batch, digest
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit as audit_table
from isms_workflow.store.tables import audit_private
from tests.store.audit.histories import CYCLE, DANA, HISTORY, MARIA, STEP, line, write_history

PLAIN = line(StepRecord.COMMENTED, 0, STEP)


def test_a_record_is_canonical_json_that_names_the_hash_before(store: Store) -> None:
    """The bytes are written out here once, so that a change of format can't slip in."""
    with store.write() as tx:
        assert audit.append(tx, [line(StepRecord.OPENED, 0, STEP, title="Überblick", round=2, first=True, last=None)]) == [1]
    with store.read() as conn:
        row = conn.execute(select(audit_table)).one()
    assert row.body.decode() == (
        f'{{"actor":"{MARIA}","case":"{CYCLE}","data":{{"first":true,"last":null,"round":2,"title":"Überblick"}},'
        '"format":1,"happened":"2026-03-12T13:00:00.000000Z","kind":"step.opened",'
        f'"noticed":"2026-03-12T13:00:01.000000Z","prev":"{"0" * 64}","private":{{}},"seq":1,"subject":"{STEP}"}}'
    )
    assert row.hash == sha256(b"\x00" + row.body).hexdigest()
    assert (row.kind, row.case_id, row.subject, row.actor) == ("step.opened", CYCLE, STEP, MARIA)


def test_numbers_go_on_without_a_gap_and_the_head_follows(store: Store) -> None:
    """Two transactions, one chain; each record names the one before."""
    write_history(store)
    with store.read() as conn:
        rows = conn.execute(select(audit_table).order_by(audit_table.c.seq)).all()
        head = audit.head(conn)
    assert [row.seq for row in rows] == list(range(1, len(HISTORY) + 1))
    assert [json.loads(row.body)["prev"] for row in rows] == ["0" * 64, *(row.hash for row in rows[:-1])]
    assert head == (rows[-1].seq, rows[-1].hash)


def test_writers_at_one_time_make_one_chain(store: Store) -> None:
    """Each waits for the head; none forks it, none is lost."""
    def write(_: int) -> list[int]:
        with store.write() as tx:
            return audit.append(tx, HISTORY)

    with ThreadPoolExecutor(4) as writers:
        numbers = [seq for seqs in writers.map(write, range(20)) for seq in seqs]
    assert sorted(numbers) == list(range(1, 20 * len(HISTORY) + 1))
    with store.read() as conn:
        assert audit.verify(conn).records == len(numbers)


def test_a_transaction_that_fails_leaves_no_gap(store: Store) -> None:
    """What was rolled back was never there."""
    with store.write() as conn:
        audit.append(conn, HISTORY)
        conn.rollback()
    with store.write() as tx:
        assert audit.append(tx, [PLAIN]) == [1]


def test_nothing_to_append_takes_no_lock_and_writes_nothing(store: Store) -> None:
    """An empty batch is no batch."""
    with store.read() as conn:
        assert audit.append(conn, []) == []


def test_private_values_stand_beside_the_chain(store: Store) -> None:
    """The record has commitments only; value, salt and whose data it is lie in the side table."""
    write_history(store)
    with store.read() as conn:
        body = conn.execute(select(audit_table.c.body).where(audit_table.c.seq == 1)).scalar_one()
        rows = conn.execute(select(audit_private).order_by(audit_private.c.seq, audit_private.c.field)).all()
    assert b"Dana" not in body
    assert [(row.seq, row.field, row.person, row.value) for row in rows] == [
        (1, "email", DANA, "dana@example.org"),
        (1, "name", DANA, "Dana Weber"),
        (5, "reason", MARIA, "Die Geschäftsführung ist verreist ✈"),
    ]
    assert {row.field: audit.commitment(bytes.fromhex(row.salt), row.value) for row in rows[:2]} == (
        json.loads(body)["private"]
    )
    assert len({row.salt for row in rows}) == 3


def test_what_an_agent_says_is_nobodys_data(store: Store) -> None:
    """A record of the clock's with a private field belongs to no person."""
    with store.write() as tx:
        audit.append(tx, [replace(PLAIN, actor="clock", private={"reason": "the pause ended"})])
        assert tx.execute(select(audit_private.c.person)).scalars().all() == [None]


REFUSED = {
    "a float": ({"data": {"share": 0.5}}, "share is a float"),
    "an integer that doubles can't hold": ({"data": {"n": 2**53}}, "n is an integer of 2^53 or more"),
    "a negative one": ({"data": {"n": -(2**53)}}, "n is an integer of 2^53 or more"),
    "a list": ({"data": {"steps": ["a"]}}, "steps is a list"),
    "bytes": ({"data": {"raw": b""}}, "raw is a bytes"),
    "a name that isn't ASCII": ({"data": {"größe": 1}}, "the name 'größe' is not 1 to 60 ASCII characters"),
    "an empty name": ({"private": {"": "x"}}, "the name '' is not"),
    "half a surrogate pair": ({"data": {"title": "\ud800"}}, "half of a surrogate pair"),
    "a null character": ({"private": {"reason": "a\x00b"}}, "reason holds a null character"),
    "a private number": ({"private": {"reason": 7}}, "private fields are text"),
    "a long subject": ({"subject": "x" * 37}, "subject is 37 characters long, of 1 to 36"),
    "an empty actor": ({"actor": ""}, "actor is 0 characters long"),
    "an actor that isn't ASCII": ({"actor": "björn"}, "actor is not ASCII"),
}


@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED)
def test_a_record_that_history_cannot_hold_is_refused(sqlite_store: Store, change: dict, said: str) -> None:
    """With a sentence, before anything is written."""
    with pytest.raises(RecordRefused) as refusal, sqlite_store.write() as tx:
        audit.append(tx, [PLAIN, replace(PLAIN, **change)])
    assert said in str(refusal.value)
    assert "step.commented" in str(refusal.value)
    with sqlite_store.read() as conn:
        assert audit.head(conn) == (0, "0" * 64)


def test_an_instant_without_a_zone_is_refused(sqlite_store: Store) -> None:
    """History has no local times."""
    with pytest.raises(NaiveInstant), sqlite_store.write() as tx:
        audit.append(tx, [replace(PLAIN, happened=datetime(2026, 3, 12, 13))])  # noqa: DTZ001


SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(
    st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@given(st.dictionaries(st.text("abc_", min_size=1, max_size=5), SCALARS))
def test_whatever_is_accepted_reads_back_as_it_was(data: dict) -> None:
    """Bytes, parsed by anybody's JSON reader, say what was meant."""
    record = replace(PLAIN, data=data)
    batch = Batch(0, "0" * 64)
    batch.add(record)
    body = batch.rows[0]["body"]
    assert json.loads(body)["data"] == data
    assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(), "RFC 8785"
    assert digest(body) == batch.rows[0]["hash"]


def test_a_clock_that_went_backwards_marks_the_next_record(store: Store) -> None:
    """The first record after the jump says by how much; those after it count from there. A wait is no jump."""
    first = line(StepRecord.COMMENTED, 0, STEP)
    earlier = replace(first, noticed=first.noticed - timedelta(hours=1))
    waited = replace(first, noticed=earlier.noticed - timedelta(seconds=5))
    for record in (first, earlier, waited):
        with store.write() as tx:
            audit.append(tx, [record])
    with store.read() as conn:
        bodies = conn.execute(select(audit_table.c.body).order_by(audit_table.c.seq)).scalars().all()
        assert audit.verify(conn).ok
    assert [json.loads(body)["data"].get("clock_went_back_s") for body in bodies] == [None, 3600, None]
