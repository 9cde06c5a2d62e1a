"""What the programme says about corrective actions: how grave, when each is checked, who decides. Pure data."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from isms_workflow.programme.basics import Name, Strict
from isms_workflow.programme.model import Names, Span, Step, Workflow


class Gravity(Strict):
    """How grave what an action is about is; `check_after` counts from the instant at which it is done."""

    id: Name
    title: str
    check_after: Span


class CorrectiveWorkflow(Workflow):
    """Corrective actions: who may open one by hand, when it is checked, and when management decides. Gravest first."""

    is_followed: ClassVar[bool] = False

    openers: Names
    gravities: Annotated[tuple[Gravity, ...], Field(min_length=1)]
    management_after: Annotated[int, Field(ge=1, le=10)] = 2
    referral_ladder: Name = "way_on"

    def gravity(self, name: str) -> Gravity:
        """A gravity by its id. Raises KeyError."""
        return {each.id: each for each in self.gravities}[name]

    @property
    def check(self) -> Step:
        """The effectiveness check: the one step of the last phase."""
        return self.phases[-1].steps[0]
