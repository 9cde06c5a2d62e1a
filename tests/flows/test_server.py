"""Prefect's server as we run it: locked, and its schedules fire."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import httpx
import pytest

from isms_workflow.engine.prefect import local, server
from tests.flows.stack import ROOT, Stack
from tests.patience import eventually

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.timeout(300)]

BODY = {"name": "foreign"}
FOREIGN: Mapping[str, Mapping[str, str]] = {
    "without the secret": {},
    "with a wrong secret": {"Authorization": "Basic aXNtczp3cm9uZw=="},
    "from a foreign page": {"Origin": "https://evil.example"},
    "under a foreign name": {"Host": "evil.example"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_post_is_refused(running: Stack, headers: Mapping[str, str]) -> None:
    """Whoever can create a deployment runs code: another page in the operator's browser can't, nor who has no secret."""
    secret = None if not headers or "Authorization" in headers else (local.USER, local.secret(running.settings))
    with httpx.Client(base_url=local.api_url(running.settings), trust_env=False, auth=secret) as client:
        answer = client.post("/flows/", json=BODY, headers=dict(headers))
    assert answer.status_code in (401, 403)
    assert running.api("POST", "/flows/filter", {"flows": {"name": {"any_": ["foreign"]}}}) == []


def test_a_schedule_of_one_minute_produces_its_run(running: Stack) -> None:
    """The server schedules `reconciliation`, and our worker completes it."""
    wanted = {"deployments": {"name": {"any_": ["reconciliation"]}}, "flow_runs": {"state": {"type": {
        "any_": ["COMPLETED"]}}}}
    runs = eventually("the scheduled run has completed",
                      lambda: running.api("POST", "/flow_runs/filter", wanted), seconds=150)
    assert runs[0]["auto_scheduled"] is True


DATABASE = """
import asyncio
import sqlalchemy
from isms_workflow.engine.prefect.server import bound_waits_for_locks
bound_waits_for_locks()
from prefect.server.database import provide_database_interface

async def ask(session, question):
    return (await session.execute(sqlalchemy.text(question))).scalar()

async def count(db):
    async with db.session_context(begin_transaction=True) as session:
        seen = await ask(session, "SELECT n FROM met")
        await asyncio.sleep(0.5)
        await session.execute(sqlalchemy.text("UPDATE met SET n = :n"), {"n": seen + 1})

async def meet():
    db = provide_database_interface()
    async with db.session_context(begin_transaction=True) as session:
        await session.execute(sqlalchemy.text("CREATE TABLE met AS SELECT 0 AS n"))
    both = asyncio.gather(count(db), count(db))
    await asyncio.sleep(0.2)
    async with db.session_context() as session:
        meanwhile = await ask(session, "SELECT n FROM met")
    await both
    async with db.session_context() as session:
        return await ask(session, "PRAGMA busy_timeout"), meanwhile, await ask(session, "SELECT n FROM met")

print(*asyncio.run(meet()))
"""
"""The server's own database, in a process of its own: how long it waits for a lock, and what became of two who met."""


@pytest.fixture(scope="module")
def met(running: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """What the script above prints: one process for all tests, since it takes seconds to import Prefect."""
    file = tmp_path_factory.mktemp("met") / "met.db"
    place = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{file}"}
    answer = subprocess.run([sys.executable, "-c", DATABASE], env={**running.environment, **place}, cwd=ROOT,
                            capture_output=True, text=True, timeout=120, check=True)
    return [int(word) for word in answer.stdout.split()]


def test_the_server_never_waits_a_minute_for_its_database(met: list[int]) -> None:
    """Prefect's own wait for a lock can stop the server's event loop for as long as it lasts."""
    assert met[0] == server.LOCK_S * 1000


def test_of_two_that_read_and_then_write_the_second_waits(met: list[int]) -> None:
    """Neither is refused with 503, neither's change is lost, and who only reads isn't held up."""
    assert met[1:] == [0, 2]
