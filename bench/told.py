"""A storm with everything up: a thousand incidents reported in a minute, then ten thousand escalations due in one second;
until each is in the outbox, and its mails accepted.

The programme here bundles nothing: by the shipped one, almost all of them would be told in a few letters.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from statistics import median

import httpx
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select, text

from bench.lateness import FAR, p99, spread, watch
from bench.reporting import REPORTS, minute
from bench.storm import MANY, fill
from bench.table import Line, milliseconds, say
from bench.worlds import STATES, databases, empty
from isms_workflow.engine.accounts import tokens
from isms_workflow.programme.load import parse
from isms_workflow.store import schema, tables
from isms_workflow.store.database import Store, open_store
from tests.notify.post_office import PostOffice
from tests.patience import eventually, free_port
from tests.world import found, quiet

TOLD = 2
"""Mails of each: to its one manager, and to whoever is on call."""

LOOK_S = 0.02
"""Whoever looks at every instant takes a processor from what they look at."""

PARTS = {"portal", "clock", "deliverer", "worker"}
SETTLED_S = 10
"""The worker is up as soon as it begins to load what it runs."""

QUIET_S = 60
"""After so long without a mail there will be no more."""


class Counter(PostOffice):
    """Notes when each mail was accepted, and keeps none of them whole."""

    def __init__(self) -> None:
        super().__init__()
        self.accepted: list[tuple[datetime, bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - its name
        """Takes every message."""
        head, _, _ = (envelope.original_content or b"").partition(b"\r\n\r\n")
        self.accepted.append((datetime.now(UTC), head))
        return "250 OK"


def run() -> Iterator[Line]:
    """On each database: portal, clock, deliverer, Prefect's server and worker, as `isms up` runs them."""
    for database in databases():
        say(f"told on {database}: {REPORTS:,} reports in a minute, then {MANY:,} escalations in one second, with everything up")
        with empty(database) as url, closing(open_store(url)) as store, Counter() as office:
            ids, secret = _prepared(store)
            with everything(store, office.port) as address:
                reports = minute(address, secret)
                heard = _carried(office, {each.reference: each.sent_at for each in reports})
                due = spread(store, ids, MANY)
                put = watch(store, due, "deadline.expired", LOOK_S)
                carried = _carried(office, _by_reference(store, due), len(heard))
        assert len(reports) == REPORTS, f"{REPORTS - len(reports)} reports were not answered"
        assert len(heard) == TOLD * REPORTS, f"{TOLD * REPORTS - len(heard)} mails about reports didn't arrive"
        assert len(put) == MANY, f"{MANY - len(put)} escalations were not carried out"
        assert len(carried) == TOLD * MANY, f"{TOLD * MANY - len(carried)} mails didn't arrive"
        took = [each.took for each in reports]
        yield Line(f"{REPORTS:,} incidents reported in a minute, {database}: until answered", f"p50 {milliseconds(median(took))}",
                   f"p99 {milliseconds(p99(took))}", f"last {milliseconds(max(took))}", "")
        yield Line(f"their {TOLD * REPORTS:,} mails, {database}: from the report to accepted by SMTP", f"p50 {median(heard):.2f} s",
                   f"p99 {p99(heard):.2f} s", f"last {max(heard):.2f} s", "")
        yield Line(f"{MANY:,} escalations in one second, {database}: from its instant to the outbox", f"p50 {median(put):.2f} s",
                   f"p99 {p99(put):.2f} s", f"last {max(put):.2f} s", "≤ 2 s")
        yield Line(f"their {TOLD * MANY:,} mails, {database}: from the instant to accepted by SMTP", f"p50 {median(carried):.1f} s",
                   f"p99 {p99(carried):.1f} s", f"last {max(carried):.1f} s", "")


def _prepared(store: Store) -> tuple[list[str], str]:
    """Incidents whose first level falls due in a time that is far off, and what somebody reports others with; each mail will
    leave by itself.
    """
    schema.upgrade(store, STATES)
    files = {name: said for name, said in quiet().items() if name != "notifications.yaml"}
    made = found(store, programme=parse(files), start=datetime.now(UTC) - timedelta(hours=1))
    with store.write() as tx:
        now = datetime.now(UTC)
        ids = fill(tx, made, now + FAR)
        secret = tokens.issue(tx, "bench", ("read", "report"), now + timedelta(days=1), made.actor("gil"), now).secret
        if not store.is_sqlite:
            tx.execute(text("ANALYZE"))
    return ids, secret


@contextmanager
def everything(store: Store, smtp_port: int) -> Iterator[str]:
    """`isms up` on this database, its mails to this port, and its address; all parts are well when we begin."""
    port, prefect = free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="isms-bench-") as folder:
        said = {"DATA": folder, "DATABASE_URL": store.engine.url.render_as_string(hide_password=False), "PORT": port,
                "PREFECT_PORT": prefect, "PUBLIC_URL": url, "SMTP_HOST": "127.0.0.1", "SMTP_PORT": smtp_port, "SMTP_TLS": "none"}
        process = subprocess.Popen([sys.executable, "-m", "isms_workflow.cli", "up"], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL,
                                   env={**os.environ, **{f"ISMS_{name}": str(value) for name, value in said.items()}})
        try:
            eventually("everything is up", lambda: _is_well(url))
            time.sleep(SETTLED_S)
            yield url
        finally:
            process.terminate()
            process.wait(60)


def _is_well(url: str) -> bool:
    try:
        said = httpx.get(f"{url}/health", trust_env=False, timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return False
    return said["status"] == "ok" and {name for name, how in said.get("services", {}).items() if how == "up"} >= PARTS


def _by_reference(store: Store, due: Mapping[str, datetime]) -> dict[str, datetime]:
    """The instants by what the mails name."""
    with store.read() as conn:
        rows = conn.execute(select(tables.cases.c.id, tables.cases.c.reference)).all()
    return {row.reference: due[row.id] for row in rows if row.id in due}


def _carried(office: Counter, since: Mapping[str, datetime], before: int = 0) -> Sequence[float]:
    """Seconds from its instant to the server's yes, of each mail that names one of these incidents; `before`: mails about others.
    They are read in the end, since to read them takes a processor.
    """
    seen, news = 0, time.monotonic()
    while len(office.accepted) < before + TOLD * len(since) and time.monotonic() - news < QUIET_S:
        if len(office.accepted) != seen:
            seen, news = len(office.accepted), time.monotonic()
        time.sleep(0.1)
    named = ((at, re.search(r"INC-\d+-\d+", str(message_from_bytes(head, policy=default)["Subject"])))
             for at, head in office.accepted)
    return [(at - since[name[0]]).total_seconds() for at, name in named if name and name[0] in since]
