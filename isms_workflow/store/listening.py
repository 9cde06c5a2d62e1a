"""Learning at once what another process has committed to PostgreSQL."""

from __future__ import annotations

import threading
import time

import psycopg

from isms_workflow.store.database import WAKE_CHANNEL, Store


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
