"""Deciding a gate over HTTP within a session, against a bare FastAPI and SQLAlchemy insert; both by uvicorn."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
from argon2 import PasswordHasher
from sqlalchemy import func, select, text, update

from bench.table import Line, rate, say, times
from bench.worlds import crowd, databases
from isms_workflow.store import tables
from tests.patience import free_port

COUNT, ROUNDS = 100, 5
BARE = """
import sys
import uvicorn
from fastapi import FastAPI
from sqlalchemy import insert
from isms_workflow.store.database import open_store
from sqlalchemy import Column, Integer, MetaData, String, Table
notes = Table("notes", MetaData(), Column("id", Integer, primary_key=True), Column("text", String(200)))
store = open_store(sys.argv[1])
app = FastAPI()
@app.post("/notes", status_code=303)
def note(body: dict[str, str]) -> dict[str, str]:
    with store.write() as tx:
        tx.execute(insert(notes).values(text=body["text"]))
    return {}
uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
"""


def run() -> Iterator[Line]:
    """A hundred of ours, a hundred of theirs, five times in turn; the same database, the same durability."""
    for database in databases():
        say(f"gate on {database}: {COUNT * ROUNDS} decisions")
        with crowd(database, COUNT * ROUNDS, datetime.now(UTC) + timedelta(days=400)) as made, \
                tempfile.TemporaryDirectory(prefix="isms-bench-") as folder:
            with made.store.write() as tx:
                tx.execute(text(f"CREATE TABLE notes (id {key(database)}, text VARCHAR(200))"))
                tx.execute(update(tables.people).where(tables.people.c.id == made.world.ids["dana"]).values(
                    password=PasswordHasher().hash("seven quiet hills at dawn")))
            address = made.store.engine.url.render_as_string(hide_password=False)
            with portal(address, Path(folder)) as ours, bare(address) as theirs:
                spent = _compete(ours, theirs, made.gates)
            with made.store.read() as conn:
                decided = conn.execute(select(func.count()).select_from(tables.decisions)).scalar()
            assert decided == COUNT * ROUNDS, f"{decided} gates were decided"
        mine, other = (COUNT * ROUNDS / each for each in spent)
        yield Line(f"deciding a gate over HTTP, {database}", rate(mine), rate(other), times(mine / other), "≥ 0.4 ×")


def key(database: str) -> str:
    """The type of a key that the database counts up by itself."""
    return "INTEGER PRIMARY KEY" if database == "sqlite" else "SERIAL PRIMARY KEY"


def _compete(ours: str, theirs: str, gates: list[str]) -> tuple[float, float]:
    """Seconds for all of ours, and for all of theirs. The standard library's client, so that little of it is the client's."""
    cookie, csrf = session(ours)
    form = {"Cookie": cookie, "Origin": ours, "Content-Type": "application/x-www-form-urlencoded"}
    body = f"csrf={quote(csrf)}&round=1&digest={'0' * 64}"
    note = '{"text": "' + "0" * 64 + '"}'
    mine = other = 0.0
    with closing(HTTPConnection(urlsplit(ours).netloc)) as visitor, closing(HTTPConnection(urlsplit(theirs).netloc)) as peer:
        for number in range(ROUNDS):
            chosen = gates[number * COUNT:(number + 1) * COUNT]
            mine += _timed(visitor, [f"/gates/{gate}/approve" for gate in chosen], body, form)
            other += _timed(peer, ["/notes"] * COUNT, note, {"Content-Type": "application/json"})
    return mine, other


def _timed(connection: HTTPConnection, paths: list[str], body: str, headers: dict[str, str]) -> float:
    began = time.perf_counter()
    for path in paths:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        told = answer.read()
        assert answer.status == httpx.codes.SEE_OTHER, told
    return time.perf_counter() - began


def session(ours: str) -> tuple[str, str]:
    """The cookie of somebody who has signed in, and the token that their forms carry."""
    with httpx.Client(base_url=ours, trust_env=False) as visitor:
        csrf = _sign_in(visitor)
        return "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()), csrf


def _sign_in(visitor: httpx.Client) -> str:
    """A session; the token that its forms carry."""
    token = _csrf(visitor.get("/login").text)
    answer = visitor.post("/login", data={"csrf": token, "email": "dana@example.org", "next": "/",
                                          "password": "seven quiet hills at dawn"}, headers={"Origin": str(visitor.base_url)})
    assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
    return _csrf(visitor.get("/").text)


def _csrf(page: str) -> str:
    return page.split('name="csrf" value="', 1)[1].split('"', 1)[0]


@contextmanager
def portal(database: str, folder: Path) -> Iterator[str]:
    """`isms portal` on this database."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with _process([sys.executable, "-m", "isms_workflow.cli", "portal"], port,
                  {"ISMS_DATA": str(folder), "ISMS_DATABASE_URL": database, "ISMS_PORT": str(port), "ISMS_PUBLIC_URL": url}):
        yield url


@contextmanager
def bare(database: str) -> Iterator[str]:
    """The least that a FastAPI application with a database does."""
    port = free_port()
    with _process([sys.executable, "-c", BARE, database, str(port)], port, {}):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _process(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)
