"""The ways of talking to a database: one question alone, and what becomes of it when the database goes away."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest
from sqlalchemy import Connection, text

from isms_workflow.store import database
from isms_workflow.store.database import DatabaseGone, Store, open_store
from tests.conftest import NewDatabase
from tests.databases import opened
from tests.patience import free_port


@pytest.fixture
def server(new_postgres: NewDatabase) -> Store:
    """A store on PostgreSQL only: SQLite has no connections to lose."""
    return opened(new_postgres())


def one(conn: Connection) -> int:
    """The simplest question."""
    return int(conn.execute(text("SELECT 1")).scalar_one())


def test_one_question_alone_is_answered(store: Store) -> None:
    """On either database."""
    assert store.ask(one) == 1


def test_it_has_no_transaction_around_it(server: Store) -> None:
    """Each statement is one of its own."""
    ids = server.ask(lambda conn: [conn.execute(text("SELECT txid_current()")).scalar_one() for _ in range(2)])
    assert ids[0] != ids[1]


def test_a_connection_that_had_gone_is_replaced(server: Store) -> None:
    """As after a restart of the database: the question itself notices it, and is asked again."""
    assert server.ask(one) == 1
    with server.write() as tx:
        tx.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"))
    assert server.ask(one) == 1


def test_a_database_that_is_away_is_said_to_be() -> None:
    """Whoever asks is told what to look at."""
    with closing(open_store(f"postgresql://postgres@127.0.0.1:{free_port()}/isms")) as away, \
            pytest.raises(DatabaseGone, match="try again"):
        away.ask(one)


def test_a_question_that_is_wrong_is_not_asked_twice(database_url: str) -> None:
    """Only a connection's loss is; on connections of this test's own, which nobody ends."""
    asked = []

    def wrong(conn: Connection) -> None:
        asked.append(conn)
        conn.execute(text("SELECT nothing"))

    with closing(open_store(database_url)) as store, pytest.raises(Exception, match="nothing"):
        store.ask(wrong)
    assert len(asked) == 1


def test_writers_of_one_process_take_turns_on_sqlite(sqlite_store: Store) -> None:
    """The second begins when the first has ended, and sees what it wrote."""
    found: list[int] = []
    begun = Event()

    def write(name: str) -> None:
        begun.set()
        with sqlite_store.write() as tx:
            found.append(tx.execute(text("SELECT count(*) FROM counters")).scalar_one())
            tx.execute(text("INSERT INTO counters (kind, year, last) VALUES (:name, 2026, 1)"), {"name": name})

    with ThreadPoolExecutor() as threads:
        with sqlite_store.write() as tx:
            others = [threads.submit(write, name) for name in "bcd"]
            begun.wait(10)
            tx.execute(text("INSERT INTO counters (kind, year, last) VALUES ('a', 2026, 1)"))
            assert found == []
        for each in others:
            each.result(10)
    assert found == [1, 2, 3]


def test_whoever_waits_too_long_is_told_why(sqlite_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was written, and nobody waits for ever; it was no turn of theirs that they could give back."""
    monkeypatch.setattr(database, "BUSY_S", 0.01)

    def write() -> None:
        with sqlite_store.write():
            raise AssertionError

    with ThreadPoolExecutor() as threads, sqlite_store.write() as tx:
        tx.execute(text("INSERT INTO counters (kind, year, last) VALUES ('a', 2026, 1)"))
        with pytest.raises(DatabaseGone, match="others have been writing"):
            threads.submit(write).result(10)
    with sqlite_store.write() as tx:
        assert tx.execute(text("SELECT last FROM counters")).scalar_one() == 1
