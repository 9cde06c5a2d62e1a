"""The worker runs what is due, each run's bodies one after the other."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import anyio
import pytest
from prefect import flow
from prefect.client.schemas.objects import FlowRun

from isms_workflow.engine.prefect import execution
from isms_workflow.engine.prefect.worker import Configuration, IsmsWorker

WHOLE_S = 0.3
"""How long a body takes here: longer than the worker looks away."""


@flow
def nothing() -> None:
    """Whatever a deployment names."""


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, FlowRun]]:
    """What the worker has Prefect's engine run, as it begins and ends."""
    seen: list[tuple[str, FlowRun]] = []

    def engine(_flow: Any, flow_run: FlowRun, **_more: Any) -> None:
        seen.append(("begins", flow_run))
        time.sleep(WHOLE_S)
        seen.append(("ends", flow_run))

    monkeypatch.setattr(execution, "run_flow", engine)
    return seen


def taken(*runs: FlowRun) -> None:
    """The worker takes these runs at once, and has done with them."""
    worker = IsmsWorker("isms", flows={"flows.nothing": nothing})
    wanted = Configuration()
    wanted._entrypoint = "flows.nothing"

    async def all_of_them() -> None:
        async with anyio.create_task_group() as group:
            for each in runs:
                group.start_soon(worker.run, each, wanted)

    anyio.run(all_of_them)
    assert not worker._executions


def test_a_run_resumed_before_its_body_is_gone_waits_for_that(bodies: list[tuple[str, FlowRun]]) -> None:
    """Two bodies of one run in one process would be one to Prefect: what ends the first would end the second as well."""
    run = FlowRun(flow_id=uuid4())
    taken(run, run, run)
    assert [what for what, _ in bodies] == ["begins", "ends"] * 3


def test_other_runs_do_not_wait(bodies: list[tuple[str, FlowRun]]) -> None:
    """Each case is led by itself."""
    taken(FlowRun(flow_id=uuid4()), FlowRun(flow_id=uuid4()))
    assert [what for what, _ in bodies] == ["begins", "begins", "ends", "ends"]


def test_nobody_is_asked_who_else_might_suspend_a_body(bodies: list[tuple[str, FlowRun]]) -> None:
    """Of a deployment's run Prefect's engine asks that all the time; it is the same run otherwise."""
    run = FlowRun(flow_id=uuid4(), deployment_id=uuid4())
    taken(run)
    _, seen = bodies[0]
    assert (seen.id, seen.deployment_id) == (run.id, None)
