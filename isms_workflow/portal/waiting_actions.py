"""Corrective actions on My work: those that wait for management, and how many are overdue."""

from __future__ import annotations

from sqlalchemy import Connection

from isms_workflow.domain.corrective_action import REFERRED
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT
from isms_workflow.domain.rules.apart import doers
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import offices
from isms_workflow.portal import views as v
from isms_workflow.portal.names import case_url, reference
from isms_workflow.portal.visit import Visit
from isms_workflow.portal.waiting import Waiting
from isms_workflow.store.statements import corrective as questions
from isms_workflow.store.statements.sight import Eyes, seen_by


def referred(waiting: Waiting, visit: Visit, view: CaseView) -> list[v.WorkItem]:
    """An action that wasn't effective, to whoever of top management says how it goes on."""
    me = visit.person.id
    if view.case.state != REFERRED or not view.directory.holds(me, TOP_MANAGEMENT) or me in doers(view):
        return []
    url = case_url(view.case.reference)
    return [v.WorkItem(f"Say how it goes on: {waiting.title(view)}", url, reference(view), v.Link("Review and decide", url), None,
                       view.case.phase_opened_at, "it wasn't effective", waiting.then(view, view.case.id))]


def overdue(conn: Connection, visit: Visit, reader: Eyes) -> v.Link | None:
    """To top management and the ISMS manager: how many corrective actions are overdue, of those that they may see."""
    directory = offices.directory(conn, visit.now)
    if not any(directory.holds(visit.person.id, name) for name in (TOP_MANAGEMENT, ISMS_MANAGER)):
        return None
    count = conn.execute(questions.counted().where(questions.is_overdue(visit.now), seen_by(reader))).scalar_one()
    if not count:
        return None
    said = "1 corrective action is overdue" if count == 1 else f"{count:,} corrective actions are overdue"
    return v.Link(said, "/actions?state=overdue")
