"""People: accounts, roles, responsibilities, deputies, delegations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Connection, select

from isms_workflow.domain.access import Action, permits
from isms_workflow.domain.people import Directory
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, programmes
from isms_workflow.engine.accounts import invitations
from isms_workflow.engine.commands import people as commands
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api import shapes
from isms_workflow.portal.api.caller import Administers, Caller, Match, Reads, Writes, tagged
from isms_workflow.portal.api.cases import Limit
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction
from isms_workflow.store.tables import people as table

router = APIRouter(prefix="/people", tags=["people"], route_class=Route)


@router.get("")
def people(caller: Reads, limit: Limit = 50, after: str = "") -> m.Page[m.Person]:
    """Everybody who has or had an account, in the order in which they came."""
    with caller.reading() as conn:
        known = offices.directory(conn, caller.now)
        rows = conn.execute(select(table).where(table.c.id > after).order_by(table.c.id).limit(limit + 1)).all()
    return shapes.page([_person(row, known, caller) for row in rows], limit, lambda each: each.id, caller)


@router.get("/{person}")
def person(person: str, caller: Reads, response: Response) -> m.Person:
    """One person; `me` is you."""
    with caller.reading() as conn:
        found = _read(conn, caller, caller.token.person.id if person == "me" else person)
    tagged(response, found.version)
    return found


@router.post("", status_code=201, response_model=m.Person)
def add(body: m.NewPerson, caller: Administers) -> Response:
    """An account, which its invitation begins."""
    def carry_out(tx: Transaction, when: When) -> m.Person:
        zone = body.zone or programmes.in_force(tx).calendar.zone
        made = commands.add(tx, body.name, body.email, body.role, zone, body.ends_at, caller.actor, when)
        return _read(tx, caller, made)

    return caller.write(body, carry_out, 201)


@router.patch("/{person}", response_model=m.Person)
def change(person: str, body: m.ChangedPerson, caller: Administers, _match: Match = None) -> Response:
    """Gives an account another access role."""
    seen = caller.seen()
    return _write(caller, person, body, lambda tx, when: commands.change_role(
        tx, person, body.role, seen, caller.actor, when))


@router.post("/{person}/invitations", status_code=201, response_model=m.Link)
def invite(person: str, body: m.Invite, caller: Administers) -> Response:
    """A single-use link with which the person chooses a password: in the answer, or by mail.

    An answer with a link is not kept for a repeat of its key: a repeat makes another link, and ends this one.
    """
    def carry_out(tx: Transaction, when: When) -> m.Link:
        made = invitations.invite(tx, person, body.by, caller.portal.settings.public_url, caller.actor, when.noticed)
        return m.Link(purpose="reset" if made.purpose == "reset" else "invite", expires_at=made.expires_at, url=made.url)

    if body.by == "mail":
        return caller.write(body, carry_out, 201)
    with caller.portal.store.write() as tx:
        return Response(carry_out(tx, When.at(caller.now)).model_dump_json(), 201, media_type="application/json")


@router.post("/{person}/responsibilities", status_code=201, response_model=m.Person)
def grant(person: str, body: m.Grant, caller: Administers) -> Response:
    """The person holds a responsibility from now on; ISMS manager and top management are told."""
    return _write(caller, person, body, lambda tx, when: commands.grant(
        tx, person, body.responsibility, caller.actor, when), 201)


@router.delete("/{person}/responsibilities/{responsibility}", response_model=m.Person)
def revoke(person: str, responsibility: str, caller: Administers) -> Response:
    """The person no longer holds it; their open steps of it change hands at once."""
    return _write(caller, person, None, lambda tx, when: commands.revoke(
        tx, person, responsibility, caller.actor, when))


@router.post("/{person}/deactivate", response_model=m.Person)
def deactivate(person: str, caller: Administers) -> Response:
    """The account can't be used from now on, and its open steps change hands."""
    return _write(caller, person, None, lambda tx, when: commands.deactivate(tx, person, caller.actor, when))


@router.put("/{person}/deputy", response_model=m.Person)
def deputy(person: str, body: m.NewDeputy, caller: Writes) -> Response:
    """Who stands in for the person's steps: named by themselves or an administrator."""
    return _write(caller, person, body, lambda tx, when: commands.name_deputy(
        tx, person, body.deputy, caller.actor, when))


@router.post("/{person}/delegations", status_code=201, response_model=m.Done)
def delegate(person: str, body: m.Delegate, caller: Writes) -> Response:
    """Lets somebody decide for the person between two instants: given by the person alone."""
    def carry_out(tx: Transaction, when: When) -> m.Done:
        made = commands.delegate(tx, person, body.to, body.starts_at, body.ends_at, caller.actor, when)
        return m.Done(at=f"{caller.request.scope.get('root_path', '')}/people/delegations/{made}")

    return caller.write(body, carry_out, 201)


@router.delete("/delegations/{delegation}", status_code=204)
def undelegate(delegation: str, caller: Writes) -> Response:
    """Ends a delegation before its time."""
    caller.write(None, lambda tx, when: commands.undelegate(tx, delegation, caller.actor, when))
    return Response(status_code=204)


def _write(caller: Caller, person: str, body: m.Taken | None, deed: Callable[[Transaction, When], object],
           status: int = 200) -> Response:
    """A command about somebody; answered with the person as they are then."""
    def carry_out(tx: Transaction, when: When) -> m.Person:
        deed(tx, when)
        return _read(tx, caller, person)

    return caller.write(body, carry_out, status)


def _read(conn: Connection, caller: Caller, person: str) -> m.Person:
    row = conn.execute(select(table).where(table.c.id == person)).first()
    if row is None:
        raise Unknown("person", person)
    return _person(row, offices.directory(conn, caller.now), caller)


def _person(row: Any, known: Directory, caller: Caller) -> m.Person:
    reader = caller.token.person
    shown = row.id == reader.id or permits(reader.role, Action.ADMIN)
    return m.Person(
        id=row.id, name=row.name, email=row.email if shown else None, role=row.role, zone=row.zone,
        version=row.version, active=known.people[row.id].active, ends_at=row.ends_at,
        responsibilities=[h.responsibility for h in known.holdings if h.person == row.id],
        deputy=next((d.deputy for d in known.deputies if d.person == row.id), None),
    )
