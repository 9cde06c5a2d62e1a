"""The incidents that are open, side by side by their states."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from isms_workflow.domain.incident import ANY
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.incidents import REPORT, STATES, STATISTICS, Look, Terms, Wanted
from isms_workflow.portal.visit import Reader, Visit

router = APIRouter(route_class=Route)
MOST = 20
"""Cards in a column: more than that nobody reads in one; the list has them all."""

EMPTY = v.Empty("Nothing is open.", "Whoever notices an incident reports it here, in a minute; then it stands in the first "
                                    "column until somebody triages it.", REPORT)
MORE = (v.Link("List", "/incidents"), STATISTICS)


@router.get("/incidents/board")
def show(visit: Reader) -> Response:
    """Each state with its incidents that the reader may see, the gravest first."""
    with visit.portal.store.read() as conn:
        terms = Terms.of(conn)
        columns = tuple(_column(conn, visit, terms, state) for state in STATES if state in ANY)
    is_empty = not any(column.count for column in columns)
    return visit.page("board.html", v.Board(() if is_empty else columns, EMPTY if is_empty else None, MORE), "Incidents")


def _column(conn: Connection, visit: Visit, terms: Terms, state: str) -> v.BoardColumn:
    wanted = Wanted(sort="severity", descending=False, state=state)
    look = Look(conn, visit, wanted, terms)
    rows = look.rows(MOST)
    count = len(rows) if len(rows) < MOST else look.count()
    rest = v.Link(f"All {count:,}", f"/incidents{wanted.url()}") if count > len(rows) else None
    return v.BoardColumn(state, count, look.lines(rows), rest)
