"""The worker's process: imports the flows once, runs them until it is told to stop."""

from __future__ import annotations

import fcntl
import logging
import signal
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.logging.configuration import setup_logging
from prefect.settings import get_current_settings

from isms_workflow.engine.prefect.definitions import entrypoints, shipped
from isms_workflow.engine.prefect.worker import IsmsWorker
from isms_workflow.errors import IsmsError

log = logging.getLogger(__name__)

POOL = "isms"
AGAIN_S = 1.0


class AlreadyRunning(IsmsError):
    """A second worker of one data folder: each would report the other's runs as lost."""

    status = 409

    def __init__(self, lock: str) -> None:
        super().__init__(lock)
        self.lock = lock

    def __str__(self) -> str:
        return f"A worker of this data folder is running already (it holds {self.lock}); end it first."


def command() -> list[str]:
    """The command line of the worker; it wants the environment of `local.child_environment`."""
    return [sys.executable, "-m", "isms_workflow.engine.prefect.serve"]


def load(allowed: Iterable[str]) -> dict[str, Flow[..., Any]]:
    """Import the flows that may be run, by their entry points."""
    return {entry: load_flow_from_entrypoint(entry, use_placeholder_flow=False) for entry in sorted(allowed)}


def serve(flows: Mapping[str, Flow[..., Any]]) -> None:
    """Run these flows, and no others, whenever they are due; returns after SIGTERM or SIGINT.

    Runs in the caller's context: what it set in context variables, the flows find. Waits for the server
    for as long as it takes. Raises AlreadyRunning.
    """
    setup_logging()
    with _alone(get_current_settings().home / "worker.lock"):
        anyio.run(_serve, flows)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(str(lock)) from None
        yield


async def _serve(flows: Mapping[str, Flow[..., Any]]) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_cancel_on_signal, tasks.cancel_scope)
        while True:
            await _reachable()
            try:
                await IsmsWorker(work_pool_name=POOL, name=f"isms-{socket.gethostname()}", flows=flows).start()
            except Exception:  # one lost connection in the wrong place ends Prefect's loops: begin anew
                log.warning("The worker begins anew.", exc_info=True, extra={"action": "worker.restart"})
            await anyio.sleep(AGAIN_S)


async def _cancel_on_signal(scope: anyio.CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            scope.cancel()
            return


async def _reachable() -> None:
    """Return once the server answers."""
    async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
        while True:
            try:
                answer = await client.get(f"{get_current_settings().api.url}/health")
                if answer.is_success:
                    return
            except httpx.HTTPError:
                pass
            await anyio.sleep(AGAIN_S)


def main() -> None:
    """Serve the shipped flows. They open store and clock from the settings, since nobody has set them here."""
    serve(load(entrypoints(shipped())))


if __name__ == "__main__":
    main()
