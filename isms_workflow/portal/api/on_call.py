"""Who is on call, and covering for each other."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field

from isms_workflow.domain.on_call import Shift, between, horizon
from isms_workflow.domain.rules.on_call import in_order
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, on_call
from isms_workflow.engine.commands import on_call as commands
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api.caller import Reads, Writes
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction

router = APIRouter(prefix="/on-call", tags=["on call"], route_class=Route)


class Duty(m.Said):
    """From `starts_at` until before `ends_at` this person is on call; null: nobody is."""

    starts_at: datetime
    ends_at: datetime
    person: m.Id | None
    instead_of: m.Id | None = Field(description="Whose turn it would be, if somebody covers.")
    override: m.Id | None = Field(description="The cover that says so.")
    layer: str | None = Field(description="The layer whose turn it is; null: the turns that are always on.")


class Cover(m.Said):
    """Somebody is on call out of their turn; it hasn't ended, and may not have begun."""

    id: m.Id
    person: m.Id
    starts_at: datetime
    ends_at: datetime


class Row(m.Said):
    """All who take turns in a rotation, or in one of its layers: in this order from the next hand-over on."""

    id: str
    title: str
    people: list[m.Id]


class Rotation(m.Said):
    """One rotation, and its shifts of the next four weeks, the last of them whole; the first is the one of now. Of its rows the highest is first."""

    id: str
    title: str
    zone: str
    rows: list[Row]
    shifts: list[Duty]
    covers: list[Cover] = Field(description="All that have not ended, also those that begin after the shifts; the earliest first.")


class Rotations(m.Said):
    """Every rotation of the programme in force."""

    items: list[Rotation]


class NewOverride(m.Taken):
    """Somebody is on call out of their turn."""

    rotation: Annotated[str, Field(max_length=60)]
    person: m.Id
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    reason: m.Reason


@router.get("")
def rotations(caller: Reads) -> Rotations:
    """Who is on call, from now on for four weeks; and who covers, however far ahead."""
    with caller.reading() as conn:
        known, directory = on_call.rotations(conn), offices.directory(conn, caller.now)
    return Rotations(items=[
        Rotation(id=each.id, title=each.title, zone=str(each.zone),
                 rows=[Row(id=row.id, title=row.title, people=list(in_order(row, directory, caller.now))) for row in each.rows],
                 shifts=[_duty(shift) for shift in between(each, directory, caller.now, horizon(each, caller.now))],
                 covers=[Cover(id=found.id, person=found.person, starts_at=found.starts, ends_at=found.ends)
                         for found in sorted(directory.overrides, key=lambda found: found.starts) if found.rotation == each.id])
        for each in known.values()])


@router.post("/overrides", status_code=201, response_model=m.Done)
def cover(body: NewOverride, caller: Writes) -> Response:
    """Somebody of the rotation is on call between two instants: said by themselves, or by the ISMS manager."""
    def carry_out(tx: Transaction, when: When) -> m.Done:
        made = commands.override(tx, body.rotation, body.person, body.starts_at, body.ends_at, body.reason, caller.actor, when)
        return m.Done(at=f"{caller.request.scope.get('root_path', '')}/on-call/overrides/{made}")

    return caller.write(body, carry_out, 201)


class NewOrder(m.Taken):
    """Everybody who takes turns in a row, each once."""

    row: Annotated[str, Field(max_length=121)]
    people: Annotated[list[m.Id], Field(max_length=200)]


@router.put("/order", response_model=m.Done)
def order(body: NewOrder, caller: Writes) -> Response:
    """In which order turns are taken, from the next hand-over on: said by the ISMS manager."""
    def carry_out(tx: Transaction, when: When) -> m.Done:
        commands.order(tx, body.row, body.people, caller.actor, when)
        return m.Done(at=f"{caller.request.scope.get('root_path', '')}/on-call")

    return caller.write(body, carry_out)


@router.delete("/overrides/{override}", status_code=204)
def give_back(override: str, caller: Writes) -> Response:
    """Ends a cover before its time: by whoever covers, or the ISMS manager."""
    caller.write(None, lambda tx, when: commands.give_back(tx, override, caller.actor, when))
    return Response(status_code=204)


def _duty(shift: Shift) -> Duty:
    return Duty(starts_at=shift.starts, ends_at=shift.ends, person=shift.person,
                instead_of=shift.stands_in_for, override=shift.cover.id if shift.cover else None, layer=shift.layer)
