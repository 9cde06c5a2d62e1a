"""What a cycle's flow does beside waiting."""

from __future__ import annotations

from isms_workflow.engine.prefect.tasks import business_task
from isms_workflow.engine.runs import case_run


@business_task
def open_phase(case: str, phase: str) -> None:
    """Open the phase's steps, unless they are open, or done, already."""
    case_run(case).begin(phase)


@business_task
def close_cycle(case: str) -> None:
    """End the cycle and open the next one, unless that has happened already."""
    case_run(case).close()
