"""From the domain's views of incidents to what the API says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.incident import FILE, MACHINE
from isms_workflow.domain.machine import AGENTS
from isms_workflow.domain.rules.incidents import Report
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.waits import waits
from isms_workflow.engine.mailing.look import Look
from isms_workflow.portal.api import incident_models as im
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api import shapes
from isms_workflow.portal.api.caller import Caller
from isms_workflow.store.statements import among
from isms_workflow.store.statements import cases as case_questions
from isms_workflow.store.statements import incidents as questions


def incidents(conn: Connection, views: Sequence[CaseView]) -> list[im.Incident]:
    """These incidents, as a list shows them."""
    ids = [view.case.id for view in views]
    rows, counts = _rows(conn, ids), _occurrences(conn, ids)
    return [im.Incident(**_facts(view, rows[view.case.id], counts.get(view.case.id, 0))) for view in views]


def whole(conn: Connection, caller: Caller, view: CaseView) -> im.IncidentWhole:
    """One incident with everything on it."""
    case = view.case
    row = _rows(conn, [case.id])[case.id]
    return im.IncidentWhole(
        **_facts(view, row, _occurrences(conn, [case.id]).get(case.id, 0)),
        description=row.description, external_key=row.external_key,
        attachments=shapes.attachments(conn, caller, view), steps=[shapes.step(view, each) for each in view.steps],
        possible=[each.event for each in MACHINE.rules if case.state in each.frm and each.by - AGENTS and each.event != FILE],
        if_nobody_acts=shapes.coming(Look(conn, caller.now).coming(view, case.id)),
    )


def just_reported(view: CaseView, found: Report) -> im.Reported:
    """How a report stands that has just become an incident: nothing needs to be read back."""
    case = view.case
    return im.Reported(id=case.id, reference=case.reference, state=case.state, title=found.title.strip(),
                       category=found.category, reported_at=case.opened_at, closed_at=None, occurrences=0, new=True)


def reported(conn: Connection, case: str) -> im.Reported:
    """How a report stands: what whoever made it may hear of it."""
    of_case = conn.execute(case_questions.found(), among.ids((case,))).one()
    row = _rows(conn, [case])[case]
    return im.Reported(
        id=case, reference=of_case.reference, state=of_case.state, title=row.title, category=row.category,
        reported_at=of_case.opened_at, closed_at=of_case.closed_at,
        occurrences=_occurrences(conn, [case]).get(case, 0))


def _facts(view: CaseView, row: Any, occurrences: int) -> dict[str, Any]:
    """What an incident's list entry and its whole have in common."""
    case, (_, incident) = view.case, incidents_of(view)
    of_case = {name: getattr(case, name) for name in ("id", "reference", "state", "version", "label", "programme", "closed_at")}
    names = ("category", "severity", "reported_by", "source", "response_due", "responded_at", "breached_at", "merged_into",
             "follows")
    return {
        **of_case, **{name: getattr(incident, name) for name in names},
        "title": row.title, "systems": list(incident.systems), "reported_at": case.opened_at,
        "occurred_at": row.occurred_at, "occurrences": occurrences, "exercise": incident.is_exercise,
        "acknowledged_by": incident.word.by if incident.word else None,
        "paused_until": incident.pause.until if incident.pause else None,
        "waits": [m.Wait(what=w.what, who=list(w.who), since=w.since, until=w.until) for w in waits(view)],
    }


def _rows(conn: Connection, ids: Sequence[str]) -> dict[str, Any]:
    return {row.case_id: row for row in conn.execute(questions.beside(), among.ids(ids))}


def _occurrences(conn: Connection, ids: Sequence[str]) -> dict[str, int]:
    return dict(conn.execute(questions.occurrences_of(), among.ids(ids)).tuples().all())
