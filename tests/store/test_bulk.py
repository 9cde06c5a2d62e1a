"""Rows of many tables by the fewest statements: written as SQLAlchemy would, all or none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.refusals import Moved
from isms_workflow.store.bulk import Moves, Rows, insert_many, write_all
from isms_workflow.store.database import DatabaseGone, Store
from isms_workflow.store.tables import audit, audit_head, cases, deadlines, outbox, people, programmes, steps
from tests.counting import counted

AT = datetime(2026, 3, 12, 13, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def founded(store: Store) -> Store:
    """A store with somebody, and a programme that cases may keep."""
    with store.write() as tx:
        tx.execute(insert(people).values(id="maria", role="user", zone="UTC", version=1, added_at=AT))
        tx.execute(insert(programmes).values(digest="p", files={}, applied_at=AT, applied_by="maria"))
    return store


def a_case(**more: Any) -> dict[str, Any]:
    """A case's row."""
    return {"id": new_id(), "kind": "pdca", "reference": f"PDCA-{new_id()[-8:]}", "state": "planned", "version": 1,
            "machine_version": 1, "programme": "p", "label": "internal", "opened_at": AT, **more}


def a_step(case: str, key: str, **more: Any) -> dict[str, Any]:
    """A step's row."""
    return {"id": new_id(), "case_id": case, "phase": "plan", "key": key, "position": 1, "state": "waiting", "version": 1,
            "responsibility": "isms_manager", "due_rule": None, **more}


def message(key: str, **more: Any) -> dict[str, Any]:
    """A row of the outbox."""
    return {"id": new_id(), "key": key, "channel": "mail", "payload": {"to": key}, "queued_at": AT, "due_at": AT, **more}


def rows(store: Store, table: Any) -> list[Any]:
    """All of them."""
    with store.read() as conn:
        return list(conn.execute(select(table)).all())


def test_rows_of_several_tables_that_refer_to_each_other(founded: Store) -> None:
    """A case, its steps and its deadline; documents, empty ones and instants read back as they were."""
    case = a_case()
    waiting, owed = a_step(case["id"], "a"), a_step(case["id"], "b", due_rule={"unit": "days", "list": [1, None, "ä\n\""]})
    armed = {"id": new_id(), "case_id": case["id"], "subject": "case", "subject_id": case["id"], "event": "ladder",
             "due_at": AT, "armed_at": AT, "rule": {"base": "x"}}
    with founded.write() as tx:
        write_all(tx, (Rows(cases, [case]), Rows(steps, [waiting, owed]), Rows(deadlines, [armed])))
    found, = rows(founded, cases)
    assert (found.id, found.opened_at, found.closed_at, found.wake_wanted) == (case["id"], AT, None, 0)
    assert {row.key: row.due_rule for row in rows(founded, steps)} == {"a": None, "b": owed["due_rule"]}
    assert rows(founded, deadlines)[0].rule == {"base": "x"}


def test_on_a_server_it_is_one_exchange(founded: Store) -> None:
    """SQLite is no exchange away."""
    case = a_case()
    with counted(founded) as said, founded.write() as tx:
        write_all(tx, (Rows(cases, [case]), Rows(steps, [a_step(case["id"], "a")]), Rows(outbox, [])))
    assert founded.is_sqlite or len([each for each in said if "INSERT" in each]) == 1


def test_all_or_none(founded: Store) -> None:
    """A row that refers to nothing takes the others with it."""
    with pytest.raises(IntegrityError), founded.write() as tx:
        write_all(tx, (Rows(outbox, [message("a")]), Rows(steps, [a_step("nobody's", "a")])))
    assert rows(founded, outbox) == []


def test_a_database_that_is_full_says_so(sqlite_store: Store) -> None:
    """Written by SQLite's own cursor, refused as everything else is; and once there is room the same is written."""
    many = [message(str(number)) for number in range(1000)]
    with sqlite_store.read() as conn:
        pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DatabaseGone, match="full"), sqlite_store.write() as tx:
        insert_many(tx, outbox, many)
    with sqlite_store.write() as tx:
        tx.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1000}")
        insert_many(tx, outbox, many)
    assert len(rows(sqlite_store, outbox)) == len(many)


