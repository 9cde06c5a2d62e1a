"""Cases: the list, each case as a document that prints, and search by reference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlencode

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.responses import Response

from isms_workflow.domain.access import may_see
from isms_workflow.domain.views import CaseView, Gate
from isms_workflow.engine import reading
from isms_workflow.engine.commands.common import case_id
from isms_workflow.portal import obligations
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.circle import people_of
from isms_workflow.portal.history import of_case
from isms_workflow.portal.lessons_view import Board
from isms_workflow.portal.names import Names, case_url, gate_url, reference
from isms_workflow.portal.pages.incident_report import is_reporter
from isms_workflow.portal.pages.pdca import line
from isms_workflow.portal.rendering import local_day, word
from isms_workflow.portal.showing import due, file, waited_for, waiting
from isms_workflow.portal.sight import PAGE, Sight, eyes, older, page
from isms_workflow.portal.visit import Reader, Visit
from isms_workflow.store import audit
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.statements import corrective as action_questions
from isms_workflow.store.statements import incidents as incident_questions
from isms_workflow.store.statements.sight import seen_by
from isms_workflow.store.tables import cases, decisions, evidence

router = APIRouter(route_class=Route)

NONE = v.Empty("No cases.", "The first opens when a cycle is started, an incident is reported, or a corrective action opened.",
               v.Link("Go to the cycle", "/cycle"))
NONE_FITS = v.Empty("No case fits.", "Other words, or another state, may find it.", v.Link("All cases", "/cases"))


@router.get("/cases")
def listing(visit: Reader) -> Response:
    """Every case that the reader may see, the newest first."""
    params = visit.request.query_params
    query = select(cases.c.id, cases.c.reference).order_by(cases.c.reference.desc()).limit(PAGE)
    if text := params.get("q", "").strip():
        query = query.where(questions.says(text))
    if state := params.get("state"):
        query = query.where(cases.c.closed_at.is_(None) if state == "open" else cases.c.closed_at.is_not(None))
    with visit.portal.store.read() as conn:
        query = query.where(seen_by(eyes(conn, visit)))
        rows, after = page(
            lambda before: conn.execute(query.where(cases.c.reference < before) if before else query).all(),
            lambda row: str(row.reference), list, params.get("before", ""))
        found = reading.views(conn, [row.id for row in rows], visit.now)
        titles = {row.case_id: row.title for query in (incident_questions.titles, action_questions.titles)
                  for row in conn.execute(query(list(found)))}
        dates = due(conn, found.values())
        lines = tuple(_line(found[row.id], titles, dates.get(row.id)) for row in rows)
    states = v.Field("state", "State", "select", value=state or "",
                     choices=(v.Choice("", "any"), v.Choice("open", "open"), v.Choice("ended", "ended")))
    columns = tuple(v.Column(name) for name in ("Case", "Title", "Kind", "State", "Waits for", "Due", "Changed"))
    table = v.Listing("cases", columns, lines, NONE_FITS if text or state else NONE, "/cases",
                      (v.Field("q", "Words or reference", value=text), states),
                      older=older(params, after), says="1 case" if len(lines) == 1 else f"{len(lines)} cases")
    return visit.page("cases.html", v.Cases(table), "Cases")


def _line(view: CaseView, titles: Mapping[str, str | None], until: datetime | None) -> v.CaseLine:
    case = view.case
    title = view.workflow.title if view.workflow.is_followed else titles.get(case.id) or "(erased)"
    changed = case.closed_at or case.paused_at or case.phase_opened_at or case.opened_at
    return v.CaseLine(reference(view), title, "PDCA" if view.workflow.is_followed else view.workflow.title, view.case.state,
                      waited_for(view), until, changed)


@router.get("/cases/{name}")
def document(visit: Reader, name: str) -> Response:
    """Everything about one case, as an auditor files it."""
    with visit.portal.store.read() as conn:
        view = reading.view(conn, case_id(conn, name), visit.now)
        if view.incident is not None and (visit.sees(conn, view) or is_reporter(conn, visit, view.case.id)):
            return visit.go(case_url(view.case.reference))
        visit.require_sight(conn, view, "case", name)
        if view.corrective is not None:
            return visit.go(case_url(view.case.reference))
        page = document_of(conn, visit, view)
    return visit.page("case.html", page, "Cases")


def document_of(conn: Connection, visit: Visit, view: CaseView) -> v.Case:
    """A case whole, as it prints."""
    names, case = Names(conn, visit.person), view.case
    size, head = audit.head(conn)
    phases = tuple(v.CasePhase(p.title, _state(view, p.id), tuple(line(view, s, names) for s in view.steps_of(p.id)))
                   for p in view.workflow.phases)
    facts = (v.Fact("Kind", view.workflow.title), v.Fact("Opened", local_day(case.opened_at, visit.person.zone)),
             v.Fact("Programme", case.programme, "/programme"), v.Fact("Label", case.label))
    ended = f"ended {local_day(case.closed_at, visit.person.zone)}" if case.closed_at else "running"
    title = view.workflow.title
    if view.incident is not None:
        told = conn.execute(incident_questions.report_of(case.id)).one()
        title = told.title or "(erased)"
        facts = (*facts, v.Fact("Severity", view.incident.severity), v.Fact("Description", told.description or "none"))
    if view.corrective is not None:
        said = conn.execute(action_questions.action_of(case.id)).one()
        title = said.title or "(erased)"
        facts = (*facts, v.Fact("Gravity", view.corrective.gravity), v.Fact("Owner", names.name(view.corrective.owner)),
                 v.Fact("Description", said.description or "none"))
    return v.Case(reference(view), title, case.state, ended, facts, phases,
                  tuple(_decision(conn, g, names) for g in view.gates), _files(conn, visit, view, names),
                  of_case(conn, case.id, names, visit), head, size, waiting(conn, view),
                  lessons=None if view.incident is None else Board(conn, visit, view, names).whole(working=False),
                  reports=obligations.Page(conn, visit, view).lines())


def _state(view: CaseView, phase: str) -> str:
    gate = view.latest_gate(phase)
    without = "done" if phase not in view.workflow.gates and view.is_settled(phase) else "planned"
    return gate.state if gate else "open" if phase == view.case.state else without


def _decision(conn: Connection, gate: Gate, names: Names) -> v.DecisionLine:
    words = {"approve": "approved", "return": "returned", "reject": "rejected"}
    rows = conn.execute(select(decisions).where(decisions.c.gate_id == gate.id).order_by(decisions.c.decided_at)).all()
    votes = tuple(v.Vote(names.who(r.person, f"for {names.name(r.for_person)}" if r.for_person else ""),
                         "void" if r.voided_at else words[r.answer], r.decided_at, r.digest) for r in rows)
    return v.DecisionLine(v.Link(f"Gate: approve {word(gate.name)}", gate_url(gate)), gate.round, gate.state,
                          gate.closed_at, votes, gate.digest)


def _files(conn: Connection, visit: Visit, view: CaseView, names: Names) -> tuple[v.Evidence, ...]:
    rows = conn.execute(select(evidence).where(evidence.c.case_id == view.case.id).order_by(evidence.c.added_at)).all()
    inside = visit.person.id in people_of(conn, view, visit.now)
    return tuple(file(r, names) for r in rows if may_see(visit.person, r.label, inside))


@router.get("/search")
def search(visit: Reader) -> Response:
    """Typing a reference goes there; words, or part of one, filter the cases; nothing shows them all."""
    text = visit.request.query_params.get("q", "").strip()
    name = text.upper()
    with visit.portal.store.read() as conn:
        row = conn.execute(select(cases.c.id).where(cases.c.reference == name)).first()
        found = row is not None and (Sight(conn, visit).sees(row.id) or is_reporter(conn, visit, row.id))
    if found:
        return visit.go(case_url(quote(name)))
    return visit.go(f"/cases?{urlencode({'q': text})}" if text else "/cases")
