"""A corrective action."""

from __future__ import annotations

from isms_workflow.domain.corrective_action import CORRECTING, PLANNING
from isms_workflow.engine.prefect.caseflow import case_flow
from isms_workflow.engine.runs import CaseRun
from tasks.corrective_action import begin_observing, carry_out_plan, open_planning


@case_flow
def corrective_action(action: CaseRun) -> None:
    """One corrective action (ISO/IEC 27001:2022, 10.2). Safe to run again.

    The clock asks for its effectiveness when it is time, and whoever checks it ends it or sends it back; then the next round
    is led like the one before, until it has ended.
    """
    action.require_steps(CORRECTING)
    open_planning(action.case)
    while True:  # the wait for being sent back ends with the action
        action.pass_gate(PLANNING)
        carry_out_plan(action.case)
        action.done()
        begin_observing(action.case)
        action.sent_back()
