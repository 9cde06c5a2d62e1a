"""Incidents: the list and its CSV, one incident whole, and everything that may be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from isms_workflow.domain.access import Action
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.domain.rules.lessons import Entry
from isms_workflow.domain.times import When
from isms_workflow.engine.commands import incidents as commands
from isms_workflow.engine.commands import lessons
from isms_workflow.engine.commands.common import case_id
from isms_workflow.engine.commands.lessons import Becomes
from isms_workflow.errors import IsmsError
from isms_workflow.portal import lists
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.dates import as_typed, instant
from isms_workflow.portal.incident_actions import NOW
from isms_workflow.portal.incident_view import Page
from isms_workflow.portal.incidents import REPORT, Look, listing, more
from isms_workflow.portal.one_case import Do, carry_out, found, seen
from isms_workflow.portal.pages import incident_files, incident_report, obligations
from isms_workflow.portal.pages.cases import document_of
from isms_workflow.portal.rendering import machine_time
from isms_workflow.portal.texts import attachment
from isms_workflow.portal.visit import Form, Posted, Reader, Sender, Visit
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import lessons as lesson_questions

router = APIRouter(route_class=Route)
KIND = "incident"
Shown = v.ReportForm | v.Report | v.ImportForm | v.Incident | v.Obligations
HEADS = ("reference", "title", "severity", "state", "category", "reported", "response_due", "response", "seen_to_by", "exercise")


@router.get("/incidents")
def show_all(visit: Reader) -> Response:
    """Every incident that the reader may see."""
    with visit.portal.store.read() as conn:
        page = v.Incidents(listing(Look.of(conn, visit)), REPORT, more=more(visit))
    return visit.page("incidents.html", page, "Incidents")


@router.get("/incidents.csv")
def download(visit: Reader) -> Response:
    """Exactly what the list shows under its filter, on all its pages; instants in UTC."""
    with visit.portal.store.read() as conn:
        look = Look.of(conn, visit)
        rows = look.rows()
        lines = look.lines(rows)
    text = lists.written(HEADS, [
        (line.reference.reference, line.title, line.severity, line.state, line.category, machine_time(line.reported),
         machine_time(row.response_due), line.said, ";".join(who.name for who in line.who), "yes" if line.is_exercise else "no")
        for line, row in zip(lines, rows, strict=True)])
    return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": attachment("incidents.csv")})


@router.get("/incidents/{name}")
def show(visit: Reader, name: str) -> Response:
    """One incident; whoever reported it and may not see it is led to their report."""
    with visit.portal.store.read() as conn:
        view = found(conn, visit, name, KIND)
        if not visit.sees(conn, view) and incident_report.is_reporter(conn, visit, view.case.id):
            return RedirectResponse(f"/incidents/{view.case.reference}/report", 303)
        visit.require_sight(conn, view, "incident", name)
        page = Page(conn, visit, view).whole()
    return visit.page("incident.html", page, "Incidents")


@router.get("/incidents/{name}/document")
def document(visit: Reader, name: str) -> Response:
    """Everything about one incident, as an auditor files it."""
    with visit.portal.store.read() as conn:
        view = seen(conn, visit, name, KIND)
        page = document_of(conn, visit, view)
    return visit.page("case.html", page, "Incidents")


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, Shown, str]:
    """The page of the report or of one incident, for a form on it that was refused: template, view, menu entry."""
    if "report" in path[:2]:
        return incident_report.again(conn, visit, path)
    if path[1:2] == ["obligations"]:
        return obligations.again(conn, visit, path)
    if path[:1] == ["import"]:
        return incident_files.again(conn, visit)
    return "incident.html", Page(conn, visit, seen(conn, visit, path[0], KIND)).whole(), "Incidents"


@router.post("/incidents/{case}/{event}")
def act(visit: Sender, form: Form, case: str, event: str) -> Response:
    """Something is done about it, as its machine and the reader's responsibilities let it."""
    if event not in DO:
        raise Unknown("action", event)
    what, done = DO[event]
    visit.require(Action.WRITE, "Acting on an incident")
    with visit.portal.store.read() as conn:
        name = seen(conn, visit, case, KIND).case.reference
    carry_out(visit, form, case, KIND, what)
    return visit.go(f"/incidents/{name}", done)


def _triage(tx: Transaction, visit: Visit, form: Posted, case: str) -> None:
    """With the response, both or neither."""
    when = When.at(visit.now)
    commands.triage(tx, case, form.version(), form.text("severity"), form.text("reason"), visit.actor, when)
    if form.text(NOW):
        commands.respond(tx, case, None, visit.actor, when)


