"""What mails say about a case as a whole, and about what was decided in it."""

from __future__ import annotations

from collections.abc import Mapping

from isms_workflow.domain.forecast import title
from isms_workflow.domain.records import CaseRecord, GateRecord
from isms_workflow.domain.views import CaseView, Decision, Gate, phase_name
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.mailing.look import Look
from isms_workflow.engine.mailing.of_wait import Expand, Facts, told
from isms_workflow.store.statements import mails as questions


def decided(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001 - all expanders are called alike
    """A gate passed, or was returned for rework."""
    about = effect.payload["about"]
    view = look.view(str(effect.case))
    gate = view.gate(about["gate"])
    facts = {"reference": view.case.reference, "link": f"/gates/{gate.id}", "phase": phase_name(gate.name),
             "answer": about["answer"], "at": told(gate.closed_at), "since": told(gate.opened_at)}
    if about["answer"] == "passed":
        by = [_giver(look, each) for each in gate.decisions if each.answer == "approve"]
        return {**facts, "by": by, "next_up": _next_up(view, gate)}
    record = look.record(GateRecord.RETURNED, gate.id, view.case.id)
    steps = str(record.data.get("steps", "")).split() if record else []
    return {**facts, "by": [_giver(look, each) for each in gate.decisions if each.answer == "return"],
            "next_up": f"Round {gate.round + 1} opens when the reopened steps are done.",
            "steps": [view.title(view.step(step)) for step in steps], "reason": record.reason if record else ""}


def planned_missing(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """A planned case can't start: which responsibilities nobody holds."""
    view = look.view(str(effect.case))
    missing = [title(view, name) for name in effect.payload["about"]["missing"]]
    return {**_of_case(view), "since": told(view.case.opened_at), "missing": missing,
            "then": look.then(view, view.case.id)}


def cycle_started(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """The first phase is open."""
    view = look.view(str(effect.case))
    first = view.workflow.phases[0].id
    return {**_of_case(view), "at": told(view.case.started_at), "phase": phase_name(first),
            "steps": len(view.steps_of(first))}


def cycle_closed(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """Everything is approved; the next one is there."""
    case = look.view(str(effect.case)).case
    assert case.closed_at is not None  # the notice is queued by the transaction that closes it
    successor = look.conn.execute(questions.successor(case.kind, case.closed_at)).scalar()
    return {"reference": case.reference, "link": f"/cases/{case.reference}", "at": told(case.closed_at),
            "since": told(case.started_at or case.opened_at), "successor": successor or "not opened yet"}


def cycle_paused(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """What was due moves by the pause's days."""
    view = look.view(str(effect.case))
    record = look.record(CaseRecord.PAUSED, view.case.id, view.case.id)
    return {**_of_case(view), "at": told(effect.queued_at), "until": effect.payload["about"]["until"],
            "by": look.name(record.actor if record else None), "reason": record.reason if record else ""}


def cycle_cancelled(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """Nobody owes anything for it any more."""
    view = look.view(str(effect.case))
    record = look.record(CaseRecord.MOVED, view.case.id, view.case.id)
    return {**_of_case(view), "at": told(effect.queued_at), "by": look.name(record.actor if record else None),
            "reason": record.reason if record else ""}


FACTS: Mapping[str, Expand] = {
    "decided": decided, "planned_missing": planned_missing, "cycle_started": cycle_started,
    "cycle_closed": cycle_closed, "cycle_paused": cycle_paused, "cycle_cancelled": cycle_cancelled,
}


def _of_case(view: CaseView) -> Facts:
    return {"reference": view.case.reference, "link": f"/cases/{view.case.reference}"}


def _giver(look: Look, decision: Decision) -> str:
    name = look.name(decision.person)
    return f"{name} for {look.name(decision.for_person)}" if decision.for_person else name


def _next_up(view: CaseView, gate: Gate) -> str:
    order = [phase.id for phase in view.workflow.phases]
    here = order.index(gate.name)
    now = order.index(view.case.state) if view.case.state in order else here
    if now < here or now > here + 1:
        return f"{phase_name(view.case.state)} goes on as before."
    if here + 1 == len(order):
        waits = " once its obligations to report are settled" if view.duties and view.duties.hold else ""
        return f"the incident closes{waits}." if view.incident else "the cycle closes, and the next one is opened."
    if view.corrective:
        return "what the plan says is to be done; its owner gets a mail."
    return f"{phase_name(order[here + 1])} opens; whoever owns a step in it gets a mail."
