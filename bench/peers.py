"""Durable timers elsewhere: DBOS and Procrastinate, on PostgreSQL, all due at one instant."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from sqlalchemy import make_url

from bench.deadlines import our_clock
from bench.table import Line, rate, say, times
from bench.worlds import databases, empty

SIZE = 500
LEAD_S = 15.0
"""For starting them all before they fall due."""


def run() -> Iterator[Line]:
    """Ours on 10,000 against theirs on 500, which do nothing but fall due."""
    if "postgresql" not in databases():
        say("peers: PostgreSQL isn't there")
        return
    say(f"peers on postgresql: {SIZE} timers each")
    ours = our_clock("postgresql")
    for name, peer in (("DBOS", dbos), ("Procrastinate", procrastinate)):
        other = peer()
        yield Line(f"deadlines, postgresql, {name}", rate(ours), rate(other), times(ours / other), "")


def dbos() -> float:
    """Workflows that sleep durably until one instant."""
    from dbos import DBOS, DBOSConfig  # only `make bench` installs it

    with empty("postgresql") as url:
        config: DBOSConfig = {"name": "bench", "system_database_url": url, "run_admin_server": False}
        DBOS(config=config)

        @DBOS.workflow()
        def timer(due: float) -> None:
            DBOS.sleep(max(0.0, due - time.time()))

        DBOS.launch()
        try:
            due = time.time() + LEAD_S
            handles = [DBOS.start_workflow(timer, due) for _ in range(SIZE)]
            for handle in handles:
                handle.get_result()
            last = time.time()
        finally:
            DBOS.destroy()
    return SIZE / max(last - due, 1e-6)


def procrastinate() -> float:
    """Jobs that are scheduled for one instant in the past, taken by one worker."""
    from procrastinate import App, PsycopgConnector

    with empty("postgresql") as url:
        conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

        async def play() -> float:
            app = App(connector=PsycopgConnector(conninfo=conninfo))

            @app.task(name="timer")
            async def timer() -> None:
                """Falls due."""

            async with app.open_async():
                await app.schema_manager.apply_schema_async()
                for _ in range(SIZE):
                    await timer.defer_async()
                began = time.perf_counter()
                await app.run_worker_async(wait=False, concurrency=10, install_signal_handlers=False)
                return time.perf_counter() - began

        return SIZE / asyncio.run(play())
