"""Reporting an incident, which everybody with an account may, and the page on which its reporter sees how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from isms_workflow.domain.access import Action
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.incident import RESPONDING
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.rules import attachments as rules
from isms_workflow.domain.rules.attachments import AT_ONCE
from isms_workflow.domain.rules.incidents import Report
from isms_workflow.domain.times import When
from isms_workflow.engine import programmes, reading, register
from isms_workflow.engine.commands import attachments
from isms_workflow.engine.commands import incidents as commands
from isms_workflow.engine.commands.common import case_id
from isms_workflow.portal import attaching, uploads
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.dates import as_typed, instant
from isms_workflow.portal.incidents import Terms, section_of
from isms_workflow.portal.names import Names
from isms_workflow.portal.one_case import found
from isms_workflow.portal.rendering import local_instant
from isms_workflow.portal.showing import file
from isms_workflow.portal.visit import Form, Posted, Reader, Sender, Visit
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.store.statements import incidents as questions
from isms_workflow.store.tables import cases

router = APIRouter(prefix="/incidents", route_class=Route)

STANDS = {
    "reported": "The response team has been told. Nobody has looked at it yet; if nobody does, more people are told.",
    "triaged": "Somebody of the response team has looked at it. It waits for somebody to respond.",
    RESPONDING: "The response team is at it.",
    "resolved": "It is dealt with: it was contained, its cause is gone, and work goes on.",
    "lessons_learned": "It is dealt with. What can be learned from it is being written down.",
    "closed": "It is dealt with, and closed.",
    "false_positive": "The response team looked at it: it was no incident. Thank you all the same; report the next one too.",
    "merged": "It is part of another incident that was known already, and is dealt with there.",
}
"""How a report stands, to whoever made it."""


@router.get("/report")
def ask(visit: Reader) -> Response:
    """What happened, in a minute."""
    with visit.portal.store.read() as conn:
        page = _form(conn, visit)
    return visit.page("report.html", page, "Incidents")


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, v.ReportForm | v.Report, str]:
    """The form of a report, or the page of one that was made, for a form that was refused: template, view, menu entry."""
    if path[1:2] == ["report"]:
        return "reported.html", _reported(conn, visit, path[0]), "Incidents"
    return "report.html", _form(conn, visit), "Incidents"


def _form(conn: Connection, visit: Visit) -> v.ReportForm:
    section = section_of(conn)
    if section is None:
        return v.ReportForm(None, "The programme in force says nothing of incidents yet. Tell the ISMS manager, and let "
                                  "them know what happened.")
    return v.ReportForm(v.Action("report", "Report the incident", "/incidents/report", _fields(conn, visit, section), main=True,
                                 hidden=(("form", new_id()),),
                                 then="The response team is told at once. You see on a page of your own how it stands."))


def _fields(conn: Connection, visit: Visit, section: IncidentWorkflow) -> tuple[v.Field, ...]:
    systems = tuple(v.Choice(system.id, system.name) for system in register.in_use(conn))
    affected = (v.Field("systems", "Affected systems", "checkboxes", "None is fine: then the response team finds out.",
                        choices=systems),) if systems else ()
    return (
        v.Field("title", "What happened", hint="In a sentence: “The mail of a colleague sends links that I didn't expect.”",
                required=True),
        v.Field("category", "What it looks like", "select", "A guess is enough.", required=True, choices=(
            v.Choice("", "choose"), *(v.Choice(each.id, each.title) for each in section.categories))),
        *affected,
        v.Field("description", "What else you know", "textarea", "What you saw, what you did, whom you told. Don't try it again."),
        v.Field("occurred_at", "When it began", "datetime-local", f"As far as you know, in {visit.person.zone}."),
        v.Field("files", "Files", "file", attaching.hint(visit, AT_ONCE), multiple=True),
        v.Field("exercise", "This is an exercise", "checkbox", "Everything runs as if it were real, and says that it isn't."),
    )


@router.post("/report")
def report(visit: Sender, form: Form) -> Response:
    """An incident at once, whoever reports it; with its files, or, if one can't be taken, not yet. The same form sent again,
    as after *Back*, leads to what it has become.
    """
    visit.require(Action.REPORT, "Reporting an incident")
    sent, when = uploads.chosen(form.form, "files"), When.at(visit.now)
    began = instant(form.text("occurred_at"), visit.person.zone, "occurred_at")
    key = f"form:{form.text('form')[:60]}" if form.text("form") else None
    told = Report(form.text("title"), form.text("description"), form.text("category"), occurred_at=began, external_key=key,
                  is_exercise=bool(form.text("exercise")))
    with as_typed(form.text("occurred_at"), "occurred_at"), visit.portal.store.read() as conn:
        if key and (before := conn.execute(questions.of_key(visit.person.id, key)).first()):
            return visit.go(f"/incidents/{before.reference}/report", f"You had sent this form already: it is {before.reference}.")
        commands.may_report(conn, told, form.many("systems"), when)
    rules.enough(len(sent))
    files = [uploads.attachment(visit.portal, each, "files") for each in sent]
    with as_typed(form.text("occurred_at"), "occurred_at"), visit.portal.store.write() as tx:
        view, _ = commands.report(tx, told, form.many("systems"), visit.actor, when)
        attachments.attach(tx, view.case.id, files, visit.actor, when)
    name = view.case.reference
    return visit.go(f"/incidents/{name}/report", f"Thank you: it is {name}, and the response team has been told.")


@router.get("/{name}/report")
def reported(visit: Reader, name: str) -> Response:
    """What its reporter said, and how it stands; to nobody else."""
    with visit.portal.store.read() as conn:
        page = _reported(conn, visit, name)
    return visit.page("reported.html", page, "Incidents")


@router.post("/{name}/files")
def attach(visit: Sender, form: Form, name: str) -> Response:
    """More files to a report of one's own, from the incident's page."""
    return _attach(visit, form, name)


@router.post("/{name}/report/files")
def attach_to_report(visit: Sender, form: Form, name: str) -> Response:
    """The same from the page of the report."""
    return _attach(visit, form, name, "/report")


def _attach(visit: Visit, form: Posted, name: str, page: str = "") -> Response:
    """Of others' reports the refusal is that of whether the reader may see them."""
    with visit.portal.store.read() as conn:
        view = found(conn, visit, name, "incident")
        if not is_reporter(conn, visit, view.case.id):
            visit.require_sight(conn, view, "incident", name)
    done = attaching.take(visit, form, view.case.id)
    return visit.go(f"/incidents/{view.case.reference}{page}#files", done)


