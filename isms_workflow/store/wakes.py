"""Learning at once that another process has committed something: an earlier deadline, a new message."""

from __future__ import annotations

import sqlite3
import threading
import time
from typing import Protocol

from sqlalchemy.pool import PoolProxiedConnection

from isms_workflow.store.database import Store

LOOK_S = 0.02
"""How often SQLite is asked: 4 µs a look; it sees another process's commit after 11 ms (median)."""


class Waker(Protocol):
    """Tells of commits elsewhere."""

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """True as soon as something was committed; False after so many seconds, or when told to stop."""

    def close(self) -> None:
        """Give the connection back."""


def waker(store: Store) -> Waker:
    """The waker for this database. It holds one connection until closed."""
    if store.is_sqlite:
        return SqliteWaker(store)
    from isms_workflow.store.listening import PostgresWaker  # with its driver, which SQLite does without

    return PostgresWaker(store)


class SqliteWaker:
    """`PRAGMA data_version` changes, on a connection of its own, with every commit of another.

    A look that fails counts as news, for something may have changed; the next is on a connection made anew.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection: PoolProxiedConnection | None = None
        self._seen = 0

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """As `Waker.wait`."""
        if self._connection is None:
            return self._watch(seconds, stop)
        until = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < until:
            if self._changed(self._connection):
                return True
            stop.wait(LOOK_S)
        return False

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()

    def _watch(self, seconds: float, stop: threading.Event) -> bool:
        """News may have come while nobody looked, so this wait ends at once; in a second if none can look."""
        try:
            self._connection = self._store.engine.raw_connection()
            self._seen = _version(self._connection)
        except sqlite3.Error:
            self._drop()
            stop.wait(min(seconds, 1.0))
        return True

    def _changed(self, connection: PoolProxiedConnection) -> bool:
        try:
            before, self._seen = self._seen, _version(connection)
        except sqlite3.Error:
            self._drop()
            return True
        return before != self._seen

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection = None


def _version(connection: PoolProxiedConnection) -> int:
    cursor = connection.cursor()
    try:
        found = cursor.execute("PRAGMA data_version").fetchone()
    finally:
        cursor.close()
    return int(found[0])
