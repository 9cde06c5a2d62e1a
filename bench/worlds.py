"""Databases for the benches: fresh ones on SQLite and PostgreSQL, filled by bulk, gone afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, insert, make_url, text
from sqlalchemy.exc import OperationalError

from isms_workflow.domain import machines
from isms_workflow.domain.calendars import DueRule
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.times import iso
from isms_workflow.engine import programmes
from isms_workflow.programme.model import Span
from isms_workflow.store import schema, tables
from isms_workflow.store.database import Store, Transaction, open_store
from tests.world import START, World, found

POSTGRES = os.environ.get("ISMS_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
STATES = [(machine.kind, machine.states) for machine in machines.ALL.values()]
DUE = START + timedelta(days=2)


def databases() -> list[str]:
    """SQLite, and PostgreSQL if its server answers."""
    try:
        with create_engine(POSTGRES, connect_args={"connect_timeout": 3}).connect():
            return ["sqlite", "postgresql"]
    except OperationalError:
        return ["sqlite"]


@contextmanager
def empty(database: str) -> Iterator[str]:
    """The address of a database in which nothing is."""
    if database == "sqlite":
        with tempfile.TemporaryDirectory(prefix="isms-bench-") as folder:
            yield f"sqlite:///{Path(folder) / 'bench.db'}"
        return
    name = f"isms_bench_{uuid4().hex[:12]}"
    admin = create_engine(POSTGRES, isolation_level="AUTOCOMMIT")
    with admin.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as conn:
            conn.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@dataclass
class Crowd:
    """A founded organisation with many cases at once, each with a gate that is open."""

    store: Store
    world: World
    cases: list[str]
    gates: list[str]


@contextmanager
def crowd(database: str, size: int, due: datetime = DUE) -> Iterator[Crowd]:
    """So many cases, whose gates lapse at `due`; one open cycle a time is a user's limit, not a bench's."""
    with empty(database) as url, closing(open_store(url)) as store:
        schema.upgrade(store, STATES)
        world = found(store)
        with store.write() as tx:
            tx.execute(text("DROP INDEX one_open_cycle"))
            made = fill(tx, size, due)
        if database == "postgresql":
            with store.write() as tx:
                tx.execute(text("ANALYZE"))  # as its own housekeeping does within a minute
        yield Crowd(store, world, [case for case, _ in made], [gate for _, gate in made])


def fill(tx: Transaction, size: int, due: datetime) -> list[tuple[str, str]]:
    """The ids of the cases made, and of their gates. They cover no steps, so nobody had a part in them; what is asked about steps is asked all the same."""
    version = programmes.in_force(tx)
    rule = {**DueRule.of(due, Span(amount=0, unit="hours"), version.calendar).as_json(), "base": iso(due)}
    ids = [(new_id(), new_id()) for _ in range(size)]
    common: dict[str, Any] = {"version": 1, "opened_at": START}
    _bulk(tx, tables.cases, [{"id": case, "kind": "pdca", "reference": f"PDCA-2026-{n:06d}", "state": "plan",
                              "machine_version": 1, "programme": version.programme.digest, "label": "internal",
                              "started_at": START, "phase_opened_at": START, **common}
                             for n, (case, _) in enumerate(ids, start=1000)])
    _bulk(tx, tables.gates, [{"id": gate, "case_id": case, "name": "plan", "round": 1, "state": "open",
                              "digest": "0" * 64, "quorum": 2, "due_at": due, **common} for case, gate in ids])
    _bulk(tx, tables.deadlines, [{"id": new_id(), "case_id": case, "subject": "gate", "subject_id": gate,
                                  "event": "lapse", "due_at": due, "armed_at": START, "rule": rule}
                                 for case, gate in ids])
    return ids


def _bulk(tx: Transaction, table: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), 5000):
        tx.execute(insert(table), rows[start:start + 5000])
