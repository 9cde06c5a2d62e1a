"""What a flow's body asks of the run it is in: which one it is, and to wait."""

from __future__ import annotations

from typing import Any, NoReturn
from uuid import uuid4

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.exceptions import Abort, Pause
from prefect.states import Suspended
from prefect.utilities.engine import propose_state_sync

from isms_workflow.errors import IsmsError

PATIENCE_S = 20 * 365 * 24 * 3600
"""Prefect fails a run that was suspended for longer. Our deadlines end waits, not Prefect's."""


class NotInARun(IsmsError):
    """Something that only a flow run can do was asked outside one."""

    status = 500

    def __init__(self, asked: str) -> None:
        super().__init__(asked)
        self.asked = asked

    def __str__(self) -> str:
        return f"{self.asked} is possible only inside a Prefect flow run; outside one, look at what the case waits for."


def current_run_id() -> str | None:
    """The id of the flow run this code runs in; None outside one, as in a test or the simulator."""
    context = FlowRunContext.get()
    return str(context.flow_run.id) if context and context.flow_run else None


def suspend(message: str) -> NoReturn:
    """End the body of the current run; its state is Suspended, and `message` says what it waits for.

    Raises Pause, which ends the body as Prefect wants it, or Abort if the run was cancelled meanwhile;
    both must pass through the flow. The key is a fresh one each time: Prefect's own counts the waits of
    one execution, so that a body which runs again from the top, and skips what is done, would fall
    through its next wait.
    """
    run_id = current_run_id()
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        raise NotInARun("Suspending")
    wanted: State[Any] = Suspended(message=message, timeout_seconds=PATIENCE_S, pause_key=str(uuid4()))
    with get_client(sync_client=True) as client:
        state = propose_state_sync(client, wanted, flow_run_id=context.flow_run.id)
    if state.is_paused():
        raise Pause(state=state)
    raise Abort(f"Flow run {run_id} can't be suspended: it is {state.name}.")
