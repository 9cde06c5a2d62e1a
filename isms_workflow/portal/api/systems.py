"""The register of information systems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from isms_workflow.domain.systems import Draft, in_order
from isms_workflow.domain.times import When
from isms_workflow.engine import register
from isms_workflow.engine.commands import systems as commands
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api import shapes
from isms_workflow.portal.api.caller import Caller, Match, Reads, Writes, tagged
from isms_workflow.portal.api.cases import Limit
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import systems as questions

router = APIRouter(prefix="/systems", tags=["systems"], route_class=Route)


@router.get("")
def systems(caller: Reads, limit: Limit = 50, after: str = "",
            state: Literal["in_use", "retired"] | None = None) -> m.Page[m.System]:
    """The systems in the register, in the order in which they came."""
    is_retired = None if state is None else state == "retired"
    with caller.reading() as conn:
        rows = conn.execute(questions.after(after, limit + 1, is_retired)).all()
    return shapes.page([_system(row) for row in rows], limit, lambda each: each.id, caller)


@router.get("/{system}")
def system(system: str, caller: Reads, response: Response) -> m.System:
    """One system, also if it is retired."""
    with caller.reading() as conn:
        found = _read(conn, system)
    tagged(response, found.version)
    return found


@router.post("", status_code=201, response_model=m.System)
def add(body: m.NewSystem, caller: Writes) -> Response:
    """A system comes into the register: by whoever holds the responsibility isms_manager. Its owner is told."""
    def carry_out(tx: Transaction, when: When) -> m.System:
        draft = Draft(**{**body.model_dump(), "data": frozenset(body.data)})
        return _read(tx, commands.add(tx, draft, caller.actor, when))

    return caller.write(body, carry_out, 201)


@router.patch("/{system}", response_model=m.System)
def change(system: str, body: m.ChangedSystem, caller: Writes, _match: Match = None) -> Response:
    """What the register says of it: by whoever holds the responsibility isms_manager, and by its owner."""
    seen, changes = caller.seen(), body.model_dump(exclude_none=True)
    if body.data is not None:
        changes["data"] = frozenset(body.data)
    return _write(caller, system, body, lambda tx, when: commands.change(tx, system, changes, seen, caller.actor, when))


@router.post("/{system}/retire", response_model=m.System)
def retire(system: str, body: m.Why, caller: Writes, _match: Match = None) -> Response:
    """It is out of use, and stays for what refers to it: by whoever holds the responsibility isms_manager."""
    seen = caller.seen()
    return _write(caller, system, body, lambda tx, when: commands.retire(
        tx, system, body.reason, seen, caller.actor, when))


def _write(caller: Caller, system: str, body: m.Taken, deed: Callable[[Transaction, When], object]) -> Response:
    """A command about a system; answered with the system as it is then."""
    def carry_out(tx: Transaction, when: When) -> m.System:
        deed(tx, when)
        return _read(tx, system)

    return caller.write(body, carry_out)


def _read(conn: Connection, system: str) -> m.System:
    return _system(register.row(conn, system))


def _system(row: Any) -> m.System:
    names = ("id", "name", "description", "owner", "confidentiality", "integrity", "availability", "version", "added_at",
             "retired_at")
    return m.System(**{name: getattr(row, name) for name in names}, data=list(in_order(frozenset(row.data))))
