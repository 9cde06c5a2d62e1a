"""Any change, removal, insertion or reordering is found and located; an erasure is no change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, text, update

from isms_workflow.domain.records import PersonRecord
from isms_workflow.store import audit
from isms_workflow.store.audit import Broken, Key, Verdict
from isms_workflow.store.audit.chain import digest
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import audit_head, audit_private
from tests.store.audit.histories import DANA, HISTORY, MARIA, NOW, STEP, at, attacked, line, write_history

COUNT = len(HISTORY) + 1
"""Records of the history with its key."""


@pytest.fixture
def key(tmp_path) -> Key:
    """The key that signs this history's checkpoints."""
    return audit.make_key(tmp_path / "keys")


@pytest.fixture
def history(store: Store, key: Key) -> Store:
    """A store with the history and a checkpoint at its end."""
    write_history(store, key)
    return store


def test_an_untouched_history_is_intact(history: Store) -> None:
    """And the verdict says how much was looked at."""
    with history.read() as conn:
        verdict = audit.verify(conn)
        assert verdict == Verdict(COUNT, audit.head(conn)[1], private=3, erased=0, checkpoints=1)
        assert audit.bytes_and_links(conn) is None
    assert str(verdict).startswith(f"The history is intact: {COUNT} records, last hash ")


def test_an_empty_history_is_intact(store: Store) -> None:
    """There is nothing that could be wrong."""
    with store.read() as conn:
        assert audit.verify(conn) == Verdict(0, "0" * 64)
        assert audit.bytes_and_links(conn) is None


def set_column(seq: int, **values: object) -> Callable[[Connection], object]:
    """Changes columns of one record."""
    return lambda conn: conn.execute(update(records).where(records.c.seq == seq).values(**values))


