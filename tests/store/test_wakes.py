"""Wakers: another process's commit is news at once; what keeps us from looking is news, too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert

from isms_workflow.domain.ids import new_id
from isms_workflow.store.database import Store, notify, open_store
from isms_workflow.store.tables import attempts
from isms_workflow.store.wakes import SqliteWaker, Waker, waker
from tests.store.audit.histories import write_history
from tests.world import START

NEVER = threading.Event()
BRIEFLY_S = 0.1


@pytest.fixture
def listener(store: Store) -> Iterator[Waker]:
    """A waker that has begun to listen."""
    with closing(waker(store)) as found:
        assert found.wait(BRIEFLY_S, NEVER), "news may have come before"
        yield found


def commit(store: Store) -> None:
    """Somebody writes something."""
    with store.write() as tx:
        tx.execute(insert(attempts).values(id=new_id(), subject="x", at=START))
        notify(tx)


def test_a_commit_is_news_once(store: Store, listener: Waker) -> None:
    """And nothing is none."""
    assert not listener.wait(BRIEFLY_S, NEVER)
    commit(store)
    assert listener.wait(10, NEVER)
    assert not listener.wait(BRIEFLY_S, NEVER)


def test_a_look_that_fails_is_news_and_the_next_one_works(sqlite_store: Store) -> None:
    """Something may have changed meanwhile; the process that waits goes on."""
    with closing(SqliteWaker(sqlite_store)) as listener:
        listener.wait(BRIEFLY_S, NEVER)
        assert listener._connection is not None
        listener._connection.dbapi_connection.close()  # type: ignore[union-attr]
        assert [listener.wait(BRIEFLY_S, NEVER) for _ in range(3)] == [True, True, False]
        commit(sqlite_store)
        assert listener.wait(10, NEVER)


def test_a_database_that_cannot_be_opened_is_news_until_it_can(tmp_path: Path) -> None:
    """Whoever is woken looks itself, and says what is wrong."""
    address = f"sqlite:///{tmp_path / 'data' / 'isms.db'}"
    with closing(open_store(address)) as store, closing(SqliteWaker(store)) as listener:
        (tmp_path / "data").rmdir()
        assert [listener.wait(BRIEFLY_S, NEVER) for _ in range(2)] == [True, True]
        (tmp_path / "data").mkdir()
        assert [listener.wait(BRIEFLY_S, NEVER) for _ in range(2)] == [True, False]


def test_every_record_is_news_by_itself(store: Store, listener: Waker) -> None:
    """Whoever writes into the history need not say so."""
    assert not listener.wait(BRIEFLY_S, NEVER)
    write_history(store)
    assert listener.wait(BRIEFLY_S * 10, NEVER)
