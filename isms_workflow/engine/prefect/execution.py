"""One flow run in one thread of the worker, which can be told to end."""

from __future__ import annotations

import contextvars
import ctypes
import threading
from typing import Any

import anyio
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Abort, Pause
from prefect.flow_engine import run_flow
from prefect.flows import Flow

LOOK_S = 0.05
"""How often it is looked whether a body is gone."""


class Execution:
    """Runs a flow's body once; Prefect's engine reports every state that comes of it.

    Of a deployment's run the engine hears by itself when somebody suspends it: through a thread, an event loop, two clients
    and a websocket for each body, most of what a body cost. Ours end themselves within an instant, so it isn't told whose
    run it is.
    """

    def __init__(self, flow: Flow[..., Any], run: FlowRun) -> None:
        self.flow, self.run = flow, run.model_copy(update={"deployment_id": None})
        self.error: Exception | None = None
        """What ended it before the engine could report an outcome; a failing body isn't that."""
        self.ended_by: str | None = None
        """Why it was told to end, if it was."""
        # A thread of its own, not one of a pool: what tells it to end may strike when it is just done.
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(self._body,), daemon=True)

    async def finish(self) -> None:
        """Begin, and return when the thread has ended; at once if it was told to end before."""
        if self.ended_by is None:
            self._thread.start()
        await self.gone()

    async def gone(self) -> None:
        """Return when the thread has ended."""
        while self._thread.is_alive():
            await anyio.sleep(LOOK_S)

    def end(self, why: str) -> None:
        """Tell the body to end: Prefect's own signal for that is raised in it where it stands.

        A body that waits inside a call of C code ends after that call.
        """
        self.ended_by = self.ended_by or why
        if self._thread.ident is not None and self._thread.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident), ctypes.py_object(Abort))

    def _body(self) -> None:
        try:
            run_flow(self.flow, flow_run=self.run, return_type="state")
        except (Abort, Pause):
            return  # the server has the state already
        except Exception as error:  # noqa: BLE001  # whatever it was, the run is reported as crashed
            self.error = error
