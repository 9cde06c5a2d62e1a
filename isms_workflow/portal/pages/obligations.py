"""Reports that acts, contracts and insurances ask for: those of one incident, and all that run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from isms_workflow.domain.access import Action
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.domain.rules.obligations import Happened
from isms_workflow.domain.times import When
from isms_workflow.engine.commands import obligations as commands
from isms_workflow.portal import lists, uploads
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.dates import as_typed, instant
from isms_workflow.portal.drafting import draft_of
from isms_workflow.portal.names import reference
from isms_workflow.portal.obligations import Page
from isms_workflow.portal.one_case import seen
from isms_workflow.portal.rendering import machine_time
from isms_workflow.portal.running import COLUMNS, Look, listing
from isms_workflow.portal.texts import attachment, file_name, media_type
from isms_workflow.portal.visit import Form, Posted, Reader, Sender, Visit

router = APIRouter(route_class=Route)
MENU = "Obligations"
KIND = "incident"
VALUES: Mapping[str, bool | None] = {"yes": True, "no": False, "open": None}


@router.get("/obligations")
def running(visit: Reader) -> Response:
    """Every report that runs, of the incidents that the reader may see, the next to act on first."""
    with visit.portal.store.read() as conn:
        table = listing(Look(conn, visit), visit.request.query_params)
    return visit.page("running_obligations.html", v.Running(table), MENU)


@router.get("/obligations.csv")
def download(visit: Reader) -> Response:
    """The whole list; instants in UTC, an empty one where the act names none."""
    with visit.portal.store.read() as conn:
        look = Look(conn, visit)
        lines = look.lines(look.rows())
    text = lists.written(COLUMNS, [
        (line.reference.reference, line.report.label, line.article, line.recipient,
         *(machine_time(at) if at else "" for at in (line.act_by, line.latest))) for line in lines])
    return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": attachment("obligations.csv")})


@router.get("/incidents/{name}/obligations")
def show(visit: Reader, name: str) -> Response:
    """Which reports one incident owes, by when, and what has been said about them."""
    with visit.portal.store.read() as conn:
        page = _page(conn, visit, name)
    return visit.page("obligations.html", page, MENU)


def _page(conn: Connection, visit: Visit, name: str) -> v.Obligations:
    return Page(conn, visit, seen(conn, visit, name, KIND)).whole()


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, v.Obligations, str]:
    """The page, for a form on it that was refused: template, view, menu entry."""
    return "obligations.html", _page(conn, visit, path[0]), MENU


@router.get("/incidents/{name}/obligations/{stage}/draft")
def draft(visit: Reader, name: str, stage: str) -> Response:
    """A draft of one report from the incident's record, to copy."""
    with visit.portal.store.read() as conn:
        view = seen(conn, visit, name, KIND)
        found = draft_of(conn, view, stage, visit.now)
    url = f"/incidents/{view.case.reference}/obligations"
    files = tuple(v.Link(f"Download the draft ({name})", f"{url}/{stage}/draft.{ends}") for name, ends in (("Markdown", "md"), ("PDF", "pdf")))
    page = v.DraftPage(reference(view), v.Link("All reports of the incident", url), found.text, files, f"Draft: {found.title}")
    return visit.page("draft.html", page, MENU)


@router.get("/incidents/{name}/obligations/{stage}/draft.md")
def draft_file(visit: Reader, name: str, stage: str) -> Response:
    """The same as a file."""
    with visit.portal.store.read() as conn:
        view = seen(conn, visit, name, KIND)
        found = draft_of(conn, view, stage, visit.now)
    headers = {"Content-Disposition": attachment(f"{view.case.reference}-{stage}.md")}
    return Response(found.text, media_type="text/markdown; charset=utf-8", headers=headers)


@router.get("/incidents/{name}/obligations/{stage}/draft.pdf")
def draft_on_paper(visit: Reader, name: str, stage: str) -> Response:
    """The same on paper."""
    with visit.portal.store.read() as conn:
        view = seen(conn, visit, name, KIND)
        found = draft_of(conn, view, stage, visit.now)
    headers = {"Content-Disposition": attachment(f"{view.case.reference}-{stage}.pdf")}
    return Response(found.pdf(), media_type="application/pdf", headers=headers)


