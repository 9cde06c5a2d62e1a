"""Incidents in a storm: reports by the API, ten thousand escalations in one second, and the list of ten thousand."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

import httpx
from argon2 import PasswordHasher
from sqlalchemy import func, insert, select, text, update

from bench.gate import bare, key, portal, session
from bench.reporting import BODY, head
from bench.table import Line, milliseconds, rate, say, times
from bench.worlds import STATES, databases, empty
from isms_workflow.domain.calendars import DueRule
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.times import iso
from isms_workflow.engine import clock, programmes
from isms_workflow.engine.accounts import tokens
from isms_workflow.store import schema, tables
from isms_workflow.store.database import Store, Transaction, open_store
from tests.world import World, found

REPORTS, ROUNDS = 200, 5
MANY = 10_000
LOOKS = 60
LISTS = ("/incidents", "/incidents?severity=high&state=reported", "/incidents?sort=response")


def run() -> Iterator[Line]:
    """On each database."""
    for database in databases():
        say(f"storm on {database}: {REPORTS * ROUNDS:,} reports, {MANY:,} escalations, a list of {MANY:,}")
        with world(database) as made:
            yield from reports(database, made)
        with world(database) as made:
            yield from escalations(database, made)
            yield from lists(database, made)


@contextmanager
def world(database: str) -> Iterator[World]:
    """The cast in office, responders among them."""
    with empty(database) as url, closing(open_store(url)) as store:
        schema.upgrade(store, STATES)
        yield found(store, start=datetime.now(UTC) - timedelta(hours=1))


def reports(database: str, made: World) -> Iterator[Line]:
    """One after the other over HTTP, assessed, with both clocks armed and the team told; against one bare insert each."""
    now = datetime.now(UTC)
    with made.store.write() as tx:
        tx.execute(text(f"CREATE TABLE notes (id {key(database)}, text VARCHAR(200))"))
        token = tokens.issue(tx, "bench", ("read", "report"), now + timedelta(days=1), made.actor("gil"), now)
    address = made.store.engine.url.render_as_string(hide_password=False)
    note = json.dumps({"text": "0" * 64})
    ours = theirs = 0.0
    with tempfile.TemporaryDirectory(prefix="isms-bench-") as folder, portal(address, Path(folder)) as us, bare(address) as them:
        for _ in range(ROUNDS):
            ours += _posted(us, "/api/v1/incidents", BODY, head(token.secret), httpx.codes.CREATED)
            theirs += _posted(them, "/notes", note, {"Content-Type": "application/json"}, httpx.codes.SEE_OTHER)
    with made.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(tables.incidents)).scalar() == REPORTS * ROUNDS
    mine_rate, other_rate = (REPORTS * ROUNDS / each for each in (ours, theirs))
    yield Line(f"incidents reported over HTTP, {database}", rate(mine_rate), rate(other_rate), times(mine_rate / other_rate),
               "≥ 0.4 ×")


def _posted(address: str, path: str, body: str, headers: dict[str, str], expected: int) -> float:
    began = time.perf_counter()
    with closing(HTTPConnection(urlsplit(address).netloc)) as connection:
        for _ in range(REPORTS):
            connection.request("POST", path, body, headers | {"Idempotency-Key": new_id()})
            answer = connection.getresponse()
            told = answer.read()
            assert answer.status == expected, told
    return time.perf_counter() - began


def escalations(database: str, made: World) -> Iterator[Line]:
    """Each told to its people, recorded, and its next level armed; how long until the last mail is in the outbox."""
    due = made.now + timedelta(hours=2)
    with made.store.write() as tx:
        fill(tx, made, due)
        if not made.store.is_sqlite:
            tx.execute(text("ANALYZE"))
    before = _mails(made.store)
    began = time.perf_counter()
    clock.drain(made.store, lambda: due)
    took = time.perf_counter() - began
    assert _mails(made.store) == before + 2 * MANY, "each was told to its one manager, and to whoever is on call"
    yield Line(f"{MANY:,} escalations due at once, {database}: the last in the outbox", f"{took:.2f} s", "",
               rate(MANY / took), "≤ 2 s")


def _mails(store: Store) -> int:
    with store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(tables.outbox).where(
            tables.outbox.c.channel == "mail")).scalar_one())


def fill(tx: Transaction, made: World, due: datetime, many: int = MANY) -> list[str]:
    """So many reported incidents of severity high, whose first level above the responders is due at one instant; their ids."""
    version = programmes.in_force(tx)
    workflow = version.programme.workflows["incident"]
    level = version.programme.ladders["incident_high"].levels[0]
    opened = due - timedelta(hours=2)
    rule = {**DueRule.of(opened, level.offset, version.calendar).as_json(), "base": iso(opened)}
    ids = [new_id() for _ in range(many)]
    rows: dict[Any, list[dict[str, Any]]] = {
        tables.cases: [{"id": case, "kind": "incident", "reference": f"INC-2025-{n:05d}", "state": "reported", "version": 1,
                        "machine_version": 1, "programme": version.programme.digest, "label": workflow.label,
                        "opened_at": opened, "started_at": opened} for n, case in enumerate(ids, start=1)],
        tables.incidents: [{"case_id": case, "category": "data_breach", "severity": "high", "source": made.ids["gil"],
                            "reported_by": made.ids["gil"], "title": "Somebody reads our mails",
                            "response_due": due + timedelta(hours=2), "climbed": -1, "repeats": 0, "is_exercise": False}
                           for case in ids],
        tables.deadlines: [{"id": new_id(), "case_id": case, "subject": "case", "subject_id": case, "event": "ladder",
                            "ladder": "incident_high", "level": 0, "repeat": 0, "due_at": due, "armed_at": opened,
                            "rule": rule} for case in ids],
    }
    for table, found_rows in rows.items():
        for start in range(0, many, 5000):
            tx.execute(insert(table), found_rows[start:start + 5000])
    return ids


def lists(database: str, made: World) -> Iterator[Line]:
    """The page, filtered and sorted, until its first byte; by somebody signed in."""
    with made.store.write() as tx:
        tx.execute(update(tables.people).where(tables.people.c.id == made.ids["dana"]).values(
            password=PasswordHasher().hash("seven quiet hills at dawn")))
    address = made.store.engine.url.render_as_string(hide_password=False)
    with tempfile.TemporaryDirectory(prefix="isms-bench-") as folder, portal(address, Path(folder)) as us, \
            closing(HTTPConnection(urlsplit(us).netloc)) as reader:
        cookie, _ = session(us)
        took = [_first_byte(reader, path, cookie) for path in LISTS for _ in range(LOOKS)]
    yield Line(f"list of {MANY:,} incidents, {database}: first byte, p95", milliseconds(quantiles(took, n=20)[-1]), "", "",
               "≤ 100 ms")


def _first_byte(reader: HTTPConnection, path: str, cookie: str) -> float:
    began = time.perf_counter()
    reader.request("GET", path, headers={"Cookie": cookie})
    answer = reader.getresponse()
    first = time.perf_counter() - began
    assert answer.status == httpx.codes.OK
    answer.read()
    return first
