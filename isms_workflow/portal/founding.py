"""Founding the organisation: everything that set-up asks for, checked whole, written in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import insert, update

from isms_workflow.domain.calendars import build, years_known
from isms_workflow.domain.people import Actor
from isms_workflow.domain.records import AuditRecord, ProgrammeRecord
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.times import When
from isms_workflow.engine import programmes
from isms_workflow.engine.accounts import invitations, passwords
from isms_workflow.engine.commands import people
from isms_workflow.folders import private
from isms_workflow.portal.deps import Portal
from isms_workflow.portal.lists import rows
from isms_workflow.programme.load import copy_shipped, load, write_calendar
from isms_workflow.programme.model import Calendar, Programme
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction
from isms_workflow.store.tables import organisation
from isms_workflow.store.tables import people as table

OPERATOR = Actor("operator", "portal")
COLUMNS = ("name", "email", "role", "responsibilities")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """One line of the list of people."""

    name: str
    email: str
    role: str
    responsibilities: tuple[str, ...]
    line: int = 0  # where on the list, 0 if on none
    field: str = ""  # in which field of the form the list came


@dataclass(frozen=True, slots=True)
class Founding:
    """What set-up was told."""

    organisation: str
    zone: str
    country: str | None
    subdivision: str | None
    admin: Newcomer
    password: str
    others: tuple[Newcomer, ...]


def newcomers(text: str, known: Iterable[str], field: str = "people") -> tuple[Newcomer, ...]:
    """People by CSV: `name,email,role,responsibilities`, several responsibilities separated by `;`.

    A first line with these names is skipped. Raises `Wrong`, naming the line and what would be right;
    nothing is taken of a list with a bad line.
    """
    words = frozenset(known)
    return once([_newcomer(cells, number, words, field) for number, cells in rows(text, COLUMNS[:2], field)], field)


def once(people: Iterable[Newcomer], field: str) -> tuple[Newcomer, ...]:
    """The same people. Raises `Wrong` for an address that stands twice."""
    found: dict[str, Newcomer] = {}
    for each in people:
        if each.email in found:
            raise Wrong(field, f"line {each.line}: {each.email}", "each address stands once")
        found[each.email] = each
    return tuple(found.values())


def _newcomer(cells: list[str], number: int, known: frozenset[str], field: str) -> Newcomer:
    if not 2 <= len(cells) <= len(COLUMNS):
        raise Wrong(field, f"line {number}: {', '.join(cells)}", f"each line is {', '.join(COLUMNS)}")
    name, email, role, held = (*cells, *[""] * (len(COLUMNS) - len(cells)))
    if "@" not in email:
        raise Wrong(field, f"line {number}: {email}", "the second column is a mail address")
    if (role or "user") not in people.ROLES:
        raise Wrong(field, f"line {number}: {role}", f"the third column is one of {', '.join(people.ROLES)}")
    responsibilities = tuple(dict.fromkeys(part.strip() for part in held.split(";") if part.strip()))
    for each in responsibilities:
        if each not in known:
            raise Wrong(field, f"line {number}: {each}", f"responsibilities are {', '.join(sorted(known))}")
    return Newcomer(name, email.lower(), role or "user", responsibilities, number, field)


def admit(tx: Transaction, newcomer: Newcomer, zone: str, actor: Actor, when: When) -> str:
    """An account and its responsibilities; the id. Raises `Wrong`, naming the line where it stands on a list."""
    try:
        person = people.add(tx, newcomer.name, newcomer.email, newcomer.role, zone, None, actor, when)
        for responsibility in newcomer.responsibilities:
            people.grant(tx, person, responsibility, actor, when)
    except Wrong as wrong:
        if not newcomer.line:
            raise
        place = f"line {newcomer.line}: {newcomer.email}"
        raise Wrong(newcomer.field, place, f"its {wrong.field} {wrong.value!r}: {wrong.right}") from None
    return person


def found(portal: Portal, token: str, told: Founding, when: When) -> None:
    """Founds the organisation and uses the link up: all of it, or nothing. Raises what is wrong with the input."""
    calendar = Calendar(zone=told.zone, country=told.country, subdivision=told.subdivision)
    build(calendar, years_known(calendar, programmes.YEARS))
    if not told.organisation.strip():
        raise Wrong("organisation", "", "say what your organisation is called")
    passwords.check(told.password, told.admin.email, told.admin.name)
    hashed = passwords.hashed(told.password)
    private(portal.settings.data)
    folder = portal.settings.programme_dir
    copy_shipped(folder)
    write_calendar(folder, told.zone, told.country, told.subdivision)
    programme = load(folder)
    key = audit.make_key(portal.settings.keys_dir)
    with portal.store.write() as tx:
        invitations.use_set_up(tx, token, when.noticed)
        _organisation(tx, told, programme, when)
        audit.introduce(tx, key, OPERATOR.id, when.noticed)
        first = admit(tx, told.admin, told.zone, OPERATOR, when)
        tx.execute(update(table).where(table.c.id == first).values(password=hashed))
        for each in told.others:
            invite(tx, portal, admit(tx, each, told.zone, OPERATOR, when), when)


def _organisation(tx: Transaction, told: Founding, programme: Programme, when: When) -> None:
    tx.execute(insert(organisation).values(id=1, name=told.organisation.strip(), zone=told.zone,
                                           founded_at=when.happened))
    audit.append(tx, [AuditRecord(ProgrammeRecord.FOUNDED, OPERATOR.id, when.happened, when.noticed,
                                  data={"zone": told.zone}, private={"name": told.organisation.strip()})])
    programmes.apply(tx, programme, OPERATOR, when)


def invite(tx: Transaction, portal: Portal, person: str, when: When) -> None:
    """The newcomer's single-use link, by mail."""
    invitations.invite(tx, person, "mail", portal.settings.public_url, OPERATOR, when.noticed)
