"""Making a Prefect flow of a script over a case: started with the case's id only, and safe to run again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from prefect import Flow, flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from isms_workflow.engine.leases import NotCurrent
from isms_workflow.engine.runs import CaseEnded, CaseRun, leading


def case_flow(script: Callable[[CaseRun], None]) -> Flow[[str], State[Any]]:
    """The flow of one kind: it takes the lease on its case, runs the script from the top, and says how it ended.

    A run that isn't its case's current one says so and completes; so does one whose case has ended.
    """

    @wraps(script)
    def body(case: str) -> State[Any]:
        try:
            with leading(case) as run:
                script(run)
        except (NotCurrent, CaseEnded) as ending:
            return Completed(message=str(ending))
        return Completed(message="Done.")

    body.__annotations__ = {"case": str}
    del body.__wrapped__  # Prefect reads the signature of what it finds there
    return flow(name=script.__name__.replace("_", "-"), persist_result=False)(body)
