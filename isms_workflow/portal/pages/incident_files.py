"""Incidents in and out as files, in the formats of others."""

from __future__ import annotations

import json
from collections.abc import Sequence

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.datastructures import UploadFile
from starlette.responses import Response

from isms_workflow.connectors import veris
from isms_workflow.domain.access import Action
from isms_workflow.domain.incident import HANDLING
from isms_workflow.domain.times import When
from isms_workflow.engine import offices
from isms_workflow.engine.commands import veris as commands
from isms_workflow.engine.commands.veris import Taken
from isms_workflow.portal import incident_paper
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.incidents import section_of
from isms_workflow.portal.one_case import seen
from isms_workflow.portal.sight import Sight
from isms_workflow.portal.texts import attachment, file_name
from isms_workflow.portal.visit import Form, Posted, Reader, Sender, Visit

router = APIRouter(prefix="/incidents", route_class=Route)
WHAT = "Importing incidents"
MOST_SAID = 3
"""Of documents that weren't taken, so many are named: what a page says once travels in a cookie."""
FIELDS = (
    v.Field("file", "VERIS file", "file", f"JSON: an incident, or a list of them; up to {veris.LARGEST // 1024 ** 2} MiB.",
            required=True),
    v.Field("open", "They aren't dealt with yet", "checkbox",
            "They are reported now, with their clocks, and the response team is told. Without it they are history: closed "
            "at once, told to nobody."),
    v.Field("lenient", "Take what can be named", "checkbox",
            "Of files of an older edition, or that don't satisfy the schema. What we read must be right all the same."),
)


@router.get("/import")
def ask(visit: Reader) -> Response:
    """Which files."""
    visit.require(Action.WRITE, WHAT)
    with visit.portal.store.read() as conn:
        page = _form(conn, visit)
    return visit.page("import.html", page, "Incidents")


def again(conn: Connection, visit: Visit) -> tuple[str, v.ImportForm, str]:
    """The form, refused: template, view, menu entry."""
    return "import.html", _form(conn, visit), "Incidents"


def _form(conn: Connection, visit: Visit) -> v.ImportForm:
    section = section_of(conn)
    if section is None or section.veris is None:
        return v.ImportForm(None, "The programme in force doesn't say how such files are read: the section veris of the "
                                  "shipped incident.yaml does. Tell the ISMS manager.")
    directory = offices.directory(conn, visit.now)
    is_ours = any(directory.holds(visit.person.id, name) for name in HANDLING)
    why = "" if is_ours else "It takes the responsibility incident responder or ISMS manager."
    return v.ImportForm(v.Action("import", "Import", "/incidents/import", FIELDS, main=True, why_not=why,
                                 then="All of them, or none: what can't be read is named with its place."))


@router.post("/import")
def take(visit: Sender, form: Form) -> Response:
    """All that the files hold, or nothing."""
    visit.require(Action.WRITE, WHAT)
    checked = veris.schema(visit.portal.settings.veris_schema)
    found = veris.read(_sent(form), checked, bool(form.text("lenient")), "tick “Take what can be named”")
    with visit.portal.store.write() as tx:
        done = commands.take(tx, found, bool(form.text("open")), visit.actor, When.at(visit.now))
    if len(done) == 1:
        return visit.go(f"/incidents/{done[0].reference}", _said(done))
    return visit.go("/incidents", _said(done))


def _sent(form: Posted) -> list[tuple[str, bytes]]:
    files = [each for each in form.form.getlist("file") if isinstance(each, UploadFile) and each.filename]
    return [(file_name(each.filename or ""), each.file.read(veris.LARGEST + 1)) for each in files]


def _said(done: Sequence[Taken]) -> str:
    new, noted = sum(each.is_new for each in done), sum(len(each.notes) for each in done)
    said = [f"{new} of {len(done)} were imported; the others were here already." if new < len(done) else
            "It is imported." if new == 1 else f"All {new} are imported."]
    said += [f"{noted} fields aren't as the schema has them, and are kept as they were."] if noted else []
    unlike = [f"{each.name[:60]}: {each.unlike}." for each in done if each.unlike]
    said += unlike[:MOST_SAID]
    said += [f"So do {len(unlike) - MOST_SAID} more."] if len(unlike) > MOST_SAID else []
    return " ".join(said)


@router.get("/{name}/veris.json")
def as_veris(visit: Reader, name: str) -> Response:
    """One incident as a VERIS document."""
    with visit.portal.store.read() as conn:
        view = seen(conn, visit, name, "incident")
        said = commands.export(conn, view)
    return Response(json.dumps(said, ensure_ascii=False, indent=2) + "\n", media_type="application/json",
                    headers={"Content-Disposition": attachment(f"{view.case.reference}.veris.json")})


@router.get("/{name}/document.pdf")
def as_pdf(visit: Reader, name: str) -> Response:
    """Everything about one incident that the reader may see, to file or to hand on."""
    with visit.portal.store.read() as conn:
        view = seen(conn, visit, name, "incident")
        paper = incident_paper.read(conn, view, lambda label: visit.sees(conn, view, label), Sight(conn, visit).sees)
    return Response(paper.pdf(), media_type="application/pdf",
                    headers={"Content-Disposition": attachment(f"{view.case.reference}.pdf")})
