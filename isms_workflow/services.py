"""The one composition root: makes store, clock, channels and files from the settings, and hands them down.

Each service imports in its own function what it alone is made of: five processes start from here, on two cores.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

from isms_workflow.domain import machines
from isms_workflow.domain.rules.common import LADDER, LAPSE, RESUME
from isms_workflow.domain.rules.corrective import FOLLOW_UP
from isms_workflow.domain.rules.escalation import RESPONSE, WORD
from isms_workflow.engine.context import CONTEXT, Context, utc_now
from isms_workflow.engine.health import Heart
from isms_workflow.engine.prefect import local, server
from isms_workflow.errors import IsmsError
from isms_workflow.settings import Settings
from isms_workflow.store import schema
from isms_workflow.store.database import Store, open_store
from isms_workflow.store.files import MIB, EvidenceFiles
from isms_workflow.store.schema import Upgraded
from isms_workflow.supervisor import Child, alone, supervise

if TYPE_CHECKING:
    import uvicorn

    from isms_workflow.engine.mailing.channel import Post
    from isms_workflow.engine.prefect.gateway import PrefectGateway
    from isms_workflow.engine.watchdog import Jump

log = logging.getLogger(__name__)

DELIVERER_NICE = 5
"""In a storm what falls due is carried out first, then told: the mails of ten thousand take a processor for minutes."""

EVENTS = (LADDER, LAPSE, RESUME, RESPONSE, WORD, FOLLOW_UP)
"""What deadlines may name in this release."""


def upgrade(settings: Settings) -> Upgraded:
    """Brings the database to this release's schema. Raises `SchemaTooNew`, `StillNamed`, `DatabaseGone`."""
    store = open_store(settings.store_url)
    try:
        return schema.upgrade(store, [(m.kind, m.states) for m in machines.ALL.values()], EVENTS)
    finally:
        store.close()


@contextmanager
def ready(settings: Settings) -> Iterator[Store]:
    """The store, if this release may work on it. Raises `NoInstallation`, `SchemaTooOld`, `SchemaTooNew`, `DatabaseGone`."""
    if not settings.database_url and not settings.database.exists():
        raise NoInstallation(str(settings.database))
    store = open_store(settings.store_url)
    try:
        with store.read() as conn:
            schema.check(conn)
        yield store
    finally:
        store.close()


def files(settings: Settings) -> EvidenceFiles:
    """Where evidence lies."""
    return EvidenceFiles(settings.evidence_dir)


def post(settings: Settings) -> Post:
    """What carries letters: the organisation's SMTP server; while none is named, files in the data folder."""
    from isms_workflow.notify import mail
    from isms_workflow.notify.files import FileChannel

    return FileChannel(settings) if settings.smtp_host is None else mail.MailChannel(settings)


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl-C set, so that a process ends its batch and then itself."""
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class NoInstallation(IsmsError):
    """There is no database where the settings say, and whoever only looks makes none."""

    status = 503

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.file = file

    def __str__(self) -> str:
        return (f"There is no installation here: {self.file} isn't there. Set ISMS_DATA to the data folder of the one that you mean, "
                "or begin one with `isms up`.")


class PortTaken(IsmsError):
    """Something else listens where one of our services should."""

    status = 503

    def __init__(self, setting: str, port: int) -> None:
        super().__init__(setting, port)
        self.setting, self.port = setting, port

    def __str__(self) -> str:
        return (f"Port {self.port} is taken by another program: end it, or set {self.setting} (ISMS_{self.setting.upper()}, "
                "or in isms.toml) to a free port.")


class NoSuchAddress(IsmsError):
    """The computer doesn't let us listen there: the address is none of its own, or the port is for root."""

    status = 503

    def __init__(self, setting: str, host: str, port: int, problem: str) -> None:
        super().__init__(setting, host, port, problem)
        self.setting, self.host, self.port, self.problem = setting, host, port, problem

    def __str__(self) -> str:
        return (f"Nothing can listen on {self.host}, port {self.port} ({self.problem}): set bind (ISMS_BIND) to an address "
                f"of this computer, and {self.setting} (ISMS_{self.setting.upper()}) to a port above 1023.")


