"""The portal over a world."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from isms_workflow.engine.accesslog import AccessLog
from isms_workflow.portal.app import create_app
from isms_workflow.portal.deps import Portal
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from isms_workflow.store.files import EvidenceFiles
from tests.conftest import service_absent
from tests.engine.incidents import report
from tests.portal import application
from tests.portal.browser import BROWSERS, CHROMIUM
from tests.portal.incidents import label
from tests.portal.visitor import House
from tests.world import found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or whichever is on the path."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        service_absent("Chromium", f"none of {', '.join(BROWSERS)} is on the path")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=CHROMIUM)
        yield opened
        opened.close()


def _house(store: Store, settings: Settings) -> House:
    world, log = found(store), AccessLog(store)
    parts = Portal(store, settings, lambda: world.now, EvidenceFiles(settings.evidence_dir), log)
    return House(world, application.over(parts, create_app), log, settings.public_url)


@pytest.fixture
def house(sqlite_store: Store, settings: Settings) -> House:
    """The cast in office; no cycle yet."""
    return _house(sqlite_store, settings)


@pytest.fixture
def both_house(store: Store, settings: Settings) -> House:
    """The same on SQLite and on PostgreSQL."""
    return _house(store, settings)


@pytest.fixture
def planning(house: House) -> House:
    """PLAN is open."""
    house.world.once("planning", house.world.open_cycle)
    return house


@pytest.fixture
def at_gate(planning: House) -> House:
    """PLAN's gate is open."""
    planning.world.once("at PLAN's gate", lambda: planning.world.complete_phase("plan"))
    return planning


@pytest.fixture
def reported(house: House) -> House:
    """Gil has reported that somebody reads our mails; it is high, for customers' records are affected."""
    house.world.once("reported", lambda: report(house.world))
    label(house, "internal")
    return house
