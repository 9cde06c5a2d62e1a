"""A deadline falls due: whichever it is, by whatever rules carry it out."""

from __future__ import annotations

from isms_workflow.domain.duties import is_ours
from isms_workflow.domain.plan import Plan
from isms_workflow.domain.rules import duty_clocks, ladder
from isms_workflow.domain.rules.ladder import Deadline
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView


def expire(view: CaseView, deadline: Deadline, when: When) -> Plan:
    """All that a due deadline would write. Raises `UnknownEvent`."""
    return (duty_clocks.expire if is_ours(deadline.event) else ladder.expire)(view, deadline, when)
