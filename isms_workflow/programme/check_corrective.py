"""Whether the programme's section on corrective actions holds together: each is checked once it is done. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from isms_workflow.programme.corrective import CorrectiveWorkflow
from isms_workflow.programme.errors import Problem
from isms_workflow.programme.model import Programme
from isms_workflow.programme.references import Place, ahead, known, wait


def check_corrective(programme: Programme, file: str, workflow: CorrectiveWorkflow, place: Place) -> Iterator[Problem]:
    """Every problem of openers, gravities and the effectiveness check."""
    for name in workflow.openers:
        yield from known(file, place(file, "openers"), "openers", name, programme.responsibilities)
    for index, gravity in enumerate(workflow.gravities):
        yield from ahead(file, place(file, "gravities", index, "check_after"), f"{gravity.id}.check_after", gravity.check_after)
    yield from wait(programme, file, place(file, "referral_ladder"), "referral_ladder", workflow.referral_ladder)
    yield from _check(file, workflow, place)


def _check(file: str, workflow: CorrectiveWorkflow, place: Place) -> Iterator[Problem]:
    """The last phase is the check alone; whoever owes the work by their responsibility doesn't owe it too."""
    *phases, last = workflow.phases
    if len(last.steps) != 1:
        yield Problem(file, place(file, "phases", len(phases), "steps"), f"{last.id}.steps",
                      "are several: the effectiveness check is one step, so that one verdict answers it")
    if workflow.check.responsibility in {step.responsibility for phase in phases for step in phase.steps}:
        yield Problem(file, place(file, "phases", len(phases), "steps", 0, "responsibility"),
                      f"{workflow.check.id}.responsibility",
                      f"is {workflow.check.responsibility!r}, which owns the work as well: let somebody else check it")