@router.post("/incidents/{case}/obligations/{what}")
def act(visit: Sender, form: Form, case: str, what: str) -> Response:
    """Something is said about its reports."""
    if what not in DO:
        raise Unknown("action", what)
    visit.require(Action.WRITE, "Saying something about an incident's reports")
    with visit.portal.store.read() as conn:
        name = seen(conn, visit, case, KIND).case.reference
    deed, done = DO[what]
    deed(visit, form, case)
    return visit.go(f"/incidents/{name}/obligations", done)


def _answer(visit: Visit, form: Posted, case: str) -> None:
    asked = {name: form.text(name) for name in form.form if "." in name and form.text(name)}
    for name, value in asked.items():
        if value not in ("yes", "no"):
            raise Wrong(name, value, "yes or no")
    with visit.portal.store.write() as tx:
        commands.answer(tx, case, {name: VALUES[value] for name, value in asked.items()}, form.text("reason"), visit.actor,
                        When.at(visit.now))


def _correct(visit: Visit, form: Posted, case: str) -> None:
    value = form.text("value")
    if value not in VALUES:
        raise Wrong("value", value, "yes, no, or not known after all")
    with visit.portal.store.write() as tx:
        commands.answer(tx, case, {form.text("question"): VALUES[value]}, form.text("reason"), visit.actor, When.at(visit.now))


def _date(visit: Visit, form: Posted, case: str) -> None:
    kind, _, of = form.text("event").partition("|")
    _record(visit, form, case, kind, of or None, None)


def _redate(visit: Visit, form: Posted, case: str) -> None:
    """The event that is corrected says of what kind it is."""
    with visit.portal.store.read() as conn:
        duties = seen(conn, visit, case, KIND).duties
    before = next((each for each in duties.dated if each.id == form.text("replaces")), None) if duties else None
    if before is None:
        raise Wrong("replaces", form.text("replaces"), "choose what was recorded")
    _record(visit, form, case, before.event.kind, before.event.of, before.id)


def _record(visit: Visit, form: Posted, case: str, kind: str, of: str | None, replaces: str | None) -> None:
    at, until = (instant(form.text(name), visit.person.zone, name) for name in ("at", "until"))
    if at is None:
        raise Wrong("at", "", "give the date and the time at which it happened")
    with visit.portal.store.write() as tx, as_typed(form.text("at"), "at"), as_typed(form.text("until"), "until"):
        commands.date(tx, case, Happened(kind, at, of, until, replaces), form.text("reason"), visit.actor, When.at(visit.now))


def _submit(visit: Visit, form: Posted, case: str) -> None:
    """The file is taken only from whoever may decide; its bytes are stored before the transaction."""
    at, sent = instant(form.text("at"), visit.person.zone, "at"), next(iter(uploads.chosen(form.form, "file")), None)
    if at is None:
        raise Wrong("at", "", "give the date and the time at which it was submitted")
    if sent is None:
        raise Wrong("file", "", "attach the report as it was submitted")
    name = file_name(sent.filename or "")
    with visit.portal.store.read() as conn:
        commands.may_submit(conn, case, visit.actor, When.at(visit.now))
    stored = uploads.kept(visit.portal, sent)
    with visit.portal.store.write() as tx, as_typed(form.text("at"), "at"):
        commands.submit(tx, case, form.text("obligation"), at, stored, name, media_type(sent.content_type),
                        form.text("reason"), visit.actor, When.at(visit.now))


def _waive(visit: Visit, form: Posted, case: str) -> None:
    with visit.portal.store.write() as tx:
        commands.waive(tx, case, form.text("obligation"), form.text("reason"), visit.actor, When.at(visit.now))


def _withdraw(visit: Visit, form: Posted, case: str) -> None:
    with visit.portal.store.write() as tx:
        commands.withdraw(tx, case, form.text("what"), form.text("reason"), visit.actor, When.at(visit.now))


DO: Mapping[str, tuple[Callable[[Visit, Posted, str], None], str]] = {
    "answer": (_answer, "The answers are recorded."),
    "date": (_date, "It is recorded; what counts from it runs."),
    "submit": (_submit, "It is recorded as submitted, with the report."),
    "update": (_submit, "The update is recorded, with the report."),
    "delay": (_date, "It is recorded; what reminds of the report has moved with it."),
    "waive": (_waive, "The decision is recorded with its reason."),
    "correct": (_correct, "The answer is corrected; the history keeps both."),
    "redate": (_redate, "The instant is corrected; the history keeps both."),
    "withdraw": (_withdraw, "It counts no more; the history keeps it."),
}
"""By an address's last part: what is done, and what is said of it."""
