"""Steps: what is owed by whom, and what is done with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, Step
from isms_workflow.engine import reading
from isms_workflow.engine.commands import gates as gate_commands
from isms_workflow.engine.commands import steps as commands
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api import shapes
from isms_workflow.portal.api.caller import Caller, Decides, Match, Reads, Writes, tagged
from isms_workflow.portal.api.cases import BATCH, Limit, by_name, seen_of
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import cases as questions

router = APIRouter(prefix="/steps", tags=["steps"], route_class=Route)

State = Literal["waiting", "open", "done", "waived", "cancelled"]


@router.get("")
def steps(caller: Reads, cycle: str | None = None, owner: str | None = None,
          state: Annotated[State | None, Query()] = None, limit: Limit = 50, after: str = "") -> m.Page[m.Step]:
    """Steps of the cycles, incidents and corrective actions that you may see, in the order in which they were made.

    `owner=me` are yours. `cycle` names one of these, whichever it is, whose steps are wanted alone.
    """
    whose = caller.token.person.id if owner == "me" else owner
    with caller.reading() as conn:
        if cycle is None:
            found = _of_all(conn, caller, whose, state, limit, after)
        else:
            view = by_name(conn, caller, cycle)
            found = [shapes.step(view, each) for each in sorted(view.steps, key=lambda each: each.id)
                     if each.id > after and whose in (None, each.owner) and state in (None, each.state)]
    return shapes.page(found[:limit + 1], limit, lambda each: each.id, caller)


def _of_all(conn: Connection, caller: Caller, owner: str | None, state: State | None, limit: int, after: str) -> list[m.Step]:
    """At least one more than the page holds, if there are so many; only cases that have a step on it are read."""
    found: list[m.Step] = []
    while len(found) <= limit and (rows := conn.execute(questions.steps_after(after, BATCH, owner, state)).all()):
        views = {view.case.id: view for view in seen_of(conn, caller, {row.case_id for row in rows})}
        found += [shapes.step(views[row.case_id], views[row.case_id].step(row.id)) for row in rows if row.case_id in views]
        after = rows[-1].id
    return found


@router.get("/{step}")
def step(step: str, caller: Reads, response: Response) -> m.StepWhole:
    """One step with its evidence and comments, and what may be done with it."""
    with caller.reading() as conn:
        view, found = by_id(conn, caller, step)
        whole = shapes.whole_step(conn, caller, view, found)
    tagged(response, whole.version)
    return whole


@router.post("/{step}/complete", response_model=m.StepWhole)
def complete(step: str, caller: Writes, _match: Match = None) -> Response:
    """Declares the step complete: its owner or a deputy, once it carries the evidence it needs."""
    seen = caller.seen()
    return _write(caller, step, None, lambda tx, when: commands.complete(tx, step, seen, caller.actor, when))


@router.post("/{step}/waive", response_model=m.StepWhole)
def waive(step: str, body: m.Why, caller: Writes, _match: Match = None) -> Response:
    """Lets the step go, with a reason that the gate shows: the ISMS manager."""
    seen = caller.seen()
    return _write(caller, step, body, lambda tx, when: commands.waive(tx, step, seen, body.reason, caller.actor, when))


@router.post("/{step}/reopen", response_model=m.StepWhole)
def reopen(step: str, body: m.Why, caller: Writes, _match: Match = None) -> Response:
    """Owes a settled step again, by a recorded decision."""
    seen = caller.seen()
    return _write(caller, step, body, lambda tx, when: commands.reopen(tx, step, seen, body.reason, caller.actor, when))


@router.post("/{step}/extend", response_model=m.StepWhole)
def extend(step: str, body: m.Extend, caller: Writes, _match: Match = None) -> Response:
    """Gives it a later date; the second time it takes the ISMS manager."""
    seen = caller.seen()
    return _write(caller, step, body, lambda tx, when: commands.extend(
        tx, step, seen, body.date, body.reason, caller.actor, when))


@router.post("/{step}/reassign", response_model=m.StepWhole)
def reassign(step: str, body: m.Reassign, caller: Writes, _match: Match = None) -> Response:
    """Gives it to somebody else; both are told."""
    seen = caller.seen()
    return _write(caller, step, body, lambda tx, when: commands.reassign(
        tx, step, seen, body.to, body.reason, caller.actor, when))


@router.post("/{step}/comments", status_code=201, response_model=m.StepWhole)
def comment(step: str, body: m.NewComment, caller: Writes) -> Response:
    """Adds a remark; it is part of what the gate covers."""
    return _write(caller, step, body, lambda tx, when: commands.comment(tx, step, body.text, caller.actor, when), 201)


@router.post("/{step}/disposition", response_model=m.StepWhole)
def dispose(step: str, body: m.Dispose, caller: Decides) -> Response:
    """At the last gate: a waived step is carried over to somebody by name, or declined."""
    return _write(caller, step, body, lambda tx, when: gate_commands.dispose(
        tx, step, body.to, body.reason, caller.actor, when))


def by_id(conn: Connection, caller: Caller, step: str) -> tuple[CaseView, Step]:
    """A step that the caller may see, with its case. Raises `Unknown`, `NotShown`."""
    case = conn.execute(questions.case_of_step(), {"step": step}).scalar()
    if case is None:
        raise Unknown("step", step)
    view = caller.view(conn, case, "step", step)
    return view, view.step(step)


def _write(caller: Caller, step: str, body: m.Taken | None, deed: Callable[[Transaction, When], object],
           status: int = 200) -> Response:
    """A command on a step that the caller may see; answered with the step as it is then."""
    with caller.reading() as conn:
        view, _ = by_id(conn, caller, step)

    def carry_out(tx: Transaction, when: When) -> m.StepWhole:
        deed(tx, when)
        after = reading.view(tx, view.case.id, caller.now)
        return shapes.whole_step(tx, caller, after, after.step(step))

    return caller.write(body, carry_out, status)
