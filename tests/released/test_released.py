"""Cases outlive releases: what every earlier release left behind is opened, verified and finished by this one."""

from __future__ import annotations

import gzip
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from isms_workflow.engine import register
from isms_workflow.engine.commands import people as commands
from isms_workflow.programme.load import load
from isms_workflow.simulator.simulation import Simulation
from isms_workflow.store import audit, schema
from isms_workflow.store.database import Store, open_store
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import cases, people
from tests.databases import STATES
from tests.released.make import HERE
from tests.world import World

RELEASES = sorted(path.name for path in HERE.iterdir() if (path / "isms.db.gz").exists())


def opened(release: str, folder: Path) -> Store:
    """A copy of a release's database, brought to this release's schema."""
    file = folder / "isms.db"
    file.write_bytes(gzip.decompress((HERE / release / "isms.db.gz").read_bytes()))
    store = open_store(f"sqlite:///{file}")
    schema.upgrade(store, STATES)
    return store


def inside(store: Store) -> World:
    """The world as that release left it, a day later."""
    with store.read() as conn:
        last = conn.execute(select(func.max(records.c.noticed_at))).scalar_one()
        ids = {row.email.split("@")[0]: row.id for row in conn.execute(select(people.c.id, people.c.email))}
        case = conn.execute(select(cases.c.id).where(cases.c.closed_at.is_(None))).scalar_one()
    return World(store, Simulation(store, last + timedelta(days=1)), ids, case)


def test_there_is_a_release_to_open() -> None:
    """A test over nothing would pass for ever."""
    assert RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_an_earlier_release_s_programme_is_still_read(release: str) -> None:
    """A case keeps the version that it was started with."""
    assert load(HERE / release / "programme").workflows["pdca"].phases


@pytest.mark.parametrize("release", RELEASES)
def test_an_earlier_release_s_cycle_is_finished_by_this_one(release: str, tmp_path: Path) -> None:
    """Its history verifies before and after, its half approved gate passes, and the next cycle opens."""
    with closing(opened(release, tmp_path)) as store:
        world = inside(store)
        with store.read() as conn:
            assert audit.verify(conn).ok
        world.answer("do", "ravi")
        for phase in ("check", "act"):
            world.pass_phase(phase)
        with store.read() as conn:
            assert conn.execute(select(cases.c.state).where(cases.c.id == world.case)).scalar() == "closed"
            assert audit.verify(conn).ok
        assert world.open_case() != world.case


@pytest.mark.parametrize("release", RELEASES)
def test_an_earlier_release_s_organisation_fills_its_register(release: str, tmp_path: Path) -> None:
    """What came later works on what was there: its people own systems, which change hands when they leave."""
    with closing(opened(release, tmp_path)) as store:
        world = inside(store)
        erp = world.system("erp")
        with world.sim.write() as (tx, when):
            commands.deactivate(tx, world.ids["ben"], world.actor("alex"), when)
        with store.read() as conn:
            assert register.by_ids(conn, [erp])[erp].owner == world.ids["maria"]
            assert schema.min_code(conn) == schema.CODE
            assert audit.verify(conn).ok
