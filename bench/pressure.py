"""Escalations that fall due while people read the portal's pages and a campaign of imports runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx
from argon2 import PasswordHasher
from sqlalchemy import text, update

from bench.gate import portal, session
from bench.lateness import FAR, clock_process, p99, spread, watch
from bench.storm import LISTS, fill, world
from bench.table import Line, milliseconds, rate, say
from bench.worlds import databases
from isms_workflow.store import tables
from isms_workflow.store.database import Store

RATE, SECONDS = 20, 60
REQUESTS = 50
"""A second, by two people in turn; each waits for the page before the next."""

READERS = 2
FILES, IN_A_FILE = 4, 25
PAUSE_S = 1
PAGES = (*LISTS, "/", "/on-call")


def run() -> Iterator[Line]:
    """How late an escalation was committed, seen from outside; and what of the load beside it was carried."""
    for database in databases():
        say(f"pressure on {database}: {RATE} escalations, {REQUESTS} requests a second for {SECONDS} s, and imports")
        with world(database) as made:
            far = datetime.now(UTC) + FAR
            with made.store.write() as tx:
                ids = fill(tx, made, far, RATE * SECONDS)
                tx.execute(update(tables.people).where(tables.people.c.id == made.ids["dana"]).values(
                    password=PasswordHasher().hash("seven quiet hills at dawn")))
                if not made.store.is_sqlite:
                    tx.execute(text("ANALYZE"))
            address = made.store.engine.url.render_as_string(hide_password=False)
            with tempfile.TemporaryDirectory(prefix="isms-bench-") as folder, portal(address, Path(folder)) as us, \
                    clock_process(made.store), readers(us) as pages, imports(made.store, Path(folder)) as taken:
                late = watch(made.store, spread(made.store, ids, RATE), "deadline.expired")
        assert len(late) == len(ids), f"{len(ids) - len(late)} escalations were not carried out"
        yield Line(f"escalations, {RATE}/s while pages are read and incidents imported, {database}: p99", milliseconds(p99(late)),
                   f"median {milliseconds(median(late))}", "", "≤ 100 ms")
        yield Line(f"meanwhile, {database}: pages, incidents imported", rate(len(pages) / SECONDS), rate(sum(taken) / SECONDS),
                   f"p99 {milliseconds(p99(pages))}", f"{REQUESTS}/s")


@contextmanager
def readers(us: str) -> Iterator[list[float]]:
    """People who read pages, so many a second between them; how long each page took, from its time on."""
    cookie, _ = session(us)
    took: list[float] = []
    stop = threading.Event()
    people = [threading.Thread(target=_read, args=(us, cookie, n, took, stop)) for n in range(READERS)]
    for each in people:
        each.start()
    try:
        yield took
    finally:
        stop.set()
        for each in people:
            each.join()


def _read(us: str, cookie: str, first: int, took: list[float], stop: threading.Event) -> None:
    began = time.monotonic()
    with closing(HTTPConnection(urlsplit(us).netloc)) as reader:
        for number in count(first, READERS):
            at = began + number / REQUESTS
            if stop.wait(max(0.0, at - time.monotonic())):
                return
            reader.request("GET", PAGES[number % len(PAGES)], headers={"Cookie": cookie})
            answer = reader.getresponse()
            told = answer.read()
            assert answer.status == httpx.codes.OK, told
            took.append(time.monotonic() - at)


@contextmanager
def imports(store: Store, folder: Path) -> Iterator[list[int]]:
    """`isms incidents import`, of some files, a breath, and of others; how many incidents each of them took in."""
    taken: list[int] = []
    stop = threading.Event()
    campaign = threading.Thread(target=_import, args=(store, folder, taken, stop))
    campaign.start()
    try:
        yield taken
    finally:
        stop.set()
        campaign.join()


def _import(store: Store, folder: Path, taken: list[int], stop: threading.Event) -> None:
    environment = {**os.environ, "ISMS_DATA": str(folder), "ISMS_DATABASE_URL": store.engine.url.render_as_string(hide_password=False)}
    for campaign in count():
        files = []
        for number in range(FILES):
            files.append(folder / f"{campaign}-{number}.json")
            files[-1].write_text(json.dumps([_document(f"{campaign}-{number}-{n}") for n in range(IN_A_FILE)]))
        subprocess.run([sys.executable, "-m", "isms_workflow.cli", "incidents", "import", *map(str, files)], env=environment,
                       check=True, stdout=subprocess.DEVNULL)
        taken.append(FILES * IN_A_FILE)
        if stop.wait(PAUSE_S):
            return


def _document(name: str) -> dict[str, object]:
    return {"schema_version": "1.4.1", "incident_id": name, "security_incident": "Confirmed", "source_id": "a partner",
            "summary": "An invoice opened by accounting ran a program that locked two shared folders.",
            "timeline": {"incident": {"year": 2025, "month": 3, "day": 9}}, "action": {"malware": {
                "variety": ["Ransomware"], "vector": ["Email attachment"]}},
            "actor": {"external": {"variety": ["Unknown"], "motive": ["Financial"], "country": ["Unknown"]}},
            "asset": {"assets": [{"variety": "S - File"}]}, "discovery_method": {"unknown": True}}
