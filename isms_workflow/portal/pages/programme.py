"""The programme: the version in force, its text, and what the folder would change."""

from __future__ import annotations

from difflib import unified_diff

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.responses import Response

from isms_workflow.engine import programmes
from isms_workflow.errors import IsmsError
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.names import Names
from isms_workflow.portal.visit import Reader, Visit
from isms_workflow.programme.errors import ProgrammeRefused
from isms_workflow.programme.load import load
from isms_workflow.programme.model import Programme
from isms_workflow.store.tables import programmes as table

router = APIRouter(prefix="/programme", route_class=Route)


@router.get("")
def show(visit: Reader) -> Response:
    """What is in force; `?version=` shows an earlier one's text."""
    with visit.portal.store.read() as conn:
        now = programmes.in_force(conn).programme
        wanted = visit.request.query_params.get("version")
        shown = programmes.version(conn, wanted).programme if wanted else now
        versions = _versions(conn, visit)
    diff, says, faults = _against_folder(visit, now)
    facts = (v.Fact("Digest", shown.digest), v.Fact("Zone", shown.calendar.zone),
             v.Fact("Working hours", f"{shown.calendar.opens:%H:%M} to {shown.calendar.closes:%H:%M}"),
             v.Fact("Holidays", shown.calendar.country or "none"),
             v.Fact("Steps", str(sum(len(p.steps) for w in shown.workflows.values() for p in w.phases))))
    page = v.Programme("in force" if shown.digest == now.digest else "superseded",
                       "New cycles start under the version in force; open ones keep theirs.", facts,
                       tuple(v.ProgrammeFile(name, text) for name, text in sorted(shown.files.items())), versions, diff,
                       says, faults)
    return visit.page("programme.html", page, "Programme")


def _versions(conn: Connection, visit: Visit) -> tuple[v.ProgrammeVersion, ...]:
    names = Names(conn, visit.person)
    rows = conn.execute(select(table).order_by(table.c.applied_at.desc())).all()
    return tuple(v.ProgrammeVersion(r.digest, r.applied_at, names.who(r.applied_by),
                                    "superseded" if r.replaced_at else "in force",
                                    v.Link("Show its text", f"/programme?version={r.digest}")) for r in rows)


def _against_folder(visit: Visit, now: Programme) -> tuple[tuple[v.DiffLine, ...], str, tuple[str, ...]]:
    try:
        folder = load(visit.portal.settings.programme_dir)
    except ProgrammeRefused as error:
        return (), "", tuple(str(p) for p in error.problems)
    except IsmsError as error:
        return (), "", (str(error),)
    if folder.digest == now.digest:
        return (), "The programme's folder is as what is in force.", ()
    lines = [line for name in sorted({*now.files, *folder.files})
             for line in unified_diff(now.files.get(name, "").splitlines(), folder.files.get(name, "").splitlines(),
                                      name, name, lineterm="", n=1)]
    found = tuple(_line(text) for text in lines[:500])
    return found, "The folder differs from what is in force: `isms programme apply` puts it in force.", ()


def _line(text: str) -> v.DiffLine:
    if text.startswith(("+++", "---", "@@")):
        return v.DiffLine("@", text)
    sign = text[:1]
    return v.DiffLine(sign if sign in "+- " else " ", text[1:])  # type: ignore[arg-type]  # one of the three
