"""Evidence: every file that the reader may see, always sent as an attachment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.responses import Response, StreamingResponse

from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.names import Names, case_url, reference, step_url
from isms_workflow.portal.showing import file
from isms_workflow.portal.sight import PAGE, Sight, older, page
from isms_workflow.portal.texts import attachment
from isms_workflow.portal.visit import Reader
from isms_workflow.store.tables import evidence

router = APIRouter(prefix="/evidence", route_class=Route)
COLUMNS = ("File", "Belongs to", "Added", "Size", "SHA-256", "Last checked")


@router.get("")
def listing(visit: Reader) -> Response:
    """The newest first, 50 a page."""
    query, params = select(evidence).order_by(evidence.c.id.desc()).limit(PAGE), visit.request.query_params
    with visit.portal.store.read() as conn:
        sight, names = Sight(conn, visit), Names(conn, visit.person)
        rows, after = page(
            lambda before: conn.execute(query.where(evidence.c.id < before) if before else query).all(),
            lambda row: str(row.id), lambda some: _seen(sight, some), params.get("before", ""))
        views = reading.views(conn, list({row.case_id for row in rows}), visit.now)
        lines = tuple(_line(views[row.case_id], row, names) for row in rows)
    table = v.Listing("evidence", tuple(v.Column(c) for c in COLUMNS), lines,
                      v.Empty("No evidence.", "Files that steps carry are listed here, with their digests.",
                              v.Link("Go to the cycle", "/cycle")),
                      older=older(params, after), says="1 file" if len(lines) == 1 else f"{len(lines)} files")
    return visit.page("evidence.html", v.EvidencePage(table), "Evidence")


def _seen(sight: Sight, rows: Sequence[Any]) -> list[Any]:
    sight.expect((row.case_id, row.label) for row in rows)
    return [row for row in rows if sight.sees(row.case_id, row.label)]


def _line(view: CaseView, row: Any, names: Names) -> v.Evidence:
    return replace(file(row, names), belongs=_belongs(view, row.step_id), reference=reference(view))


def _belongs(view: CaseView, step_id: str | None) -> v.Link:
    """The step that carries it; what came with a report is on the incident's own page."""
    if step_id is None:
        return v.Link("The report", f"{case_url(view.case.reference)}#files")
    step = view.step(step_id)
    return v.Link(view.title(step), step_url(step))


@router.get("/{item}/file")
def download(visit: Reader, item: str) -> Response:
    """The file's bytes, streamed; never shown in the browser."""
    with visit.portal.store.read() as conn:
        row = _found(conn, item)
        visit.require_sight(conn, reading.view(conn, row.case_id, visit.now), "evidence", item, row.label)
    chunks = _begun(visit.portal.files.open_chunks(row.sha256))
    headers = {"Content-Disposition": attachment(row.name or row.sha256),
               "Content-Length": str(row.size), "Digest": f"sha-256={row.sha256}"}
    return StreamingResponse(chunks, media_type="application/octet-stream", headers=headers)


def _found(conn: Connection, item: str) -> Any:
    row = conn.execute(select(evidence).where(evidence.c.id == item)).first()
    if row is None:
        raise Unknown("evidence", item)
    return row


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same, its first piece read already: a lost file is an error page, not a download cut short."""
    return chain((next(chunks),), chunks)
