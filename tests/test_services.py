"""Services as processes: they work, they wake at once, and they end when they are told to."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from isms_workflow import services
from isms_workflow.engine.commands import sources
from isms_workflow.engine.context import utc_now
from isms_workflow.notify import mail
from isms_workflow.notify.files import FileChannel, listing
from isms_workflow.settings import SamePort, Settings, UnsafeAddress
from isms_workflow.store import schema
from isms_workflow.store.database import Store, notify
from isms_workflow.store.tables import deadlines, incidents, outbox, schema_info
from isms_workflow.store.tables import services as beats
from isms_workflow.supervisor import alone
from tests.engine import dovecot
from tests.notify import authority
from tests.patience import PATIENCE_S, free_port
from tests.world import OPERATOR, World, found


def eventually(truth: Callable[[], object]) -> object:
    """What `truth` says once it says something; fails after a minute."""
    until = time.monotonic() + 60
    while not (value := truth()):
        assert time.monotonic() < until, "nothing within a minute"
        time.sleep(0.02)
    return value


@contextmanager
def running(settings: Settings, command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """`isms COMMAND` on these settings; ended afterwards, if it hasn't ended by itself."""
    given = {"ISMS_DATA": str(settings.data), "ISMS_DATABASE_URL": settings.database_url, "ISMS_PREFECT_PORT": "1",
             **environment}
    process = subprocess.Popen([sys.executable, "-m", "isms_workflow.cli", command], text=True,
                               env={**os.environ, **given}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what doesn't depend on the database: a process takes its time to start."""


@pytest.fixture
def world(store: Store) -> World:
    """The cast in office now, a cycle in PLAN, on the database that the processes work on."""
    world = found(store, start=utc_now() - timedelta(minutes=1))
    world.open_cycle()
    return world


def alive(store: Store) -> set[str]:
    """The services that beat."""
    with store.read() as conn:
        return set(conn.execute(select(beats.c.name)).scalars())


def test_a_clock_wakes_for_a_deadline_that_another_process_armed(world: World, settings: Settings) -> None:
    """It slept until a later one, and is told at once."""
    with running(settings, "clock") as process:
        eventually(lambda: "clock" in alive(world.store))
        with world.store.write() as tx:
            armed = tx.execute(select(deadlines.c.id).where(deadlines.c.settled_at.is_(None))).scalars().all()
            tx.execute(update(deadlines).where(deadlines.c.id.in_(armed)).values(due_at=utc_now()))
            notify(tx)
        eventually(lambda: _settled(world.store, armed))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert "clock" not in alive(world.store), "its beat was taken back"


def _settled(store: Store, ids: object) -> bool:
    assert isinstance(ids, (list, tuple))
    with store.read() as conn:
        left = conn.execute(select(deadlines.c.id).where(deadlines.c.id.in_(ids), deadlines.c.settled_at.is_(None)))
        return left.first() is None


def test_a_deliverer_sends_mails_though_prefect_is_away(world: World, settings: Settings) -> None:
    """The mail leaves; what is for Prefect waits, and nobody is told while it may still be starting."""
    with running(settings, "deliver") as process:
        eventually(lambda: [m for m in listing(settings.mail_dir, 100) if "Yours now" in m.subject])
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    with world.store.read() as conn:
        left = conn.execute(select(outbox.c.channel).where(outbox.c.settled_at.is_(None)).distinct()).scalars().all()
        told = [p["about"] for p in conn.execute(select(outbox.c.payload)).scalars() if p.get("notice") == "operator_notice"]
    assert (list(left), told) == (["prefect"], [])


@on_sqlite
@pytest.mark.parametrize("command", ["clock", "deliver", "portal"])
def test_code_below_the_schema_refuses_to_work_and_says_so(world: World, settings: Settings, command: str) -> None:
    """A later release has upgraded the database."""
    with world.store.write() as tx:
        tx.execute(update(schema_info).values(min_code=schema.CODE + 1))
    with running(settings, command, ISMS_PORT=str(free_port())) as process:
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "install the later release" in said


@on_sqlite
@pytest.mark.parametrize("command", ["clock", "deliver"])
def test_a_service_ends_when_a_later_release_takes_the_database_over(world: World, settings: Settings,
                                                                     command: str) -> None:
    """It finds out at its next beat."""
    with running(settings, command) as process:
        eventually(lambda: alive(world.store))
        with world.store.write() as tx:
            tx.execute(update(schema_info).values(min_code=schema.CODE + 1))
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "install the later release" in said


def test_the_portal_answers_and_ends_with_what_it_logged(world: World, settings: Settings) -> None:
    """Health, for a monitor; on SIGTERM the access log is written out."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with running(settings, "portal", ISMS_PORT=str(port), ISMS_PUBLIC_URL=address) as process:
        health = eventually(lambda: _get(f"{address}/health"))
        assert isinstance(health, httpx.Response)
        assert health.json()["status"] in ("ok", "troubled")
        assert httpx.get(f"{address}/api/v1/cycles").status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0


def _get(url: str) -> httpx.Response | None:
    try:
        return httpx.get(url, timeout=2)
    except httpx.HTTPError:
        return None


@on_sqlite
def test_a_taken_port_names_the_setting_to_change(world: World, settings: Settings) -> None:
    """Before anything starts."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        for given, setting in (({"ISMS_PORT": str(port)}, "port"), ({"ISMS_PREFECT_PORT": str(port)}, "prefect_port")):
            with running(settings, "up", **{"ISMS_PORT": str(free_port()), **given}) as process:
                said, _ = process.communicate(timeout=PATIENCE_S)
            assert process.returncode == 1
            assert f"Port {port} is taken by another program: end it, or set {setting} (" in said


def test_an_address_that_isn_t_this_computers_names_the_settings() -> None:
    """It isn't said to be taken by a program that nobody could find."""
    with pytest.raises(services.NoSuchAddress, match=r"set bind \(ISMS_BIND\)"):
        services.require_port("port", "192.0.2.1", free_port())


@pytest.mark.parametrize("bind", ["::1", "127.0.0.1", "localhost"])
def test_prefect_waits_for_the_portal_on_an_address_of_either_family(settings: Settings, bind: str) -> None:
    """Until it answers, or for so long."""
    taken = settings.model_copy(update={"bind": bind, "port": free_port()})
    assert not services._portal_first(taken)()
    assert services._portal_first(taken, patience=-1)()


def test_two_supervisors_of_one_data_folder_are_one_too_many(tmp_path: Path) -> None:
    """The second is refused, also on other ports: it would start a second Prefect on one database."""
    with alone(tmp_path / "data" / "up.lock"), running(Settings(data=tmp_path / "data"), "up",
                                                       ISMS_PORT=str(free_port())) as process:
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "runs on the data folder" in said
    with alone(tmp_path / "data" / "up.lock"):
        pass  # free again


def test_an_address_that_others_can_reach_wants_https(settings: Settings) -> None:
    """Anything but loopback without it is refused unless said so."""
    with pytest.raises(UnsafeAddress, match="insecure = true"):
        services.portal(settings.model_copy(update={"bind": "192.0.2.1"}))


@pytest.mark.parametrize("start", [services.portal, lambda settings: services.up(settings, print)], ids=["portal", "up"])
def test_one_port_for_portal_and_prefect_names_both_settings(settings: Settings,
                                                             start: Callable[[Settings], None]) -> None:
    """Before anything starts: neither is taken yet, and the later of the two would be blamed."""
    with pytest.raises(SamePort, match=r"port \(ISMS_PORT\) or prefect_port \(ISMS_PREFECT_PORT\)"):
        start(settings.model_copy(update={"port": 4200}))
    assert not settings.data.exists()


@pytest.mark.timeout(120)
def test_up_answers_before_prefect_is_ready_and_one_signal_ends_everything(tmp_path: Path) -> None:
    """From an empty folder: the set-up link is printed, its page is there, and nobody is left behind."""
    port, prefect = free_port(), free_port()
    settings = Settings(data=tmp_path / "data")
    address = f"http://127.0.0.1:{port}"
    with running(settings, "up", ISMS_PORT=str(port), ISMS_PREFECT_PORT=str(prefect), ISMS_PUBLIC_URL=address) as process:
        assert process.stdout is not None
        link = next(found[0] for line in process.stdout if (found := re.findall(rf"{address}/setup/\S+", line)))
        page = eventually(lambda: _get(link))
        assert isinstance(page, httpx.Response)
        assert page.status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
    assert _get(f"{address}/health") is None
    assert (settings.keys_dir / "prefect.secret").stat().st_mode & 0o777 == 0o600


def test_mail_goes_through_the_server_that_is_named(settings: Settings) -> None:
    """And into files while none is."""
    assert isinstance(services.post(settings), FileChannel)
    assert isinstance(services.post(settings.model_copy(update={"smtp_host": "mail.example.org"})), mail.MailChannel)


@on_sqlite
def test_the_deliverer_fetches_mails_by_imap(world: World, settings: Settings, tmp_path_factory: pytest.TempPathFactory,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    """From the folder that a setting names; the process ends when it is told to."""
    with world.store.write() as tx:
        sources.add(tx, "Mailbox", "imap", "other", (), OPERATOR, world.when())
    trusted = authority.found(tmp_path_factory.mktemp("authority"))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted.certificate))
    with dovecot.serving(trusted, dovecot.room(tmp_path_factory.mktemp("dovecot"))) as server:
        server.deliver(b"Subject: A strange call\r\nMessage-ID: <1@x>\r\n\r\nHelp\r\n")
        its = {"host": "127.0.0.1", "port": server.tls, "user": dovecot.USER, "password": dovecot.PASSWORD}
        with running(settings, "deliver", ISMS_REPORT_IMAP=json.dumps(its)) as process:
            eventually(lambda: server.flags("Reported"))
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
    with world.store.read() as conn:
        assert conn.execute(select(incidents.c.title)).scalar_one() == "A strange call"


