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
from isms_workflow.portal.api.cases import Limit, by_name, seen_of
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import cases as questions

router = APIRouter(prefix="/steps", tags=["steps"], route_class=Route)

State = Literal["waiting", "open", "done", "waived", "cancelled"]


@router.get("")
def steps(caller: Reads, cycle: str | None = None, owner: str | None = None,
          state: Annotated[State | None, Query()] = None, limit: Limit = 50, after: str = "") -> m.Page[m.Step]:
    """Steps of the cycles that you may see, in the order in which they were made; `owner=me` are yours."""
    whose = caller.token.person.id if owner == "me" else owner
    with caller.reading() as conn:
        found = [shapes.step(view, each) for view in _views(conn, caller, cycle) for each in view.steps
                 if each.id > after and whose in (None, each.owner) and state in (None, each.state)]
    return shapes.page(sorted(found, key=lambda each: each.id)[:limit + 1], limit, lambda each: each.id, caller)


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


def _views(conn: Connection, caller: Caller, cycle: str | None) -> list[CaseView]:
    """The cycles to look through: the one that was named, or all that the caller may see."""
    if cycle is not None:
        return [by_name(conn, caller, cycle)]
    return seen_of(conn, caller, list(conn.execute(questions.cases_after("pdca", "")).scalars()))


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