def require_port(setting: str, host: str, port: int) -> None:
    """Raise `PortTaken` or `NoSuchAddress` if a service can't listen there; an instant later it may still be so."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(setting, port) from error
            raise NoSuchAddress(setting, host, port, str(error.strerror)) from error


def portal(settings: Settings) -> None:
    """Serves the portal and its API until SIGTERM. Raises `PortTaken`, `SamePort`, `UnsafeAddress`, and as `ready` does."""
    import uvicorn

    from isms_workflow.engine.accesslog import AccessLog
    from isms_workflow.portal.app import create_app
    from isms_workflow.portal.deps import Portal

    settings.check_address()
    require_port("port", settings.bind, settings.port)
    with (ready(settings) as store, stopping() as stop, AccessLog(store) as access,
          Heart(store, "portal", utc_now, stop) as heart):
        app = create_app(Portal(store, settings, utc_now, files(settings), access))
        server = uvicorn.Server(uvicorn.Config(
            app, host=settings.bind, port=settings.port, log_level="warning", access_log=False, server_header=False,
            proxy_headers=False, lifespan="off", timeout_graceful_shutdown=5))
        threading.Thread(target=_end_when, args=(stop, server), daemon=True).start()
        gc.collect()
        gc.freeze()  # what is loaded by now stays: to look through it for garbage takes 40 ms, time and again
        server.run()
    _raise(heart.refusal)


def _end_when(stop: threading.Event, server: uvicorn.Server) -> None:
    """The portal ends as well when a later release takes over the database."""
    stop.wait()
    server.should_exit = True


def clock(settings: Settings) -> None:
    """Runs a clock until SIGTERM: what falls due happens, to the second. Raises as `ready` does."""
    from isms_workflow.engine import hourly
    from isms_workflow.engine.clock_service import ClockService

    with ready(settings) as store, stopping() as stop, Heart(store, "clock", utc_now, stop) as heart:
        up_since = utc_now()
        ClockService(store, utc_now, lambda now: hourly.look_after(store, up_since, now),
                     lambda jump: _told(store, jump)).run(stop)
    _raise(heart.refusal)


def _told(store: Store, jump: Jump) -> None:
    from isms_workflow.engine import hourly

    try:
        hourly.jumped(store, jump, utc_now())
    except IsmsError as error:  # a clock that can't tell must go on all the same
        log.error("%s", error, extra={"action": "clock.jump_untold"})


def deliver(settings: Settings) -> None:
    """Runs a deliverer until SIGTERM: mails leave, Prefect is told and healed. Raises as `ready` does."""
    from isms_workflow.domain.messages import PREFECT
    from isms_workflow.engine import delivering, pings
    from isms_workflow.engine.mailing import MailChannel
    from isms_workflow.engine.mailing.ways import channels
    from isms_workflow.engine.prefect.gateway import PrefectGateway

    gateway = PrefectGateway(settings)
    with ready(settings) as store, stopping() as stop, Heart(store, "deliverer", utc_now, stop) as heart:
        reached = threading.Event()
        bridge = threading.Thread(target=delivering.keep_in_touch, name="bridge",
                                  args=(store, gateway, utc_now, heart.facts, reached, stop))
        later = threading.Thread(target=_once_reached, name="prefect", args=(store, gateway, settings, reached, stop))
        ways = [MailChannel(store, post(settings), settings.public_url), *channels(store, settings)]
        lost = threading.Thread(target=delivering.look_for_lost_ways, name="lost ways",
                                args=(store, [PREFECT, *(way.name for way in ways)], utc_now, stop))
        others, mailboxes = (bridge, later, lost), _postboxes(store, settings, heart.facts, stop)
        beside = threading.Thread(target=pings.serve, name="pings", args=(store, utc_now, heart.facts, stop), daemon=True)
        for thread in (*others, *mailboxes, beside):  # the last is not waited for: it may wait ten seconds for somebody else
            thread.start()
        delivering.serve(store, ways, utc_now, stop)
        for thread in others:
            thread.join()
        for thread in mailboxes:  # a server that doesn't answer isn't waited for; what is cut off is done anew, and once
            thread.join(3)
    gateway.close()
    _raise(heart.refusal)


def _postboxes(store: Store, settings: Settings, facts: dict[str, Any], stop: threading.Event) -> list[threading.Thread]:
    """The mailboxes of reports that the settings name."""
    if settings.report_maildir is None and settings.report_imap is None:
        return []
    from isms_workflow.connectors.imap import Account
    from isms_workflow.connectors.maildir import Box
    from isms_workflow.engine import postbox
    from isms_workflow.notify import letters

    boxes: list[postbox.Mailbox] = [Box(settings.report_maildir)] if settings.report_maildir else []
    boxes += [Account(settings.report_imap)] if settings.report_imap else []
    own = f"@{letters.message_id('x', settings.public_url).rpartition('@')[2]}"
    desk = postbox.Desk(store, files(settings), settings.evidence_max_mib * MIB, own)
    return [threading.Thread(target=postbox.serve, name=f"postbox {box.kind}", args=(desk, box, utc_now, facts, stop), daemon=True)
            for box in boxes]


def _once_reached(store: Store, gateway: PrefectGateway, settings: Settings, reached: threading.Event,
                  stop: threading.Event) -> None:
    """Prefect's channel begins when Prefect is there: a server that is still starting is no outage to be told."""
    from isms_workflow.engine import delivering
    from isms_workflow.engine.prefect.channel import PrefectChannel

    while not reached.wait(0.2) and not stop.is_set():
        pass
    channel = PrefectChannel(store, gateway, settings.public_url, utc_now)
    delivering.serve_channel(store, channel, utc_now, stop)


