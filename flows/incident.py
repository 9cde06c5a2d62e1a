"""An information security incident."""

from __future__ import annotations

from isms_workflow.domain.incident import LEARNING, RESPONDING
from isms_workflow.engine.prefect.caseflow import case_flow
from isms_workflow.engine.runs import CaseRun
from tasks.incident import asks_for_lessons, close_incident, open_lessons, resolve_incident


@case_flow
def incident(incident: CaseRun) -> None:
    """One information security incident (ISO/IEC 27001:2022, A.5.24 to A.5.28). Safe to run again.

    Its clocks don't need this: triage, response and escalation are waited for here, and kept by the clock.
    """
    incident.entered(RESPONDING)
    incident.require_steps(RESPONDING)
    resolve_incident(incident.case)
    if asks_for_lessons(incident.case):
        open_lessons(incident.case)
        incident.require_steps(LEARNING)
        incident.pass_gate(LEARNING)
    incident.require_reports()
    close_incident(incident.case)
