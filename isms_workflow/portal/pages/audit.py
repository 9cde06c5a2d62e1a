"""Audit: the chain and its checkpoints, and the access log. Opening it takes the right `audit`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.responses import Response

from isms_workflow.domain.access import Action
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.history import entries
from isms_workflow.portal.names import Names
from isms_workflow.portal.visit import Reader, Sender, Visit
from isms_workflow.store import audit
from isms_workflow.store.tables import accesses, checkpoints
from isms_workflow.store.tables import audit as table

router = APIRouter(prefix="/audit", route_class=Route)
PAGE = 50
WHAT = "Opening the history"


@router.get("")
def chain(visit: Reader) -> Response:
    """The newest records and checkpoints."""
    visit.require(Action.AUDIT, WHAT)
    return _chain(visit, "not verified", "Not verified since this page was opened; it is verified every night.")


@router.post("/verify")
def verify(visit: Sender) -> Response:
    """Verifies the whole chain now, and says what was found. Writes nothing."""
    visit.require(Action.AUDIT, WHAT)
    with visit.portal.store.read() as conn:
        verdict = audit.verify(conn)
    if verdict.broken is None:
        return _chain(visit, "verified", f"{verdict.records:,} records verified, from the first to the last.")
    return _chain(visit, "broken", str(verdict.broken))


def _chain(visit: Visit, state: str, says: str) -> Response:
    params = visit.request.query_params
    query = select(table).order_by(table.c.seq.desc()).limit(PAGE)
    start = params.get("from", "")
    if start.isdecimal() and len(start) < 19:  # more than a sequence number can be
        query = query.where(table.c.seq <= int(start))
    with visit.portal.store.read() as conn:
        size, head = audit.head(conn)
        found = entries(conn, query, Names(conn, visit.person), visit)
        points = tuple(v.Checkpoint(r.seq, r.hash, r.at, "daily digests") for r in conn.execute(
            select(checkpoints).order_by(checkpoints.c.seq.desc()).limit(10)))
    oldest = found[-1].sequence - 1 if found else 0
    columns = tuple(v.Column(c) for c in ("Sequence", "When", "Who", "What", "Digest"))
    records = v.Listing("records", columns, found, v.Empty("No records.", "The first is written at set-up."),
                        older=f"?from={oldest}" if oldest > 0 else "", says=f"{size:,} records")
    action = v.Action("verify", "Verify the chain now", "/audit/verify", main=True,
                      then="Reads every record; a million take some seconds. Nothing is written.")
    page = v.Audit("chain", "/audit", "/audit/access", state, says,
                   (v.Fact("Records", f"{size:,}"), v.Fact("Head", head)), records, points, verify=action)
    return visit.page("audit.html", page, "Audit")


@router.get("/access")
def access(visit: Reader) -> Response:
    """Who tried what, and whether it was granted; the newest first."""
    visit.require(Action.AUDIT, "Opening the access log")
    query = select(accesses).order_by(accesses.c.id.desc()).limit(PAGE + 1)
    if before := visit.request.query_params.get("before"):
        query = query.where(accesses.c.id < before)
    with visit.portal.store.read() as conn:
        rows, names = conn.execute(query).all(), Names(conn, visit.person)
        size = _size(conn)
    columns = tuple(v.Column(c) for c in ("When", "Who", "Resource", "Action", "Outcome"))
    log = v.Listing("access", columns, tuple(_attempt(r, names) for r in rows[:PAGE]),
                    v.Empty("No attempts.", "Every attempt is logged here, granted or denied, for 400 days."),
                    older=f"?before={rows[PAGE - 1].id}" if len(rows) > PAGE else "")
    page = v.Audit("access", "/audit", "/audit/access", "not verified", "One digest an hour stands in the chain.",
                   (v.Fact("Records", f"{size:,}"),), access=log)
    return visit.page("audit.html", page, "Audit")


def _size(conn: Connection) -> int:
    return audit.head(conn)[0]


def _attempt(row: Any, names: Names) -> v.Access:
    who = names.who(row.person) if row.person else v.Who("nobody signed in")
    return v.Access(row.at, who, row.resource, row.action, row.outcome.lower())