def _pause(tx: Transaction, visit: Visit, form: Posted, case: str) -> None:
    until = instant(form.text("until"), visit.person.zone, "until")
    if until is None:
        raise Wrong("until", "", "give the date and time at which it ends by itself")
    with as_typed(form.text("until"), "until"):
        commands.pause(tx, case, form.version(), until, form.text("reason"), visit.actor, When.at(visit.now))


def _merge(tx: Transaction, visit: Visit, form: Posted, case: str) -> None:
    """Into one that the reader may see; another reads like none."""
    into = form.text("into").strip().upper()
    try:
        seen(tx, visit, into, KIND)
    except IsmsError:
        raise Wrong("into", into, "name another incident that is open") from None
    commands.merge(tx, case, form.version(), into, form.text("reason"), visit.actor, When.at(visit.now))


def _adder(sort: str) -> Do:
    """An entry of a sort; "" for the one that the form names."""
    def do(tx: Transaction, visit: Visit, form: Posted, case: str) -> None:
        at = instant(form.text("at"), visit.person.zone, "at")
        with as_typed(form.text("at"), "at"):
            lessons.add(tx, case, Entry(sort or form.text("sort"), form.text("text"), at, form.text("parent") or None),
                        visit.actor, When.at(visit.now))
    return do


def _withdraw_entry(tx: Transaction, visit: Visit, form: Posted, case: str) -> None:
    _entry_of(tx, case, form.text("entry"))
    lessons.withdraw(tx, form.text("entry"), form.text("reason"), visit.actor, When.at(visit.now))


def _entry_of(tx: Transaction, case: str, lesson: str) -> None:
    """Raise `Unknown` for an entry of another incident than the one that the reader was shown."""
    if tx.execute(lesson_questions.case_of(lesson)).scalar() != case_id(tx, case):
        raise Unknown("lesson", lesson)


@router.post("/incidents/{case}/lessons/{lesson}/{answer}")
def decide(visit: Sender, form: Form, case: str, lesson: str, answer: str) -> Response:
    """An action item becomes a corrective action, or is declined with a reason."""
    visit.require(Action.WRITE, "Deciding on an action item")
    with visit.portal.store.read() as conn:
        name = seen(conn, visit, case, KIND).case.reference
    with visit.portal.store.write() as tx:
        _entry_of(tx, case, lesson)
        if answer == "take-up":
            lessons.take_up(tx, lesson, Becomes(form.text("owner"), form.text("gravity")), visit.actor, When.at(visit.now))
        elif answer == "decline":
            lessons.decline(tx, lesson, form.text("reason"), visit.actor, When.at(visit.now))
        else:
            raise Unknown("answer", answer)
    return visit.go(f"/incidents/{name}#lessons", "It is decided.")


def _plain(command: Callable[..., None], *fields: str) -> Do:
    """A command that takes these fields of the form as they are."""
    def do(tx: Transaction, visit: Visit, form: Posted, case: str) -> None:
        told = (form.many(name) if name == "steps" else form.text(name) for name in fields)
        command(tx, case, form.version(), *told, visit.actor, When.at(visit.now))
    return do


DO: Mapping[str, tuple[Do, str]] = {
    "acknowledge": (_plain(commands.acknowledge), "You see to it; you will be asked whether that holds."),
    "triage": (_triage, "It is triaged."),
    "respond": (_plain(commands.respond), "You are at it: the steps of the response are owed."),
    "reassess": (_plain(commands.reassess, "severity", "reason"), "The severity has changed, and its clocks with it."),
    "escalate": (_plain(commands.escalate, "reason"), "The next level has been told."),
    "pause": (_pause, "Its clocks stand still."),
    "resume": (_plain(commands.resume), "Its clocks go on."),
    "merge": (_merge, "It is part of the other one."),
    "dismiss": (_plain(commands.dismiss, "reason"), "It is dismissed as a false positive."),
    "take-back": (_plain(commands.take_back, "reason"), "It is an incident again, and its clocks go on."),
    "reopen": (_plain(commands.reopen, "steps", "reason"), "It is open again; the steps that are owed stand below."),
    "add-event": (_adder("event"), "It stands in the timeline."),
    "add-note": (_adder(""), "It is written down."),
    "add-cause": (_adder("cause"), "It is written down."),
    "add-item": (_adder("item"), "It is written down: decide whether it becomes a corrective action."),
    "withdraw-entry": (_withdraw_entry, "It no longer counts."),
    "re-plan": (_plain(commands.replan, "reason"), "It goes on under the programme in force."),
}
"""By an address's last part: what is done, and what is said of it."""
