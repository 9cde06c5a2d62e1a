"""Learning at once that another process has committed something: an earlier deadline, a new message."""

from __future__ import annotations

import threading
import time
from typing import Protocol

import psycopg

from isms_workflow.store.database import WAKE_CHANNEL, Store

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
    return SqliteWaker(store) if store.is_sqlite else PostgresWaker(store)


class SqliteWaker:
    """`PRAGMA data_version` changes, on a connection of its own, with every commit of another."""

    def __init__(self, store: Store) -> None:
        self._connection = store.engine.raw_connection()
        self._seen = self._version()

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """As `Waker.wait`."""
        until = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < until:
            if (now := self._version()) != self._seen:
                self._seen = now
                return True
            stop.wait(LOOK_S)
        return False

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _version(self) -> int:
        cursor = self._connection.cursor()
        try:
            return int(cursor.execute("PRAGMA data_version").fetchone()[0])
        finally:
            cursor.close()


class PostgresWaker:
    """LISTEN on a connection of its own; a lost one is made anew, and counts as news."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection: psycopg.Connection | None = None

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """As `Waker.wait`."""
        if self._connection is None:
            return self._listen(seconds, stop)
        until = time.monotonic() + seconds
        try:
            while not stop.is_set() and (left := until - time.monotonic()) > 0:
                for _ in self._connection.notifies(timeout=min(left, 1.0), stop_after=1):
                    return True
        except psycopg.OperationalError:
            self._connection = None
            return True
        return False

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()

    def _listen(self, seconds: float, stop: threading.Event) -> bool:
        """News may have come while nobody listened, so the first wait ends at once."""
        try:
            url = self._store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
            self._connection.execute(f"LISTEN {WAKE_CHANNEL}")
            return True
        except psycopg.OperationalError:
            stop.wait(min(seconds, 1.0))
            return False
