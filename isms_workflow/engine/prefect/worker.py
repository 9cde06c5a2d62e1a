"""Our own kind of Prefect worker: runs the flows of this package warm, in one process.

A worker that starts a process for each run needs 7 to 12 s from a resume to the flow's body, most of it
for importing Prefect. This one has imported everything, asks for work every second, and runs a flow in a
thread. It runs nothing but the flows it was given, whatever a deployment says: no pull steps, no
commands, no other entry points.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import anyio
import httpx
from anyio.abc import TaskStatus
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import Flow as KnownFlow
from prefect.client.schemas.objects import FlowRun, State, StateType, WorkPool
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import Abort, ObjectNotFound
from prefect.flows import Flow
from prefect.states import Cancelled, Crashed
from prefect.utilities.engine import propose_state
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult
from pydantic import PrivateAttr

from isms_workflow.engine.prefect.execution import LOOK_S, Execution
from isms_workflow.errors import IsmsError

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Prefect's server carries about four flow runs a second on two cores; more at once only wait longer."""

GRACE_S = 4.0
"""How long a body that was told to end may take, before the worker ends without it."""

OUTAGE = (httpx.TransportError, httpx.HTTPStatusError)


class ForeignFlow(IsmsError):
    """A deployment asks the worker to run something that isn't one of its flows."""

    status = 403

    def __init__(self, entrypoint: str, own: tuple[str, ...]) -> None:
        super().__init__(entrypoint, own)
        self.entrypoint, self.own = entrypoint, own

    def __str__(self) -> str:
        return f"{self.entrypoint!r} is not a flow that this worker runs; it runs {', '.join(self.own) or 'none'}."


class Configuration(BaseJobConfiguration):
    """What the worker takes from a deployment: its entry point, and nothing else."""

    _entrypoint: str = PrivateAttr(default="")

    def prepare_for_flow_run(
        self,
        flow_run: FlowRun,
        deployment: DeploymentResponse | None = None,
        flow: KnownFlow | None = None,
        work_pool: WorkPool | None = None,
        worker_name: str | None = None,
        worker_id: UUID | None = None,
    ) -> None:
        """Remember the entry point."""
        super().prepare_for_flow_run(flow_run, deployment, flow, work_pool, worker_name, worker_id)
        self._entrypoint = (deployment.entrypoint if deployment else None) or ""

    @property
    def entrypoint(self) -> str:
        """The dotted path of the flow to run."""
        return self._entrypoint


class Result(BaseWorkerResult):
    """A run ended; how, the engine has told the server."""


class IsmsWorker(BaseWorker[Configuration, BaseVariables, Result]):
    """Runs the flows it was given, by their entry points, at most `AT_ONCE` at a time.

    The one worker of its pool: a run of the pool that is under way, but not here, was lost with the
    process it ran in, and is reported as crashed.
    """

    type = "isms"
    job_configuration = Configuration
    _display_name = "ISMS"
    _description = "Runs the flows of the ISMS workflow engine, warm and in one process, and no others."

    def __init__(self, *args: Any, flows: Mapping[str, Flow[..., Any]] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._flows = dict(flows or {})
        self._slots = anyio.Semaphore(AT_ONCE)  # a `limit` of Prefect's fails a run that is resumed quickly
        self._executions: dict[UUID, Execution] = {}
        self._suspects: set[UUID] = set()

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Every second: end what was cancelled, and take what is due. An outage is no reason to slow down."""
        try:
            if self._executions:
                await self._end_cancelled()
            return await super().get_and_submit_flow_runs()
        except OUTAGE as outage:
            log.debug("Prefect's server can't be reached: %r", outage)
            return []

    async def sync_with_backend(self) -> None:
        """Every ten seconds: show that the worker lives, and report the runs that were lost."""
        try:
            await super().sync_with_backend()
            await self._report_lost()
        except OUTAGE as outage:
            log.info("Prefect's server can't be reached: %r", outage, extra={"action": "worker.outage"})

    async def run(
        self, flow_run: FlowRun, configuration: Configuration, task_status: TaskStatus[int] | None = None
    ) -> Result:
        """Run the flow that the deployment names. Raises ForeignFlow, which crashes the run with its sentence.

        A run that somebody resumes as soon as it has suspended is due again before its last body is gone. It waits for that:
        Prefect knows the bodies in a process by their run alone, and would tell the new one what was meant for the old.
        """
        flow = self._flows.get(configuration.entrypoint)
        if flow is None:
            raise ForeignFlow(configuration.entrypoint, tuple(sorted(self._flows)))
        while flow_run.id in self._executions:
            await anyio.sleep(LOOK_S)
        execution = self._executions[flow_run.id] = Execution(flow, flow_run)
        if task_status is not None:
            task_status.started(os.getpid())
        try:
            async with self._slots:
                await execution.finish()
        except anyio.get_cancelled_exc_class():
            execution.end("The worker was stopped while it ran.")
            with anyio.move_on_after(GRACE_S, shield=True):
                await execution.gone()
                await self._tell(flow_run.id, Crashed(message=execution.ended_by))
            raise
        finally:
            del self._executions[flow_run.id]
        if execution.error is not None:
            await self._tell(flow_run.id, Crashed(message=f"It ended without an outcome: {execution.error!r}"))
        elif execution.ended_by is not None:
            await self._tell(flow_run.id, Cancelled(message=execution.ended_by))
        return Result(identifier=str(flow_run.id), status_code=0)

    async def _end_cancelled(self) -> None:
        of_ours = FlowRunFilter(
            id=FlowRunFilterId(any_=list(self._executions)),
            state=_in(StateType.CANCELLING, StateType.CANCELLED),
        )
        for cancelled in await self.client.read_flow_runs(flow_run_filter=of_ours):
            if execution := self._executions.get(cancelled.id):
                execution.end("It was cancelled while it ran.")

    async def _report_lost(self) -> None:
        under_way = await self.client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=_in(StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)),
            work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[self._work_pool_name])),
        )
        here = self._executions.keys() | self._submitting_flow_run_ids
        lost = {run.id: run for run in under_way if run.id not in here}
        for run_id in lost.keys() & self._suspects:  # seen twice: it doesn't just begin or end
            cancelling = lost[run_id].state_type is StateType.CANCELLING
            ended = Cancelled if cancelling else Crashed
            await self._tell(run_id, ended(message="The process it ran in ended before it."))
        self._suspects = set(lost)

    async def _tell(self, run_id: UUID, state: State[Any]) -> None:
        """Report how a run ended, if the server doesn't know it already."""
        try:
            await propose_state(self.client, state, flow_run_id=run_id)
        except (Abort, ObjectNotFound):
            return
        except OUTAGE as outage:
            log.info("The end of a run couldn't be reported: %r", outage, extra={"action": "worker.outage"})


def _in(*types: StateType) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types)))