def set_body(seq: int, **changes: object) -> Callable[[Connection], object]:
    """Changes a record's bytes, and its hash so that they match; columns and later records stay."""
    def change(conn: Connection) -> None:
        body = json.loads(conn.execute(select(records.c.body).where(records.c.seq == seq)).scalar_one())
        new = json.dumps(body | changes, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        conn.execute(update(records).where(records.c.seq == seq).values(body=new, hash=digest(new)))
    return change


def beside(seq: int, **values: object) -> Callable[[Connection], object]:
    """Changes a private value beside a record."""
    return lambda conn: conn.execute(update(audit_private).where(audit_private.c.seq == seq).values(**values))


def run(*statements: str) -> Callable[[Connection], object]:
    """Plain SQL."""
    return lambda conn: [conn.execute(text(statement)) for statement in statements]


DIFFER = "its bytes and columns differ in "
UNLINKED = "it doesn't follow from the record before it"
ATTACKS = {
    "kind": (set_column(4, kind="case.closed"), 4, DIFFER + "kind (column 'case.closed', bytes 'case.moved')"),
    "case": (set_column(4, case_id=None), 4, DIFFER + "case (column None"),
    "subject": (set_column(4, subject=STEP), 4, DIFFER + "subject"),
    "actor": (set_column(4, actor="operator"), 4, DIFFER + "actor (column 'operator'"),
    "happened": (set_column(4, happened_at=NOW - timedelta(days=1)), 4, DIFFER + "happened"),
    "noticed by a microsecond": (set_column(4, noticed_at=at(2) + timedelta(seconds=1, microseconds=1)), 4,
                                 DIFFER + "noticed"),
    "bytes": (set_column(4, body=b"{}"), 4, "its bytes don't have its hash"),
    "hash": (set_column(4, hash="0" * 64), 4, "its bytes don't have its hash"),
    "bytes and hash": (set_body(4, data={"to": "closed"}), 5, UNLINKED),
    "bytes, hash and column": (lambda c: (set_body(4, actor="clock")(c), set_column(4, actor="clock")(c)), 5, UNLINKED),
    "a format of tomorrow": (set_body(4, format=2), 4, "its format 2 is of a later release"),
    "bytes that are no record": (set_body(4, private=[]), 4, "its bytes aren't a record"),
    "a private value": (beside(6, value="because"), 6, "its private field 'reason' isn't what was written"),
    "a salt": (beside(6, salt="00"), 6, "its private field 'reason' isn't what was written"),
    "a salt that is none": (beside(6, salt="salt"), 6, "its private field 'reason' isn't what was written"),
    "a value that vanished": (beside(6, value=None, salt=None), 6, "gone, but not by an erasure"),
    "a field's name": (beside(6, field="excuse"), 6, "its private field 'excuse' was added later"),
    "a field taken away": (run("DELETE FROM audit_private WHERE seq = 6"), 6, "'reason' was removed"),
    "a field added": (run("INSERT INTO audit_private (seq, field) VALUES (4, 'note')"), 4, "'note' was added later"),
    "the tail cut": (run("DELETE FROM checkpoints", f"DELETE FROM audit WHERE seq = {COUNT}"), COUNT,
                     "the chain's head names another end"),
    "the head's hash": (run("UPDATE audit_head SET hash = '00'"), COUNT + 1, "the chain's head names another end"),
    "the head gone": (run("DELETE FROM audit_head"), COUNT + 1, "the chain's head names another end"),
    "a value emptied with nobody erased": (beside(6, value=None, salt=None, erased_at=at(90)), 6,
                                           "no erasure of its person is recorded"),
    "a value that passes for erased": (beside(6, erased_at=at(90)), 6, "its private field 'reason' isn't what was written"),
    "a new first key": (set_body(1, data={"key": "00" * 32}), 2, UNLINKED),
}


@pytest.mark.parametrize(("attack", "seq", "said"), ATTACKS.values(), ids=ATTACKS)
def test_whoever_gets_past_the_triggers_is_found_out(history: Store, attack: Callable, seq: int, said: str) -> None:
    """The first bad record is named, with what is wrong."""
    with attacked(history) as conn:
        attack(conn)
        broken = audit.verify(conn).broken
        assert broken is not None
        assert broken.seq == seq
        assert broken.problem.startswith(said) or said in broken.problem


NOT_UTF8 = "CAST(x'C3' AS TEXT)"
UNREADABLE = {
    "a kind": (f"UPDATE audit SET kind = {NOT_UTF8} WHERE seq = 4", 4, DIFFER + "kind"),
    "a hash": (f"UPDATE audit SET hash = {NOT_UTF8} WHERE seq = 4", 4, "its bytes don't have its hash"),
    "bytes": (f"UPDATE audit SET body = {NOT_UTF8} WHERE seq = 4", 4, "its bytes don't have its hash"),
    "bytes turned text": ("UPDATE audit SET body = CAST(body AS TEXT) WHERE seq = 4", 4, "its bytes don't have its hash"),
    "an instant in another form": ("UPDATE audit SET noticed_at = replace(noticed_at, ' ', 'T') WHERE seq = 4", 4,
                                   DIFFER + "noticed"),
    "an instant that is bytes": ("UPDATE audit SET noticed_at = CAST(noticed_at AS BLOB) WHERE seq = 4", 4,
                                 DIFFER + "noticed"),
    "a private value": (f"UPDATE audit_private SET value = {NOT_UTF8} WHERE seq = 6", 6, "isn't what was written"),
    "a private field's name": ("UPDATE audit_private SET field = x'C3' WHERE seq = 6", 6, "was added later"),
    "when it was erased": ("UPDATE audit_private SET erased_at = 'soon' WHERE seq = 6", 6, "isn't what was written"),
    "the head": (f"UPDATE audit_head SET hash = {NOT_UTF8}", COUNT + 1, "the chain's head names another end"),
    "a checkpoint's day": ("UPDATE checkpoints SET at = 'soon'", COUNT, "the checkpoint that is stored for it can't be read"),
    "a checkpoint's key": ("UPDATE checkpoints SET key = x'C3'", COUNT, "has a wrong signature"),
}


@pytest.mark.parametrize(("attack", "seq", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_even_be_read_is_named_too(
    sqlite_store: Store, key: Key, attack: str, seq: int, said: str
) -> None:
    """SQLite stores any bytes in any column: none of them may silence the verification."""
    write_history(sqlite_store, key)
    with attacked(sqlite_store) as conn:
        conn.execute(text(attack))
        broken = audit.verify(conn).broken
        assert broken is not None
        assert (broken.seq, said in broken.problem) == (seq, True)


def removed(conn: Connection, seq: int) -> int:
    """A record is taken out; the others keep their numbers."""
    conn.execute(delete(records).where(records.c.seq == seq))
    return seq


def removed_and_closed_up(conn: Connection, seq: int) -> int:
    """A record is taken out and the later ones move up, their bytes as they were."""
    removed(conn, seq)
    for number in range(seq, COUNT):
        conn.execute(update(records).where(records.c.seq == number + 1).values(seq=number))
    return seq


def swapped(conn: Connection, seq: int) -> int:
    """A record changes place with the next, or the last with the one before."""
    first = min(seq, COUNT - 1)
    for old, new in ((first, 1000), (first + 1, first), (1000, first + 1)):
        conn.execute(update(records).where(records.c.seq == old).values(seq=new))
    return first


def inserted(conn: Connection, seq: int) -> int:
    """A forged record, well made and linked to the one before, stands where another was; the rest moves down."""
    for number in range(COUNT, seq - 1, -1):
        conn.execute(update(records).where(records.c.seq == number).values(seq=number + 1))
    _forge(conn, seq)
    return seq + 1


def _forge(conn: Connection, seq: int) -> None:
    before = conn.execute(select(records.c.hash).where(records.c.seq == seq - 1)).scalar() or "0" * 64
    conn.execute(update(audit_head).values(seq=seq - 1, hash=before))
    audit.append(conn, [line(HISTORY[1].kind, 1)])
    last = conn.execute(select(records).order_by(records.c.seq.desc()).limit(1)).one()
    conn.execute(update(audit_head).values(seq=last.seq, hash=last.hash))


def rewritten(conn: Connection, seq: int) -> int:
    """One byte of a record's content is another, its hash put right."""
    set_body(seq, actor="engine")(conn)
    return seq


SORTS = (removed, removed_and_closed_up, swapped, inserted, rewritten)


@pytest.fixture
def tampered(store: Store) -> Iterator[Connection]:
    """One connection for many attacks, each undone, on a history with nothing beside it that would give them away."""
    with store.write() as tx:
        audit.append(tx, [replace(HISTORY[0], private={}), *(replace(each, private={}) for each in HISTORY)])
    with attacked(store) as conn:
        yield conn


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(how=st.sampled_from(SORTS), seq=st.integers(1, COUNT))
def test_any_change_removal_insertion_or_reordering_is_located(
    tampered: Connection, how: Callable[[Connection, int], int], seq: int
) -> None:
    """Wherever it is made: at the place, never later than one after it, never before."""
    savepoint = tampered.begin_nested()
    place = how(tampered, seq)
    verdict, quick = audit.verify(tampered), audit.bytes_and_links(tampered)
    savepoint.rollback()
    assert verdict.broken is not None
    assert quick is not None
    assert place <= verdict.broken.seq <= place + 1


def test_a_stray_value_beside_no_record_is_found(history: Store) -> None:
    """Where keys between tables aren't enforced, somebody might try."""
    with attacked(history) as conn:
        if history.is_sqlite:
            conn.connection.cursor().execute("PRAGMA defer_foreign_keys=ON")
        else:
            conn.execute(text("ALTER TABLE audit_private DROP CONSTRAINT fk_audit_private_seq"))
        conn.execute(insert(audit_private).values(seq=99, field="name", salt="00", value="Nobody"))
        assert audit.verify(conn).broken == Broken(99, "a private field stands beside no record")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gone=st.sets(st.sampled_from([(2, "name"), (2, "email"), (6, "reason")])))
def test_whatever_is_erased_the_chain_verifies(history: Store, gone: set[tuple[int, str]]) -> None:
    """Any of the private values, in any combination, once their people's erasure is recorded; the count is right."""
    with history.write() as conn:
        for seq, name in sorted(gone):
            conn.execute(update(audit_private).where(audit_private.c.seq == seq, audit_private.c.field == name)
                         .values(value=None, salt=None, erased_at=at(90)))
        audit.append(conn, [line(PersonRecord.ERASED, 90, who) for who in (DANA, MARIA)])
        verdict = audit.verify(conn)
        conn.rollback()
    assert (verdict.ok, verdict.private, verdict.erased) == (True, 3 - len(gone), len(gone))


def test_a_verification_sees_one_instant_while_others_write(history: Store) -> None:
    """What is appended meanwhile is neither a break nor part of the verdict."""
    with history.read() as conn:
        audit.head(conn)
        with history.write() as tx:
            audit.append(tx, HISTORY)
        assert audit.verify(conn).records == COUNT
    with history.read() as conn:
        assert audit.verify(conn).records == COUNT + len(HISTORY)


def test_more_records_than_one_batch(sqlite_store: Store) -> None:
    """The link across two batches is followed too, and a break in the second is located."""
    with sqlite_store.write() as tx:
        audit.append(tx, HISTORY * 600)
    with sqlite_store.read() as conn:
        assert audit.verify(conn).records == 600 * len(HISTORY)
    with attacked(sqlite_store) as conn:
        set_column(4001, actor="clock")(conn)
        assert audit.verify(conn).broken.seq == 4001