def test_an_upgrade_is_refused_while_a_deadline_names_what_this_release_doesn_t_know(world: World,
                                                                                    settings: Settings) -> None:
    """With the list."""
    with world.store.write() as tx:
        tx.execute(update(deadlines).values(event="recertify"))
    with pytest.raises(schema.StillNamed, match=r"PDCA-.* waits for the event 'recertify'"):
        services.upgrade(settings)


@on_sqlite
def test_the_deliverer_takes_mails_that_report(world: World, settings: Settings, tmp_path: Path) -> None:
    """From a folder that a setting names; the mail is moved, and the process ends when it is told to."""
    with world.store.write() as tx:
        sources.add(tx, "Mailbox", "maildir", "other", (), OPERATOR, world.when())
    with running(settings, "deliver", ISMS_REPORT_MAILDIR=str(tmp_path / "reports")) as process:
        eventually((tmp_path / "reports" / "new").is_dir)
        (tmp_path / "reports" / "new" / "1.host").write_bytes(b"Subject: A strange call\nMessage-ID: <1@x>\n\nHelp")
        eventually((tmp_path / "reports" / "cur" / "1.host:2,S").exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    with world.store.read() as conn:
        assert conn.execute(select(incidents.c.title)).scalar_one() == "A strange call"


@pytest.mark.parametrize(("data", "before"), [("data", ""), ("demo-data", "ISMS_DATA=demo-data ")])
def test_a_command_is_named_with_the_folder_that_it_needs(data: str, before: str) -> None:
    """Whoever copies it from beside the demo gets the demo's secret, and no second installation."""
    assert services.here(Settings(data=Path(data))) == before
