"""What an incident's flow does beside waiting."""

from __future__ import annotations

from isms_workflow.domain.rules.incidents import learns
from isms_workflow.engine.prefect.tasks import business_task
from isms_workflow.engine.runs import case_run


@business_task
def resolve_incident(case: str) -> None:
    """Say that the response is over, unless it isn't, or that was said already."""
    case_run(case).resolve()


def asks_for_lessons(case: str) -> bool:
    """Whether the incident is grave enough to be learned from before it closes."""
    return learns(case_run(case).look())


@business_task
def open_lessons(case: str) -> None:
    """Open the steps of the lessons, unless they are open, or done, already."""
    case_run(case).learn()


@business_task
def close_incident(case: str) -> None:
    """End the incident, unless that has happened already."""
    case_run(case).conclude()
