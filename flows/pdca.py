"""The Plan-Do-Check-Act cycle of an ISMS."""

from __future__ import annotations

from isms_workflow.engine.prefect.caseflow import case_flow
from isms_workflow.engine.runs import CaseRun
from tasks.cycle import close_cycle, open_phase


@case_flow
def pdca(cycle: CaseRun) -> None:
    """One Plan-Do-Check-Act cycle (ISO/IEC 27001:2022, clauses 4 to 10). Safe to run again."""
    cycle.started()
    for phase in cycle.phases():
        open_phase(cycle.case, phase)
        cycle.require_steps(phase)
        cycle.pass_gate(phase)
    cycle.require_gates()
    close_cycle(cycle.case)
