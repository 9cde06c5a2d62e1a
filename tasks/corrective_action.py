"""What a corrective action's flow does beside waiting."""

from __future__ import annotations

from isms_workflow.engine.prefect.tasks import business_task
from isms_workflow.engine.runs import case_run


@business_task
def open_planning(case: str) -> None:
    """Ask for cause and plan, unless they are asked for, or done, already."""
    case_run(case).plan_action()


@business_task
def carry_out_plan(case: str) -> None:
    """Have the approved plan carried out, unless that is so already."""
    case_run(case).carry_out()


@business_task
def begin_observing(case: str) -> None:
    """Arm the effectiveness check, unless it is armed, or was carried out, already."""
    case_run(case).observe()
