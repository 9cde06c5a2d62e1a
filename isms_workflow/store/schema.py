"""Bringing a database to the schema of this release, and refusing one that is ahead of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, inspect, literal, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ProgrammingError

from isms_workflow.errors import IsmsError
from isms_workflow.store import triggers as guards
from isms_workflow.store.database import Store, lock
from isms_workflow.store.tables import audit, cases, deadlines, machine_states, outbox, people, programmes, schema_info
from isms_workflow.store.triggers import triggers

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["CODE", "NotOwner", "SchemaTooNew", "SchemaTooOld", "StillNamed", "Upgraded", "check", "head",
           "is_empty", "min_code", "revision", "triggers", "upgrade"]

CODE = 3
"""This release's place in the order of releases; a schema's `min_code` is the oldest that may work on it."""

INSUFFICIENT_PRIVILEGE = "42501"
"""PostgreSQL's SQLSTATE."""

UPGRADE_LOCK = 0x15A5
"""PostgreSQL's advisory lock that two upgrades at one time share."""


class SchemaTooNew(IsmsError):
    """The database was upgraded by a later release that this one may not work beside."""

    status = 503

    def __init__(self, found: str, ours: str) -> None:
        super().__init__(found, ours)
        self.found, self.ours = found, ours

    def __str__(self) -> str:
        return f"The database is at {self.found}, this release knows {self.ours}: install the later release."


class SchemaTooOld(IsmsError):
    """The database lacks what this release reads and writes."""

    status = 503

    def __init__(self, found: str | None, ours: str) -> None:
        super().__init__(found, ours)
        self.found, self.ours = found, ours

    def __str__(self) -> str:
        return f"The database is at {self.found or 'no schema'}, this release needs {self.ours}: run `isms db upgrade`."


class NotOwner(IsmsError):
    """The role may use the tables, but not change the schema."""

    status = 503

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return (f"The schema can't be upgraded by this role ({self.problem}): run `isms db upgrade` as the role that owns "
                "the tables, and the services alone (`isms portal`, `isms clock` …) as this one.")


class StillNamed(IsmsError):
    """Open cases or armed deadlines name a state or event that this release no longer knows."""

    status = 409

    def __init__(self, named: tuple[str, ...]) -> None:
        super().__init__(named)
        self.named = named

    def __str__(self) -> str:
        return (
            f"This release can't take over the database: {'; '.join(self.named)}. Finish those cases with the "
            "release before, or install one that migrates them."
        )


@dataclass(frozen=True)
class Upgraded:
    """What an upgrade did: from which revision to which, and which triggers it found missing and put back."""

    before: str | None
    after: str
    restored: frozenset[str]


def upgrade(store: Store, machines: Iterable[tuple[str, Iterable[str]]] = (), events: Iterable[str] = (),
            to: str = "head") -> Upgraded:
    """Migrates to this release's schema, puts triggers in place and fills in the machines' states: all, or nothing.

    `machines` are (kind, states), `events` those that deadlines may name; where either is empty it isn't looked at.
    `to` is for a restore, which starts at the revision of its backup. Raises `SchemaTooNew`, `StillNamed`,
    `NotOwner`, `DatabaseGone`.
    """
    states = {(kind, state) for kind, found in machines for state in found}
    with _alone(store) as conn:
        before = revision(conn)
        ahead = before is not None and before not in known()
        if ahead:
            _refuse_newer(conn, str(before))  # else: a later release's schema that suits ours as it is
        else:
            from alembic import command  # only here: every other process starts the quicker

            command.upgrade(_config(conn), to)
        absent = guards.missing(conn) if before else set()
        if absent or not ahead:
            guards.create(conn)
        if states:
            _fill(conn, states)
        if events:
            _refuse_events(conn, set(events))
        return Upgraded(before, str(revision(conn)), frozenset(absent if before == revision(conn) else ()))


def check(conn: Connection) -> None:
    """Raises `SchemaTooNew` or `SchemaTooOld` if this release's code must not work on the database."""
    found = revision(conn)
    if found is None or (found in known() and found != head()):
        raise SchemaTooOld(found, head())
    _refuse_newer(conn, found)


