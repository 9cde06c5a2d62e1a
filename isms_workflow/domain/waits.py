"""What a case waits for: for whom, since when, until when, and what happens then. Pure, derived, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.domain.corrective_action import OBSERVING, REFERRED
from isms_workflow.domain.duties import STEP_PHASE
from isms_workflow.domain.incident import HANDLING, UNANSWERED, Incident
from isms_workflow.domain.people import TOP_MANAGEMENT
from isms_workflow.domain.rules.cases import needed
from isms_workflow.domain.rules.corrective import action_of
from isms_workflow.domain.views import CaseView, Gate, Step, phase_name
from isms_workflow.programme.incidents import IncidentWorkflow

REPORT = "report "
"""How what waits for the submission of a report begins."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that a case waits for; `who` are responsibilities, never persons, so that Prefect may show it."""

    what: str
    who: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    subject: str = ""  # the id of the step or gate; empty for what the case itself waits for

    def __str__(self) -> str:
        due = f", due {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        return f"{self.what} ({' or '.join(self.who)}{due})" if self.who else f"{self.what}{due}"


def waits(view: CaseView) -> tuple[Wait, ...]:
    """Everything that an open case waits for, in the order in which it would be answered."""
    case = view.case
    if case.closed_at is not None:
        return ()
    if case.state == "planned":
        missing = view.directory.missing(needed(view.workflow))
        what = f"somebody to hold {', '.join(missing)}" if missing else "its start"
        return (Wait(what, ("isms_manager",), case.opened_at, None),)
    if view.incident is not None and case.state in UNANSWERED:
        return (_of_incident(view, view.incident), *_of_reports(view))
    if case.state in (OBSERVING, REFERRED):
        return (_of_action(view),)
    paused = (Wait("the end of its pause", (), case.paused_at, case.paused_until),) if case.paused_until else ()
    ahead = _phases_so_far(view)
    steps = tuple(_of_step(s) for s in view.steps if s.state == "open" and s.phase in ahead)
    gates = tuple(w for phase in ahead if (g := view.latest_gate(phase)) and (w := _of_gate(view, g)))
    return (*paused, *steps, *gates, *_of_reports(view))


def _of_incident(view: CaseView, incident: Incident) -> Wait:
    what = {"reported": "its triage", "triaged": "somebody to respond"}[view.case.state]
    paused = " after its pause" if incident.pause else ""
    return Wait(f"{what}{paused}", HANDLING, view.case.opened_at, None if incident.pause else incident.response_due)


def _of_action(view: CaseView) -> Wait:
    workflow, _ = action_of(view)
    if view.case.state == REFERRED:
        return Wait("management to say how it goes on", (TOP_MANAGEMENT,), view.case.phase_opened_at, None)
    return Wait("the time of its effectiveness check", (workflow.check.responsibility,), view.case.phase_opened_at, None)


def _of_reports(view: CaseView) -> tuple[Wait, ...]:
    """The questions that triage owes, and the reports that are owed, the next to act on first."""
    reporting = view.workflow.reporting if isinstance(view.workflow, IncidentWorkflow) else None
    if view.duties is None or reporting is None:
        return ()
    asked = tuple(_of_step(each) for each in view.steps if each.phase == STEP_PHASE and each.state == "open")
    return (*asked, *(Wait(f"{REPORT}{each.obligation.id}", reporting.decides, each.started_at, each.act_by)
                      for each in view.duties.running))


def _phases_so_far(view: CaseView) -> tuple[str, ...]:
    order = [p.id for p in view.workflow.phases]
    return tuple(order[: order.index(view.case.state) + 1]) if view.case.state in order else ()


def _of_step(step: Step) -> Wait:
    return Wait(f"step {step.key}", (step.responsibility,), step.open_since, step.due_at, step.id)


def _of_gate(view: CaseView, gate: Gate) -> Wait | None:
    phase = view.workflow.phase(gate.name)
    if gate.state == "open":
        left = gate.quorum - len(gate.decisions)
        return Wait(f"{left} of {gate.quorum} approvals of {phase_name(gate.name)}, round {gate.round}",
                    view.workflow.gate(gate.name).responsibilities, gate.opened_at, gate.due_at, gate.id)
    if gate.waits_for_way_out:
        who = TOP_MANAGEMENT if gate.state == "rejected" else phase.owner
        return Wait(f"a way on after gate {phase_name(gate.name)} was {gate.state}", (who,), gate.closed_at, None, gate.id)
    return None


def summary(found: tuple[Wait, ...], most: int = 3) -> str:
    """The waits in a sentence, for a run's state."""
    if not found:
        return "Waits for nothing."
    shown = "; ".join(str(w) for w in found[:most])
    more = len(found) - most
    return f"Waits for {shown}{f'; and {more} more' if more > 0 else ''}."
