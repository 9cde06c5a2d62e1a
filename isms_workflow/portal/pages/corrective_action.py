"""Corrective actions: the list and its CSV, opening one by hand, one whole, and everything that may be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from isms_workflow.domain.access import Action
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.domain.rules.corrective import Draft
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, reading
from isms_workflow.engine.commands import corrective as commands
from isms_workflow.portal import lists
from isms_workflow.portal import views as v
from isms_workflow.portal.action_view import Page, checked
from isms_workflow.portal.actions import OPEN_ONE, Look, listing, may_open, section_of
from isms_workflow.portal.asking import Route
from isms_workflow.portal.names import Names
from isms_workflow.portal.one_case import Do, carry_out, seen
from isms_workflow.portal.pages.cases import document_of
from isms_workflow.portal.rendering import machine_time
from isms_workflow.portal.texts import attachment
from isms_workflow.portal.visit import Form, Posted, Reader, Sender, Visit
from isms_workflow.store.database import Transaction

router = APIRouter(route_class=Route)
KIND = "corrective_action"
ENTRY = "Actions"
HEADS = ("reference", "title", "gravity", "state", "owner", "due", "opened", "from", "round")
VERDICTS = {"yes": True, "no": False}


@router.get("/actions")
def show_all(visit: Reader) -> Response:
    """Every corrective action that the reader may see."""
    with visit.portal.store.read() as conn:
        page = v.Actions(listing(Look.of(conn, visit)), OPEN_ONE if may_open(conn, visit) else None)
    return visit.page("actions.html", page, ENTRY)


@router.get("/actions.csv")
def download(visit: Reader) -> Response:
    """Exactly what the list shows under its filter, on all its pages; instants in UTC."""
    with visit.portal.store.read() as conn:
        look = Look.of(conn, visit)
        rows = look.rows()
        lines = look.lines(rows)
    text = lists.written(HEADS, [
        (line.reference.reference, line.title, line.gravity, line.state, line.owner.name,
         machine_time(line.due) if line.due else "", machine_time(line.opened), line.source.reference if line.source else "",
         str(row.round)) for line, row in zip(lines, rows, strict=True)])
    return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": attachment("actions.csv")})


@router.get("/actions/new")
def ask(visit: Reader) -> Response:
    """What is wrong, how grave it is, and who answers for it."""
    with visit.portal.store.read() as conn:
        page = _form(conn, visit)
    return visit.page("action_form.html", page, ENTRY)


def _form(conn: Connection, visit: Visit) -> v.ActionForm:
    section = section_of(conn)
    if section is None:
        return v.ActionForm(None, "The programme in force says nothing of corrective actions: whoever runs the system copies "
                                  "corrective_action.yaml from the shipped programme, and applies it.")
    names = Names(conn, visit.person)
    if not may_open(conn, visit):
        titles = ", ".join(sorted(names.responsibility(name) for name in section.openers))
        return v.ActionForm(None, f"It takes one of these responsibilities: {titles}. Tell one of them what you saw.")
    people = names.choices(tuple(
        p.id for p in offices.directory(conn, visit.now).people.values() if p.may_write))
    gravities = tuple(v.Choice(g.id, f"{g.title}: checked {checked(g)}") for g in section.gravities)
    return v.ActionForm(v.Action("open", "Open the corrective action", "/actions/new", (
        v.Field("title", "What is wrong", hint="In a sentence: “Nobody has ever tried to restore a backup.”", required=True),
        v.Field("description", "What else is known", "textarea", "Which requirement isn't met, where it was seen, what proves it."),
        v.Field("gravity", "How grave", "select", choices=gravities, required=True, value=section.gravities[-1].id),
        v.Field("owner", "Who answers for it", "select", "They neither decide on it nor check it.", choices=(
            v.Choice("", "choose"), *people), required=True),
    ), main=True, then="Its owner owes the correction from now on, and gets a mail."))


@router.post("/actions/new")
def open_one(visit: Sender, form: Form) -> Response:
    """A corrective action by hand."""
    visit.require(Action.WRITE, "Opening a corrective action")
    found = Draft(form.text("title"), form.text("description"), form.text("gravity"), form.text("owner"))
    with visit.portal.store.write() as tx:
        case = commands.open_by_hand(tx, found, visit.actor, When.at(visit.now))
        name = reading.view(tx, case, visit.now).case.reference
    return visit.go(f"/actions/{name}", f"It is {name}; its owner has been told.")


@router.get("/actions/{name}")
def show(visit: Reader, name: str) -> Response:
    """One corrective action."""
    with visit.portal.store.read() as conn:
        page = Page(conn, visit, seen(conn, visit, name, KIND)).whole()
    return visit.page("action.html", page, ENTRY)


@router.get("/actions/{name}/document")
def document(visit: Reader, name: str) -> Response:
    """Everything about one corrective action, as an auditor files it."""
    with visit.portal.store.read() as conn:
        page = document_of(conn, visit, seen(conn, visit, name, KIND))
    return visit.page("case.html", page, ENTRY)


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, v.ActionForm | v.CorrectiveAction, str]:
    """The page of a form that was refused: template, view, menu entry."""
    if path[:1] == ["new"]:
        return "action_form.html", _form(conn, visit), ENTRY
    return "action.html", Page(conn, visit, seen(conn, visit, path[0], KIND)).whole(), ENTRY


@router.post("/actions/{case}/{event}")
def act(visit: Sender, form: Form, case: str, event: str) -> Response:
    """Something is done about it, as its machine and the reader's responsibilities let it."""
    if event not in DO:
        raise Unknown("action", event)
    what, done = DO[event]
    visit.require(Action.WRITE, "Acting on a corrective action")
    with visit.portal.store.read() as conn:
        view = seen(conn, visit, case, KIND)
    carry_out(visit, form, case, KIND, what)
    return visit.go(f"/actions/{view.case.reference}", done)


def _judge(tx: Transaction, visit: Visit, form: Posted, case: str) -> None:
    said = form.text("effective")
    if said not in VERDICTS:
        raise Wrong("effective", said, "say whether it is effective")
    commands.judge(tx, case, form.version(), VERDICTS[said], form.text("reason"), visit.actor, When.at(visit.now))


def _go_on(tx: Transaction, visit: Visit, form: Posted, case: str) -> None:
    commands.go_on(tx, case, form.version(), form.text("owner") or None, form.text("reason"), visit.actor, When.at(visit.now))


def _plain(command: Callable[..., None], *fields: str) -> Do:
    """A command that takes these fields of the form as they are."""
    def do(tx: Transaction, visit: Visit, form: Posted, case: str) -> None:
        command(tx, case, form.version(), *(form.text(name) for name in fields), visit.actor, When.at(visit.now))
    return do


DO: Mapping[str, tuple[Do, str]] = {
    "judge": (_judge, "Your verdict is recorded."),
    "go-on": (_go_on, "It goes back to its root cause."),
    "accept": (_plain(commands.accept, "reason"), "It is closed; what remains is accepted."),
    "hand-over": (_plain(commands.hand_over, "owner", "reason"), "Somebody else answers for it now; both sides are told."),
    "cancel": (_plain(commands.cancel, "reason"), "It is cancelled."),
    "reassess": (_plain(commands.reassess, "gravity", "reason"), "Its gravity is changed."),
    "re-plan": (_plain(commands.replan, "reason"), "It goes on under the programme in force."),
    "bring-forward": (_plain(commands.bring_forward, "reason"), "It is checked now."),
}
"""By an address's last part: what is done, and what is said of it."""