def test_a_key_that_is_there_is_left_as_it_is(founded: Store) -> None:
    """Also one that stands twice among the new ones."""
    for rows_of in ([message("a")], [message("a", channel="chat"), message("b"), message("b", channel="chat")]):
        with founded.write() as tx:
            insert_many(tx, outbox, rows_of, unless="key")
    assert {row.key: row.channel for row in rows(founded, outbox)} == {"a": "mail", "b": "mail"}


def test_or_becomes_what_the_new_one_says(founded: Store) -> None:
    """In the columns that are named, as the chain's end does."""
    with founded.write() as tx:
        write_all(tx, (Rows(audit_head, [{"id": 1, "seq": 7, "hash": "f" * 64, "noticed_at": AT}], "id", ("seq", "noticed_at")),))
    assert [tuple(row) for row in rows(founded, audit_head)] == [(1, 7, "0" * 64, AT)]


def test_bytes_stay_bytes(founded: Store) -> None:
    """Whatever they are."""
    row = {"seq": 1, "kind": "k", "actor": "a", "happened_at": AT, "noticed_at": AT, "body": bytes(range(256)), "hash": "h"}
    with founded.write() as tx:
        insert_many(tx, audit, [row])
    assert rows(founded, audit)[0].body == bytes(range(256))


def test_nothing_is_nothing(founded: Store) -> None:
    """No statement is made of it."""
    with founded.write() as tx:
        write_all(tx, ())
        insert_many(tx, outbox, [])
    assert rows(founded, outbox) == []


def test_rows_become_others_if_they_are_still_the_ones_that_were_read(founded: Store) -> None:
    """Each what it says of itself: instants, documents and nothing among it; on a server in the exchange that inserts, too."""
    case = a_case()
    first, second, other = (a_step(case["id"], key, due_rule={"unit": "days"}, due_at=AT) for key in "abc")
    with founded.write() as tx:
        write_all(tx, (Rows(cases, [case]), Rows(steps, [first, second, other])))
    become = [{"id": first["id"], "seen": 1, "version": 2, "state": "waived", "settled_at": AT, "due_at": None, "due_rule": None},
              {"id": second["id"], "seen": 1, "version": 3, "state": "done", "settled_at": AT, "due_at": AT, "due_rule": {"unit": "hours"}}]
    with counted(founded) as said, founded.write() as tx:
        write_all(tx, (Moves(steps, become), Rows(outbox, [message("a")])))
    assert founded.is_sqlite or len([each for each in said if "UPDATE" in each or "INSERT" in each]) == 1
    assert {row.key: (row.version, row.state, row.due_at, row.due_rule) for row in rows(founded, steps)} == {
        "a": (2, "waived", None, None), "b": (3, "done", AT, {"unit": "hours"}), "c": (1, "waiting", AT, {"unit": "days"})}
    assert len(rows(founded, outbox)) == 1


@pytest.mark.parametrize("seen", [{"a": 1, "b": 2}, {"a": 0, "b": 1}])
def test_one_that_is_not_takes_all_with_it(founded: Store, seen: dict[str, int]) -> None:
    """Whichever of them it is."""
    case = a_case()
    both = [a_step(case["id"], key) for key in seen]
    with founded.write() as tx:
        write_all(tx, (Rows(cases, [case]), Rows(steps, both)))
    become = [{"id": each["id"], "seen": seen[each["key"]], "version": 9, "state": "waived", "settled_at": AT} for each in both]
    with pytest.raises(Moved, match=r"step .* changed since you looked"), founded.write() as tx:
        write_all(tx, (Rows(outbox, [message("a")]), Moves(steps, become)))
    assert {row.state for row in rows(founded, steps)} == {"waiting"}
    assert rows(founded, outbox) == []
