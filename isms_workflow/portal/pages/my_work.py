"""My work: what do I owe, what waits for my decision, is the ISMS alive?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from isms_workflow.domain.duties import STEP_PHASE
from isms_workflow.domain.gates import authority, lacking
from isms_workflow.domain.rules.common import stands_in
from isms_workflow.domain.views import CaseView, Gate, Step, programme_key
from isms_workflow.engine import reading
from isms_workflow.errors import IsmsError
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.names import gate_url, reference, step_url
from isms_workflow.portal.pages.incident_report import reports
from isms_workflow.portal.rendering import word
from isms_workflow.portal.sight import Sight, eyes
from isms_workflow.portal.visit import Reader, Visit
from isms_workflow.portal.waiting import Waiting
from isms_workflow.portal.waiting_actions import overdue, referred
from isms_workflow.portal.waiting_incidents import unanswered
from isms_workflow.portal.waiting_reports import obligations_url, submissions
from isms_workflow.store.statements import work as questions

router = APIRouter(route_class=Route)


@router.get("/")
def my_work(visit: Reader) -> Response:
    """The first screen."""
    with visit.portal.store.read() as conn:
        reader = eyes(conn, visit)
        ids = list(conn.execute(questions.concerning(reader, visit.now)).scalars())
        sight = Sight(conn, visit)
        sight.expect((case, None) for case in ids)
        views = [view for case, view in reading.views(conn, ids, visit.now).items() if sight.sees(case)]
        waiting = Waiting.of(conn, views)
        triage, respond = unanswered(conn, visit, reader)
        decisions = triage + sorted((d for view in views for d in (
            *_decisions(waiting, visit, view), *referred(waiting, visit, view))), key=_urgency)
        owed = respond + sorted((*(o for view in views for o in _owed(waiting, visit, view)), *submissions(conn, visit)), key=_urgency)
        lately, reported, late = _lately(conn, visit), reports(conn, visit), overdue(conn, visit, reader)
    if decisions or owed:
        first = (decisions or owed)[0]
        (decisions or owed)[0] = replace(first, main=True)
    page = v.MyWork(tuple(decisions), tuple(owed), lately, f"/people/{visit.person.id}#done", reported, _next_up(views), late)
    return visit.page("my_work.html", page, "My work")


def _urgency(item: v.WorkItem) -> str:
    return item.due.isoformat() if item.due else "9"


def _decisions(waiting: Waiting, visit: Visit, view: CaseView) -> list[v.WorkItem]:
    found = []
    for gate in view.gates:
        said = _decidable(visit, view, gate)
        if said:
            title = f"Approve {word(gate.name)}" if gate.state == "open" else f"Gate {word(gate.name)} was {gate.state}"
            found.append(v.WorkItem(waiting.named(view, title), gate_url(gate), reference(view), v.Link("Review and decide", gate_url(gate)),
                                    gate.due_at if gate.state == "open" else None, gate.opened_at, said,
                                    waiting.then(view, gate.id)))
    return found


def _decidable(visit: Visit, view: CaseView, gate: Gate) -> str:
    """What waits for the reader at this gate; nothing if it isn't theirs to decide."""
    if gate.state == "open":
        try:
            right = authority(view, gate, visit.person.id, visit.now)
        except IsmsError:
            return ""
        behalf = " for somebody" if right.for_person else ""
        short = " · more people are needed" if lacking(view, gate, visit.now) else ""
        return f"{len(gate.decisions)} of {gate.quorum} approvals so far{behalf}{short}"
    if gate.waits_for_way_out and view.latest_gate(gate.name) == gate:
        who = "top_management" if gate.state == "rejected" else view.workflow.phase(gate.name).owner
        return "say how it goes on" if view.directory.holds(visit.person.id, who) else ""
    return ""


def _owed(waiting: Waiting, visit: Visit, view: CaseView) -> list[v.WorkItem]:
    found = []
    for step in view.steps:
        mine = step.owner == visit.person.id
        if step.state == "open" and (mine or _late_and_mine_as_deputy(visit, view, step)):
            spec = view.workflow.step(programme_key(step.key))
            lacks = spec.evidence_min > step.carries
            said = f"needs: {spec.evidence_needed}" if lacks else "ready to be declared complete"
            url, button = step_url(step), "Add evidence" if lacks else "Complete"
            if step.phase == STEP_PHASE:
                url, button, said = obligations_url(view), "Answer", "it is done when every question is answered"
            found.append(v.WorkItem(
                waiting.named(view, view.title(step)), url, reference(view), v.Link(button, url), step.due_at, step.open_since,
                said if mine else f"as deputy · {said}", waiting.then(view, step.id)))
    return found


def _late_and_mine_as_deputy(visit: Visit, view: CaseView, step: Step) -> bool:
    return step.due_at is not None and step.due_at <= visit.now and stands_in(view, step, visit.person.id)


def _lately(conn: Connection, visit: Visit) -> str:
    week = visit.now - timedelta(days=7)
    count = conn.execute(questions.done_since(visit.person.id, week)).scalar_one()
    return f"{count} this week" if count else ""


def _next_up(views: list[CaseView]) -> str:
    for view in (each for each in views if each.workflow.is_followed):
        if view.phase:
            opened = sum(s.state == "open" for s in view.steps)
            return f"{view.case.reference} is in {word(view.phase.id)}: {opened} steps are open with others."
        return f"{view.case.reference} is planned; it starts when every responsibility is held."
    return "No cycle is open. The ISMS manager starts one on the Cycle page."
