"""Gates: what is to be decided on, and the decision, on exactly what was shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.rules.gates import Answer, Shown
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, Gate
from isms_workflow.engine import reading
from isms_workflow.engine.commands import gates as commands
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api import shapes
from isms_workflow.portal.api.caller import Caller, Decides, Match, Reads, tagged
from isms_workflow.portal.api.cases import BATCH, Limit, by_name, seen_of
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import cases as questions

router = APIRouter(prefix="/gates", tags=["gates"], route_class=Route)


State = Literal["open", "passed", "returned", "rejected", "lapsed", "withdrawn", "superseded"]


@router.get("")
def gates(caller: Reads, cycle: str | None = None, state: State | None = None, limit: Limit = 50,
          after: str = "") -> m.Page[m.Gate]:
    """Rounds of gates in the cycles, incidents and corrective actions that you may see, in the order in which they opened.

    `cycle` names one of these, whichever it is, whose rounds are wanted alone.
    """
    with caller.reading() as conn:
        if cycle is None:
            found = _of_all(conn, caller, state, limit, after)
        else:
            view = by_name(conn, caller, cycle)
            rounds = sorted(view.gates, key=lambda each: each.id)
            found = [shapes.gate(view, each) for each in rounds if each.id > after and state in (None, each.state)]
    return shapes.page(found[:limit + 1], limit, lambda each: each.id, caller)


def _of_all(conn: Connection, caller: Caller, state: State | None, limit: int, after: str) -> list[m.Gate]:
    """At least one more than the page holds, if there are so many; only cases that have a round on it are read."""
    found: list[m.Gate] = []
    while len(found) <= limit and (rows := conn.execute(questions.gates_after(after, BATCH, state)).all()):
        views = {view.case.id: view for view in seen_of(conn, caller, {row.case_id for row in rows})}
        found += [shapes.gate(views[row.case_id], views[row.case_id].gate(row.id)) for row in rows if row.case_id in views]
        after = rows[-1].id
    return found


@router.get("/{gate}")
def gate(gate: str, caller: Reads, response: Response) -> m.GateWhole:
    """One round, with what it covers and who can decide it."""
    with caller.reading() as conn:
        view, found = by_id(conn, caller, gate)
        whole = shapes.whole_gate(conn, view, found, caller.now)
    tagged(response, whole.version)
    return whole


@router.post("/{gate}/decisions", status_code=201, response_model=m.GateWhole)
def decide(gate: str, body: m.Answer, caller: Decides) -> Response:
    """Your answer, on the round and digest that you were shown; approve, return for rework, or reject."""
    shown, answer = Shown(body.round, body.digest), Answer(body.answer, body.reason, tuple(body.steps))
    return _write(caller, gate, body, lambda tx, when: commands.decide(tx, gate, shown, answer, caller.actor, when), 201)


@router.post("/{gate}/restart", response_model=m.GateWhole)
def restart(gate: str, body: m.WayOn, caller: Decides, _match: Match = None) -> Response:
    """After a reject: top management names the steps that reopen."""
    seen = caller.seen()
    return _write(caller, gate, body, lambda tx, when: commands.restart(
        tx, gate, seen, tuple(body.steps), body.reason, caller.actor, when))


@router.post("/{gate}/next-round", response_model=m.GateWhole)
def next_round(gate: str, body: m.WayOn, caller: Decides, _match: Match = None) -> Response:
    """After a lapse: the phase's owner opens the next round as it stands, or names steps that reopen."""
    seen = caller.seen()
    return _write(caller, gate, body, lambda tx, when: commands.next_round(
        tx, gate, seen, tuple(body.steps), body.reason, caller.actor, when))


def by_id(conn: Connection, caller: Caller, gate: str) -> tuple[CaseView, Gate]:
    """A gate's round that the caller may see, with its case. Raises `Unknown`, `NotShown`."""
    case = conn.execute(questions.case_of_gate(), {"gate": gate}).scalar()
    if case is None:
        raise Unknown("gate", gate)
    view = caller.view(conn, case, "gate", gate)
    return view, view.gate(gate)


def _write(caller: Caller, gate: str, body: m.Taken, deed: Callable[[Transaction, When], object],
           status: int = 200) -> Response:
    """A command at a gate that the caller may see; answered with the round as it is then."""
    with caller.reading() as conn:
        view, _ = by_id(conn, caller, gate)

    def carry_out(tx: Transaction, when: When) -> m.GateWhole:
        deed(tx, when)
        after = reading.view(tx, view.case.id, caller.now)
        return shapes.whole_gate(tx, after, after.gate(gate), caller.now)

    return caller.write(body, carry_out, status)
