"""The dead-man's switch: an outside service is pinged as long as what falls due is carried out, and tells people when
we fall silent.

Whatever happens to a ping concerns nothing else: it has a thread of its own, and its failures are told on *System* and by
`isms doctor`, by no mail.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection

from isms_workflow.domain.refusals import Missing
from isms_workflow.engine import programmes, watchdog
from isms_workflow.errors import IsmsError
from isms_workflow.store.database import Store

log = logging.getLogger(__name__)

EVERY_S = 180.0
"""The outside service should wait for some of them: ten minutes are a good patience."""

TIMEOUT_S = 10.0
ANSWERED, WITHHELD, UNASKED = "answered", "withheld, because something due is untaken", "no address"

FACT, TROUBLE = "ping", "ping_trouble"
"""The names under which the deliverer's beat says how it went; the trouble is there while there is one."""


def serve(store: Store, now: Callable[[], datetime], facts: dict[str, Any], stop: threading.Event,
          every: float = EVERY_S) -> None:
    """Pings until told to stop; nothing that goes wrong ends it."""
    while not stop.is_set():
        try:
            found, trouble = turn(store, now())
        except IsmsError as error:
            found, trouble = "withheld, because the database can't be asked", ""
            log.warning("No ping: %s", error, extra={"action": "ping.withheld"})
        except Exception as error:
            found, trouble = "failed", f"failed ({type(error).__name__})"
            log.exception("A ping failed.", extra={"action": "ping.failed"})
        _say(facts, found, trouble)
        stop.wait(every)


def turn(store: Store, now: datetime) -> tuple[str, str]:
    """One ping, unless something that is due is untaken: how it went, and what is wrong with the service, if anything is."""
    with store.read() as conn:
        address = _address(conn)
        is_late = bool(watchdog.overdue(conn, now))
    if address is None:
        return UNASKED, ""
    if is_late:
        return WITHHELD, ""
    trouble = ping(address)
    return ("failed", trouble) if trouble else (ANSWERED, "")


def _address(conn: Connection) -> str | None:
    try:
        return programmes.in_force(conn).programme.heartbeat_url
    except Missing:
        return None  # before set-up


def ping(address: str) -> str:
    """Asks the address, without a body, reading none, following nowhere; what went wrong, or nothing.

    Only the host is named: the rest of such an address is as good as a password.
    """
    import httpx  # only here: few programmes name an address, and every process would load it

    host = urlsplit(address).hostname
    try:
        with httpx.stream("GET", address, timeout=TIMEOUT_S, follow_redirects=False) as answer:
            return "" if answer.is_success else f"{host} answered {answer.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{host} can't be reached ({type(error).__name__})"


def _say(facts: dict[str, Any], found: str, trouble: str) -> None:
    """Into the beat; into the log when it begins, and when it is over."""
    before = facts.get(TROUBLE, "")
    facts[FACT] = found
    if trouble:
        facts[TROUBLE] = trouble
    else:
        facts.pop(TROUBLE, None)
    if trouble and not before:
        log.error("The heartbeat address fails: %s.", trouble, extra={"action": "ping.failing"})
    elif before and found == ANSWERED:
        log.info("The heartbeat address answers again.", extra={"action": "ping.answers"})