def revision(conn: Connection) -> str | None:
    """The schema's revision; None if there is no schema yet."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def head() -> str:
    """The revision of this release."""
    return max(known())


@cache
def known() -> frozenset[str]:
    """Every revision that this release can upgrade from: the numbers that its migrations' files begin with."""
    files = (resources.files("isms_workflow.store.migrations") / "versions").iterdir()
    return frozenset(file.name.partition("_")[0] for file in files if file.name[0].isdigit())


def min_code(conn: Connection) -> int:
    """The oldest code that may work on this database."""
    return int(conn.execute(select(schema_info.c.min_code)).scalar_one())


def _refuse_newer(conn: Connection, found: str) -> None:
    needed = min_code(conn)
    if needed > CODE:
        raise SchemaTooNew(f"{found} (for code {needed} and later)", f"{head()} (code {CODE})")


def _config(conn: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "isms_workflow.store:migrations")
    config.attributes["connection"] = conn
    return config


@contextmanager
def _alone(store: Store) -> Iterator[Connection]:
    """One transaction in which nobody else upgrades. SQLite rebuilds tables, which it can't do with keys enforced."""
    with store.translated(), _owning(), store.engine.connect() as conn:
        if not store.is_sqlite:
            with conn.begin():
                conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": UPGRADE_LOCK})
                yield conn
            return
        raw = conn.connection.cursor()
        raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with conn.begin():
                lock(conn)
                yield conn
                if conn.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise RuntimeError("a migration left rows that refer to nothing")
        finally:
            raw.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _owning() -> Iterator[None]:
    try:
        yield
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != INSUFFICIENT_PRIVILEGE:
            raise
        raise NotOwner(str(error.orig).strip().splitlines()[0]) from error


def _fill(conn: Connection, wanted: set[tuple[str, str]]) -> None:
    found = {(row.kind, row.state) for row in conn.execute(select(machine_states))}
    gone, new = sorted(found - wanted), sorted(wanted - found)
    if gone:
        _refuse_states(conn, gone)
        kept = set(conn.execute(select(cases.c.kind, cases.c.state).distinct()).tuples())  # closed cases end somewhere
        for kind, state in set(gone) - kept:
            conn.execute(delete(machine_states).where(machine_states.c.kind == kind, machine_states.c.state == state))
    if new:
        dialect = sqlite if conn.dialect.name == "sqlite" else postgresql
        conn.execute(dialect.insert(machine_states).on_conflict_do_nothing(),
                     [{"kind": kind, "state": state} for kind, state in new])


def _refuse_states(conn: Connection, gone: list[tuple[str, str]]) -> None:
    named = conn.execute(
        select(cases.c.reference, cases.c.kind, cases.c.state)
        .where(cases.c.closed_at.is_(None), tuple_(cases.c.kind, cases.c.state).in_(gone))
        .order_by(cases.c.reference)
    ).all()
    if named:
        raise StillNamed(tuple(f"{row.reference} is in the state {row.state!r}" for row in named))


def _refuse_events(conn: Connection, events: set[str]) -> None:
    named = conn.execute(
        select(cases.c.reference, deadlines.c.event).distinct()
        .join(cases, cases.c.id == deadlines.c.case_id)
        .where(deadlines.c.settled_at.is_(None), deadlines.c.event.not_in(sorted(events)))
        .order_by(cases.c.reference, deadlines.c.event)
    ).all()
    if named:
        raise StillNamed(tuple(f"{row.reference} waits for the event {row.event!r}" for row in named))


def is_empty(conn: Connection) -> bool:
    """Whether nothing of ours is in this database: no tables, or none with anybody's rows."""
    if not inspect(conn).has_table("audit"):
        return not inspect(conn).get_table_names()
    return not any(conn.execute(select(literal(1)).select_from(table).limit(1)).first()
                   for table in (audit, people, programmes, cases, outbox))
