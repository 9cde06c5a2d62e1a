"""The dead-man's switch: a service outside hears from us as long as nothing that is due is untaken, and never otherwise."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import update

from isms_workflow.engine import health, pings, programmes
from isms_workflow.programme.load import kept, shipped
from isms_workflow.store.tables import deadlines
from tests.world import OPERATOR, World


class Outside(ThreadingHTTPServer):
    """A service of somebody else's; `heard` are (method, path, length of the body) of what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.heard: list[tuple[str, str, int]] = []
        self.status, self.sleeps = 200, 0.0

    @property
    def address(self) -> str:
        """Where it listens, with the secret that tells us from others."""
        return f"http://127.0.0.1:{self.server_port}/ping/secret"


class _Answering(BaseHTTPRequestHandler):
    server: Outside

    def do_GET(self) -> None:
        """Hears, waits, answers."""
        self.server.heard.append(("GET", self.path, int(self.headers.get("content-length", "0"))))
        time.sleep(self.server.sleeps)
        self.send_response(self.server.status)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def outside() -> Iterator[Outside]:
    """Served on this computer."""
    server = Outside()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def name(world: World, address: str) -> None:
    """The programme names an address."""
    texts = {file: text.replace("heartbeat_url: null", f"heartbeat_url: {address}") for file, text in shipped().items()}
    with world.store.write() as tx:
        programmes.apply(tx, kept(texts), OPERATOR, world.when())


def late(world: World) -> None:
    """A deadline fell due five minutes ago, and no clock took it."""
    with world.store.write() as tx:
        tx.execute(update(deadlines).values(due_at=world.now - timedelta(minutes=5)))


def eventually(true: Callable[[], bool]) -> None:
    """Within five seconds."""
    until = time.monotonic() + 5
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_it_is_asked_while_all_is_well(planning: World, outside: Outside) -> None:
    """Without a body."""
    name(planning, outside.address)
    assert pings.turn(planning.store, planning.now) == (pings.ANSWERED, "")
    assert outside.heard == [("GET", "/ping/secret", 0)]


def test_it_is_never_asked_while_something_due_is_untaken(planning: World, outside: Outside) -> None:
    """Then its silence is the alarm; once the clock has caught up it is asked again."""
    name(planning, outside.address)
    late(planning)
    assert pings.turn(planning.store, planning.now) == (pings.WITHHELD, "")
    assert outside.heard == []
    planning.advance(minutes=1)
    assert pings.turn(planning.store, planning.now) == (pings.ANSWERED, "")
    assert len(outside.heard) == 1


def test_nobody_is_asked_where_no_address_is_named(planning: World, outside: Outside) -> None:
    """As the programme is shipped."""
    assert pings.turn(planning.store, planning.now) == (pings.UNASKED, "")
    assert outside.heard == []


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_failure_is_said_without_the_address(planning: World, outside: Outside, status: int) -> None:
    """A redirect is one, and isn't followed."""
    name(planning, outside.address)
    outside.status = status
    assert pings.turn(planning.store, planning.now) == ("failed", f"127.0.0.1 answered {status}")
    assert [path for _, path, _ in outside.heard] == ["/ping/secret"]


def test_a_service_that_is_away_or_slow_is_a_failure(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten seconds at most; here sooner."""
    monkeypatch.setattr(pings, "TIMEOUT_S", 0.2)
    outside.sleeps = 1.0
    assert pings.ping(outside.address) == "127.0.0.1 can't be reached (ReadTimeout)"
    assert pings.ping("http://127.0.0.1:1/secret") == "127.0.0.1 can't be reached (ConnectError)"


def test_failures_are_told_by_the_beat_and_once_in_the_log(planning: World, outside: Outside,
                                                           caplog: pytest.LogCaptureFixture) -> None:
    """On System and by `isms doctor`, as long as they last; no mail says so."""
    name(planning, outside.address)
    mails, facts, stop = len(planning.mails()), {}, threading.Event()  # type: ignore[var-annotated]
    outside.status = 500
    thread = threading.Thread(target=pings.serve, args=(planning.store, lambda: planning.now, facts, stop, 0.01))
    thread.start()
    eventually(lambda: len(outside.heard) > 3)
    for service in health.NEEDED:
        health.beat(planning.store, service, "here:1", planning.now, planning.now, dict(facts))
    with planning.store.read() as conn:
        said = health.look(conn, planning.now).troubles
    assert said == ("The heartbeat address fails: 127.0.0.1 answered 500.",)
    outside.status = 200
    eventually(lambda: facts.get(pings.FACT) == pings.ANSWERED)
    stop.set()
    thread.join()
    assert pings.TROUBLE not in facts
    assert [r.message for r in caplog.records if "heartbeat" in r.message and r.levelname == "ERROR"] == [
        "The heartbeat address fails: 127.0.0.1 answered 500."]
    assert len(planning.mails()) == mails
