"""The one place that knows which database we speak to, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError, OperationalError

from isms_workflow.errors import IsmsError
from isms_workflow.folders import private

T = TypeVar("T")

Transaction = Connection
"""A write transaction that is open; committed or rolled back by whoever opened it."""

DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")

WAKE_CHANNEL = "isms_wake"

BUSY_S = 5
"""So long a write waits for others on SQLite."""

_JSON: Mapping[str, Any] = {"json_serializer": lambda value: orjson.dumps(value).decode(),
                            "json_deserializer": orjson.loads}


class DatabaseGone(IsmsError):
    """The database can't be reached, or can't take a write now; nothing was written."""

    status = 503

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where, self.reason = where, reason

    def __str__(self) -> str:
        return (
            f"The database {self.where} can't be used now ({self.reason}); nothing was written. "
            "Look at its service and disk, then try again."
        )


class AddressUnusable(IsmsError):
    """The database's address can't be understood. Never shown: it may hold a password."""

    status = 503

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return ("The address of the database can't be used: database_url (ISMS_DATABASE_URL, or in isms.toml) is to be "
                "like postgresql://user@host/database or sqlite:////folder/isms.db.")


@dataclass(frozen=True)
class Store:
    """A database and the two ways of talking to it."""

    engine: Engine
    asking: Engine
    """For questions that stand alone: without transactions."""

    _turn: Lock = field(default_factory=Lock, compare=False, repr=False)

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded default is in use."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One short write transaction: all of it, or none. On SQLite the write lock is taken at once.

        Raises `DatabaseGone` if the database can't be reached or is full or locked.
        """
        with self.translated(), self._in_turn(), self.engine.begin() as tx:
            if self.is_sqlite:
                lock(tx)
            yield tx

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """SQLite has whoever finds it locked sleep and look again, up to 100 ms at a time, and whoever came last may be first;
        those of one process needn't.
        """
        if not self.is_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=BUSY_S):
            raise DatabaseGone(self.engine.url.render_as_string(), f"others have been writing for {BUSY_S} s")
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent look: every question sees the same instant; never blocks a writer. Raises `DatabaseGone`."""
        with self.translated(), self.engine.connect().execution_options(**self._looking) as conn, conn.begin():
            if self.is_sqlite:
                conn.exec_driver_sql("BEGIN")
            yield conn

    def ask(self, question: Callable[[Connection], T]) -> T:
        """One question alone, which sees one instant without a transaction around it. Raises `DatabaseGone`.

        Nobody asks first whether the connection is still there: if it isn't, the question is asked again by a new one.
        """
        with self.translated():
            try:
                return self._asked(question)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return self._asked(question)

    def _asked(self, question: Callable[[Connection], T]) -> T:
        with self.asking.connect() as conn:
            return question(conn)

    @property
    def _looking(self) -> dict[str, Any]:
        return {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

    @contextmanager
    def translated(self) -> Iterator[None]:
        """What the database itself couldn't do is raised as `DatabaseGone`; what it refused of a statement stays."""
        try:
            yield
        except DBAPIError as error:
            if isinstance(error, (OperationalError, InterfaceError)) or type(error) is DatabaseError:  # a damaged file
                raise DatabaseGone(self.engine.url.render_as_string(), _first_line(error)) from error
            raise

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()
        self.asking.dispose()


def open_store(url: str) -> Store:
    """A store at a SQLAlchemy address: `sqlite:///…` or `postgresql+psycopg://…`. Makes no connection yet.

    Raises `AddressUnusable`.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise AddressUnusable from None  # theirs may quote a password
    if parsed.drivername not in DRIVERS:
        raise AddressUnusable
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            private(Path(parsed.database).parent)
        engine = _sqlite(url)
        return Store(engine, engine)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, pool_pre_ping=True, connect_args={"connect_timeout": 5}, **_JSON)
    engine.dialect.use_insertmanyvalues_wo_returning = True  # many rows a statement: three times as quick here
    return Store(engine, create_engine(parsed, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5}, **_JSON))


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_S, "check_same_thread": False}, **_JSON)
    event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL for readers beside a writer; FULL, because a mail whose record is lost can't be explained."""
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_S * 1000}", "foreign_keys=ON", "cache_size=-32768",
                   "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def lock(conn: Connection) -> None:
    """Begins a transaction on SQLite as its one writer. Said where it is meant: while a listener waits for what begins,
    SQLAlchemy calls listeners at every statement, which on SQLite take as long as the statement.
    """
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def notify(tx: Transaction) -> None:
    """Tell clocks and deliverers elsewhere, at commit, that there is something new. SQLite's see the commit itself; of every
    record PostgreSQL tells them by itself (`store.triggers`).
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"NOTIFY {WAKE_CHANNEL}"))


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
