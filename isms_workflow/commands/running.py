"""`isms up`, and each of its services alone: for who lets systemd or containers look after them."""

from __future__ import annotations

from isms_workflow import services
from isms_workflow.commands.shared import say
from isms_workflow.settings import Settings


def up() -> None:
    """Run everything: portal, clock, deliverer, Prefect server and worker. One Ctrl-C ends it."""
    services.up(Settings(), say)


def portal() -> None:
    """Serve the portal and its API; any number may run behind a proxy."""
    services.portal(Settings())


def clock() -> None:
    """Carry out what falls due, to the second; any number may run."""
    services.clock(Settings())


def deliver() -> None:
    """Send mails and tell Prefect; any number may run."""
    services.deliver(Settings())


def worker() -> None:
    """Run Prefect's flows, warm and in one process; one a data folder."""
    services.worker(Settings())