def is_reporter(conn: Connection, visit: Visit, case: str) -> bool:
    """Whether the reader is who reported the incident."""
    row = conn.execute(questions.report_of(case)).first()
    return row is not None and row.reported_by == visit.person.id


def _reported(conn: Connection, visit: Visit, name: str) -> v.Report:
    case = case_id(conn, name)
    if not is_reporter(conn, visit, case):
        raise Unknown("report", name)
    row: Any = conn.execute(questions.lines().where(cases.c.id == case)).one()
    told: Any = conn.execute(questions.report_of(case)).one()
    view = reading.view(conn, case, visit.now)
    section = programmes.version(conn, view.case.programme).programme.workflows["incident"]
    assert isinstance(section, IncidentWorkflow)  # it was reported under it
    terms, zone = Terms.of_section(section), visit.person.zone
    systems = register.by_ids(conn, view.incident.systems if view.incident else ())
    facts = [v.Fact("Reported", local_instant(row.opened_at, zone)), v.Fact("Category", terms.category(row.category)),
             v.Fact("Affected systems", ", ".join(sorted(s.name for s in systems.values())) or "none named")]
    if told.occurred_at:
        facts.append(v.Fact("Began", local_instant(told.occurred_at, zone)))
    if row.is_exercise:
        facts.append(v.Fact("Exercise", "yes: it isn't real"))
    if row.closed_at:
        facts.append(v.Fact("Ended", local_instant(row.closed_at, zone)))
    seen = v.Link("See the incident", f"/incidents/{row.reference}") if visit.sees(conn, view) else None
    names = Names(conn, visit.person)
    files = tuple(replace(file(each, names), url="", label="internal") for each in conn.execute(questions.attachments_of(case))
                  if each.added_by == visit.person.id)  # what they sent, and not how the case is labelled
    attach = attaching.form(conn, visit, view, f"/incidents/{row.reference}/report")
    return v.Report(row.reference, row.title or "(erased)", row.state, STANDS[row.state], told.description or "",
                    tuple(facts), seen, files, attaching.nothing(view, attach), attach)


def reports(conn: Connection, visit: Visit, most: int = 10) -> tuple[v.ReportLine, ...]:
    """The reader's own reports, newest first, for My work."""
    return tuple(v.ReportLine(v.Link(row.reference, f"/incidents/{row.reference}/report"), row.title or "(erased)", row.state,
                              row.opened_at)
                 for row in conn.execute(questions.reports_of(visit.person.id, most)))