def worker(settings: Settings) -> None:
    """Runs Prefect's flows, warm and in this process, until SIGTERM. Raises `AlreadyRunning`, and as `ready` does.

    To be called before anything of Prefect is imported: it binds itself to the settings it finds then.
    """
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        del os.environ[name]  # meant for the user's own Prefect
    os.environ |= local.child_environment(settings)
    from isms_workflow.engine.prefect import serve
    from isms_workflow.engine.prefect.definitions import entrypoints, shipped
    from isms_workflow.engine.prefect.suspend import current_run_id, suspend

    with ready(settings) as store, Heart(store, "worker", utc_now, threading.Event()):
        CONTEXT.set(Context(store, utc_now, current_run_id, suspend))
        serve.serve(serve.load(entrypoints(shipped())))


def up(settings: Settings, say: Callable[[str], None]) -> None:
    """Runs everything as supervised children until SIGTERM or Ctrl-C, and prints the link to set-up while it is due.

    Portal and clock don't wait for Prefect. Raises `AlreadyUp`, `PortTaken`, `SamePort`, `UnsafeAddress`, and as `upgrade` does.
    """
    settings.check_address()
    with alone(settings.data / "up.lock"):
        require_port("port", settings.bind, settings.port)
        require_port("prefect_port", local.HOST, settings.prefect_port)
        _run(settings, say)


def _run(settings: Settings, say: Callable[[str], None]) -> None:
    from isms_workflow.engine.accounts import invitations

    upgrade(settings)
    local.secret(settings)
    say(f"The portal: {settings.public_url}   Prefect: {local.ui_url(settings)} (`{here(settings)}isms prefect open`)")
    with ready(settings) as store, store.write() as tx:
        link = invitations.begin_set_up(tx, settings.public_url, utc_now())
    if link is not None:
        say(f"\nSet up your organisation here; the link works once, until {link.expires_at:%Y-%m-%d %H:%M} UTC:\n"
            f"{link.url}\n")
    supervise(children(settings), settings.data / "logs", say)


def here(settings: Settings) -> str:
    """What to set before a command that is to mean this installation; nothing if it is found where commands look."""
    return "" if settings.data == Settings.model_fields["data"].default else f"ISMS_DATA={settings.data} "


def children(settings: Settings) -> tuple[Child, ...]:
    """The services of one installation. Prefect's give way to the others, the deliverer to clock and portal; the worker waits
    for its server.
    """
    def ours(name: str, command: str, nice: int = 0) -> Child:
        return Child(name, [sys.executable, "-m", "isms_workflow.cli", command], nice=nice)

    behind = local.child_environment(settings)
    return (
        ours("portal", "portal"), ours("clock", "clock"), ours("deliverer", "deliver", DELIVERER_NICE),
        Child("prefect", server.command(), behind, nice=server.NICE, after=_portal_first(settings)),
        Child("worker", [sys.executable, "-m", "isms_workflow.cli", "worker"], behind, nice=server.NICE,
              after=lambda: server.reachable(settings, timeout=0.5)),
    )


def _portal_first(settings: Settings, patience: float = 10.0) -> Callable[[], bool]:
    """Prefect's start takes both cores for seconds: people get their page first, if it comes within `patience` seconds."""
    until = time.monotonic() + patience

    def answers() -> bool:
        try:
            socket.create_connection((settings.bind, settings.port), timeout=0.2).close()  # of either family
        except OSError:
            return time.monotonic() > until
        return True

    return answers


def _raise(refusal: IsmsError | None) -> None:
    """A service that may not work any more ends with the sentence that says why."""
    if refusal is not None:
        raise refusal
