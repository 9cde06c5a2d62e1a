"""Cycles: where they stand, and what is done with one as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.engine.commands import cases as commands
from isms_workflow.engine.commands.common import case_id
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api import shapes
from isms_workflow.portal.api.caller import Caller, Decides, Match, Reads, Writes, tagged
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import among
from isms_workflow.store.statements import cases as questions

router = APIRouter(prefix="/cycles", tags=["cycles"])

WORDS: Mapping[str | None, str] = {"pdca": "cycle", "incident": "incident"}
"""What a case of a kind is called where one isn't found."""

Limit = Annotated[int, Query(ge=1, le=shapes.MOST)]


@router.get("")
def cycles(caller: Reads, limit: Limit = 50, after: str = "") -> m.Page[m.Cycle]:
    """The cycles that you may see, oldest first."""
    with caller.reading() as conn:
        ids = conn.execute(questions.cases_after("pdca", after)).scalars()
        found = []
        for case in ids:
            view = reading.view(conn, case, caller.now)
            if caller.sees(conn, view):
                found.append(shapes.cycle(view))
            if len(found) > limit:
                break
    return shapes.page(found, limit, lambda each: each.id, caller)


@router.get("/{cycle}")
def cycle(cycle: str, caller: Reads, response: Response) -> m.Cycle:
    """One cycle by its reference or id."""
    with caller.reading() as conn:
        found = shapes.cycle(by_name(conn, caller, cycle, "pdca"))
    tagged(response, found.version)
    return found


@router.post("", status_code=201, response_model=m.Cycle)
def open_cycle(caller: Writes) -> Response:
    """Opens a cycle under the programme in force; it starts at once if every responsibility is held."""
    return caller.write(None, lambda tx, when: _after(tx, caller, commands.open_cycle(tx, caller.actor, when)), 201)


@router.post("/{cycle}/start", response_model=m.Cycle)
def start(cycle: str, caller: Writes, _match: Match = None) -> Response:
    """Starts a planned cycle."""
    seen = caller.seen()
    return _write(caller, cycle, None, lambda tx, case, when: commands.start(tx, case, seen, caller.actor, when))


@router.post("/{cycle}/pause", response_model=m.Cycle)
def pause(cycle: str, body: m.Pause, caller: Writes, _match: Match = None) -> Response:
    """Pauses the cycle until a date; what is due moves by as many days."""
    seen = caller.seen()
    return _write(caller, cycle, body, lambda tx, case, when: commands.pause(
        tx, case, seen, body.until, body.reason, caller.actor, when))


@router.post("/{cycle}/resume", response_model=m.Cycle)
def resume(cycle: str, caller: Writes, _match: Match = None) -> Response:
    """Ends a pause before its time."""
    seen = caller.seen()
    return _write(caller, cycle, None, lambda tx, case, when: commands.resume(tx, case, seen, caller.actor, when))


@router.post("/{cycle}/cancel", response_model=m.Cycle)
def cancel(cycle: str, body: m.Why, caller: Decides, _match: Match = None) -> Response:
    """Top management ends the cycle before its time. It can't be undone."""
    seen = caller.seen()
    return _write(caller, cycle, body, lambda tx, case, when: commands.cancel(
        tx, case, seen, body.reason, caller.actor, when))


def by_name(conn: Connection, caller: Caller, name: str, kind: str | None = None) -> CaseView:
    """A case that the caller may see, of one kind or of any. Raises `Unknown`, `NotShown`."""
    found, what = case_id(conn, name), WORDS.get(kind, "case")
    row = conn.execute(questions.found(), among.ids((found,))).first()
    if row is None or kind not in (None, row.kind):
        raise Unknown(what, name)
    return caller.view(conn, found, what, name)


def _write(caller: Caller, name: str, body: m.Taken | None, deed: Callable[[Transaction, str, When], None]) -> Response:
    """A command on a cycle that the caller may see; answered with the cycle as it is then."""
    with caller.reading() as conn:
        case = by_name(conn, caller, name, "pdca").case.id

    def carry_out(tx: Transaction, when: When) -> m.Cycle:
        deed(tx, case, when)
        return _after(tx, caller, case)

    return caller.write(body, carry_out)


def _after(tx: Transaction, caller: Caller, case: str) -> m.Cycle:
    return shapes.cycle(reading.view(tx, case, caller.now))
