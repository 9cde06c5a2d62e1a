"""Whole cycles under `isms up`, whose services are killed while people work: all ends as if nobody had died."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select

from isms_workflow.engine.context import utc_now
from isms_workflow.engine.prefect.gateway import PrefectGateway, RunState
from isms_workflow.settings import Settings
from isms_workflow.store import audit, tables
from isms_workflow.store.database import Store, open_store
from tests.conftest import NewDatabase
from tests.flows.course import (
    LET_UP_S,
    bring_forward,
    fired,
    lead,
    lost_mails,
    outcome,
    overdue,
    unbundled,
    undisturbed,
)
from tests.flows.upright import Reaper, Upright, upright
from tests.patience import eventually, free_port
from tests.world import World, found

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("prefect"), pytest.mark.timeout(3600)]

SERVICES = ("portal", "clock", "deliverer", "prefect", "worker")
CYCLES = 4
MORE = 3
"""How many die in each cycle beside one of each, whoever they are."""


@pytest.fixture
def dice() -> random.Random:
    """What decides who dies when; `ISMS_TEST_SEED` plays a failure again."""
    seed = int(os.environ.get("ISMS_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"ISMS_TEST_SEED={seed}")  # shown if the test fails
    return random.Random(seed)


@pytest.fixture
def installation(settings: Settings) -> Settings:
    """Settings whose ports are free."""
    port = free_port()
    return settings.model_copy(update={"port": port, "prefect_port": free_port(),
                                       "public_url": f"http://127.0.0.1:{port}"})


def disturbed(world: World, reaper: Reaper) -> None:
    """What the people do, each deed at its own instant; in each cycle every service dies once, and some of them more."""
    def passes() -> None:
        reaper.passes()
        world.sim.now = utc_now()

    def fall_due() -> None:
        bring_forward(world.store, utc_now())
        passes()
        eventually("what fell due has fired", lambda: not overdue(world.store), LET_UP_S)

    world.sim.run_flows = passes  # type: ignore[method-assign]  # the worker does that here
    world.open_cycle()
    for _ in range(CYCLES):
        reaper.intends(*SERVICES, *reaper.dice.choices(SERVICES, k=MORE))
        lead(world, fall_due, reaper.finishes)


def is_at_rest(store: Store) -> bool:
    """Nothing waits to be sent, and no run to read the truth."""
    with store.read() as conn:
        unsent = conn.execute(select(tables.outbox.c.key).where(tables.outbox.c.settled_at.is_(None))).all()
        c = tables.cases.c
        unread = conn.execute(select(c.id).where((c.wake_wanted > c.wake_seen) | c.lease.is_not(None))).all()
    return not unsent and not unread


def runs(store: Store, gateway: PrefectGateway) -> list[tuple[str, RunState]]:
    """Each cycle's state, and what Prefect says of its run."""
    with store.read() as conn:
        rows = conn.execute(select(tables.cases.c.state, tables.cases.c.flow_run_id).order_by(tables.cases.c.reference)).all()
    return [(row.state, gateway.state(row.flow_run_id)) for row in rows]


def check(up: Upright, store: Store, expected: Mapping[str, Any]) -> None:
    """Everything is up again, and nothing differs from cycles in which nobody died."""
    eventually("everything is up again", lambda: set(up.children()) == set(SERVICES) and up.answers(), LET_UP_S)
    eventually("nothing is left to be done", lambda: is_at_rest(store), LET_UP_S)
    led = [*[("closed", RunState.TERMINAL)] * CYCLES, ("plan", RunState.SUSPENDED)]
    with closing(PrefectGateway(up.settings)) as gateway:
        eventually("Prefect's runs have ended but the last", lambda: runs(store, gateway) == led, LET_UP_S)
    assert outcome(store) == expected
    assert set(fired(store).values()) == {1}
    assert lost_mails(store, up.settings.mail_dir) == []
    with store.read() as conn:
        assert audit.verify(conn).broken is None
        assert conn.execute(select(tables.outbox.c.error).where(tables.outbox.c.outcome == "dead")).all() == []


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_cycles_end_as_if_nobody_had_died(request: pytest.FixtureRequest, installation: Settings, new_sqlite: NewDatabase,
                                          database: str, dice: random.Random) -> None:
    """One after the other, every service killed at least once in each, compared with as many in the simulator."""
    new: NewDatabase = request.getfixturevalue(f"new_{database}")
    settings, start = installation.model_copy(update={"database_url": new()}), utc_now()
    with closing(open_store(new_sqlite())) as calm:
        expected = undisturbed(calm, start, CYCLES)
    with closing(open_store(settings.store_url)) as store:
        world = found(store, programme=unbundled(), start=start)
        with upright(settings) as up:
            reaper = Reaper(up, dice)
            disturbed(world, reaper)
            check(up, store, expected)
            assert up.deaths() == reaper.killed
    assert min(reaper.killed[name] for name in SERVICES) >= 2, reaper.killed
