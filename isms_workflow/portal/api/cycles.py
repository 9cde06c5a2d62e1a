"""Cycles: where they stand, and what is done with one as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response

from isms_workflow.engine import reading
from isms_workflow.engine.commands import cases as commands
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api import shapes
from isms_workflow.portal.api.caller import Caller, Decides, Match, Reads, Writes, tagged
from isms_workflow.portal.api.cases import BATCH, Limit, by_name, carry_out, seen_of
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import cases as questions

router = APIRouter(prefix="/cycles", tags=["cycles"], route_class=Route)

KIND = "pdca"


@router.get("")
def cycles(caller: Reads, limit: Limit = 50, after: str = "") -> m.Page[m.Cycle]:
    """The cycles that you may see, oldest first."""
    found: list[m.Cycle] = []
    behind = after
    with caller.reading() as conn:
        while len(found) <= limit and (ids := list(conn.execute(questions.cases_after(KIND, behind).limit(BATCH)).scalars())):
            found += [shapes.cycle(view) for view in seen_of(conn, caller, ids)]
            behind = ids[-1]
    return shapes.page(found[:limit + 1], limit, lambda each: each.id, caller)


@router.get("/{cycle}")
def cycle(cycle: str, caller: Reads, response: Response) -> m.Cycle:
    """One cycle by its reference or id."""
    with caller.reading() as conn:
        found = shapes.cycle(by_name(conn, caller, cycle, KIND))
    tagged(response, found.version)
    return found


@router.post("", status_code=201, response_model=m.Cycle)
def open_cycle(caller: Writes) -> Response:
    """Opens a cycle under the programme in force; it starts at once if every responsibility is held."""
    return caller.write(None, lambda tx, when: _after(tx, caller, commands.open_cycle(tx, caller.actor, when)), 201)


@router.post("/{cycle}/start", response_model=m.Cycle)
def start(cycle: str, caller: Writes, _match: Match = None) -> Response:
    """Starts a planned cycle."""
    return _write(caller, cycle, None, commands.start)


@router.post("/{cycle}/pause", response_model=m.Cycle)
def pause(cycle: str, body: m.Pause, caller: Writes, _match: Match = None) -> Response:
    """Pauses the cycle until a date; what is due moves by as many days."""
    return _write(caller, cycle, body, commands.pause, body.until, body.reason)


@router.post("/{cycle}/resume", response_model=m.Cycle)
def resume(cycle: str, caller: Writes, _match: Match = None) -> Response:
    """Ends a pause before its time."""
    return _write(caller, cycle, None, commands.resume)


@router.post("/{cycle}/cancel", response_model=m.Cycle)
def cancel(cycle: str, body: m.Why, caller: Decides, _match: Match = None) -> Response:
    """Top management ends the cycle before its time. It can't be undone."""
    return _write(caller, cycle, body, commands.cancel, body.reason)


def _write(caller: Caller, name: str, body: m.Taken | None, command: Callable[..., None], *what: Any) -> Response:
    """A command on a cycle that the caller may see; answered with the cycle as it is then."""
    return carry_out(caller, KIND, name, body, lambda tx, case: _after(tx, caller, case), command, *what)


def _after(tx: Transaction, caller: Caller, case: str) -> m.Cycle:
    return shapes.cycle(reading.view(tx, case, caller.now))
