"""Commands on people: accounts, responsibilities, deputies, delegations. Each tells whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from sqlalchemy import ColumnElement, and_, insert, select, update

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.messages import Message, Notice
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT, Actor, Directory
from isms_workflow.domain.plan import Plan
from isms_workflow.domain.records import AuditRecord, PersonRecord, Scalar
from isms_workflow.domain.refusals import LastInOffice, Moved, NotYours, Unknown, Wrong
from isms_workflow.domain.rules import people as rules
from isms_workflow.domain.times import When, iso, utc
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import offices, programmes, reading
from isms_workflow.engine.accounts import closing
from isms_workflow.engine.commands import systems
from isms_workflow.engine.commands.common import in_turn
from isms_workflow.engine.writer import write
from isms_workflow.store.audit import erase as erasure
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.tables import delegations, deputies, people, responsibilities

ROLES = ("admin", "user", "auditor", "guest")


def add(tx: Transaction, name: str, email: str, role: str, zone: str, ends: datetime | None, actor: Actor,
        when: When) -> str:
    """An account, not yet able to sign in; returns its id. Raises `Wrong` for a bad or taken address, role, or end."""
    administers(tx, actor, when)
    address = _address(tx, email)
    if role not in ROLES:
        raise Wrong("role", role, f"one of {', '.join(ROLES)}")
    if ends is not None and utc(ends) <= when.noticed:
        raise Wrong("ends", iso(ends), "an account ends after now")
    if not 1 <= len(name.strip()) <= 200 or not name.strip().isprintable():
        raise Wrong("name", name, "1 to 200 printable characters")
    person = new_id()
    tx.execute(insert(people).values(
        id=person, email=address, name=name.strip(), role=role, zone=zone, version=1, added_at=when.happened,
        ends_at=None if ends is None else utc(ends)))
    _write(tx, [], [_record(PersonRecord.ADDED, person, actor, when, {"role": role}, name=name.strip(), email=address)],
           [], when)
    return person


def grant(tx: Transaction, person: str, responsibility: str, actor: Actor, when: When) -> None:
    """Somebody holds a responsibility from now on; ISMS manager and top management are told.

    Raises `Wrong` for an unknown responsibility or a role that only looks.
    """
    administers(tx, actor, when)
    if responsibility not in programmes.in_force(tx).programme.responsibilities:
        raise Wrong("responsibility", responsibility, "choose one that the programme names")
    rules.grantable(offices.directory(tx, when.noticed), person, responsibility)
    locked = _lock(tx, when.noticed)
    tx.execute(insert(responsibilities).values(id=new_id(), responsibility=responsibility, person=person,
                                               granted_at=when.happened, granted_by=actor.id))
    after = offices.directory(tx, when.noticed)
    told = _offices(after, (person,))
    about = {"person": person, "responsibility": responsibility, "by": actor.id}
    _write(tx, [*_settled(tx, locked, when), systems.settle(tx, after, when)],
           [_record(PersonRecord.GRANTED, person, actor, when, {"responsibility": responsibility})],
           _notices("granted", told, about, when), when)


def revoke(tx: Transaction, person: str, responsibility: str, actor: Actor, when: When) -> None:
    """Somebody no longer holds a responsibility; their open steps of it change hands at once. Raises `LastInOffice`."""
    administers(tx, actor, when)
    directory = offices.directory(tx, when.noticed)
    if not directory.holds(person, responsibility):
        raise Wrong("responsibility", responsibility, "they don't hold it")
    rules.revocable(directory, person, responsibility)
    locked = _lock(tx, when.noticed)
    _end_holdings(tx, person, actor, when, responsibility)
    plans = _settled(tx, locked, when, lambda before, view: rules.vacated(
        before, view, person, responsibility, "the responsibility was revoked", when))
    _write(tx, plans, [_record(PersonRecord.REVOKED, person, actor, when, {"responsibility": responsibility})], [], when)


def deactivate(tx: Transaction, person: str, actor: Actor, when: When) -> None:
    """The account can't be used from now on, its sessions end, open steps and systems change hands, both sides are told."""
    administers(tx, actor, when)
    directory = offices.directory(tx, when.noticed)
    _known(directory, person)
    rules.deactivatable(directory, person)
    locked = _lock(tx, _last_instant(directory, person, when.noticed))
    tx.execute(update(people).where(people.c.id == person).values(
        deactivated_at=when.happened, version=people.c.version + 1))
    _end_holdings(tx, person, actor, when)
    stood_in = _end_stand_ins(tx, person, actor, when)
    closing.lock_out(tx, person, when.noticed)
    plans = _settled(tx, locked, when, lambda before, view: rules.taken_over(
        before, view, person, "the owner's account was deactivated", when))
    after = offices.directory(tx, when.noticed)
    passed_on = systems.settle(tx, after, when)
    about = {"person": person, "systems": [r.subject for r in passed_on.record if r.data["owner_was"] == person]}
    _write(tx, [*plans, passed_on], [_record(PersonRecord.DEACTIVATED, person, actor, when)],
           [*_notices("deactivated", _offices(after, (person,)), about, when), *stood_in], when)


def end_accounts(tx: Transaction, when: When) -> list[str]:
    """Deactivates the accounts whose last day has passed; returns their ids. The last in office stays.

    No office comes to that by a date alone: `rules.grantable` wants somebody in it whose account doesn't end.
    """
    ended: list[str] = list(tx.execute(select(people.c.id).where(
        people.c.deactivated_at.is_(None), people.c.ends_at <= when.noticed)).scalars())
    return [person for person in ended if _ended(tx, person, when)]


def _ended(tx: Transaction, person: str, when: When) -> bool:
    try:
        deactivate(tx, person, Actor("engine", "clock"), when)
    except LastInOffice:  # refused before anything was written
        return False
    return True


def _last_instant(directory: Directory, person: str, now: datetime) -> datetime:
    """When somebody was last in office: now, or just before their account ended."""
    ends = directory.people[person].ends
    return now if ends is None else min(now, ends - timedelta(microseconds=1))


def change_role(tx: Transaction, person: str, role: str, seen: int | None, actor: Actor, when: When) -> None:
    """Another access role. Raises `Wrong` while they hold responsibilities that it doesn't allow, `LastInOffice`."""
    administers(tx, actor, when)
    if role not in ROLES:
        raise Wrong("role", role, f"one of {', '.join(ROLES)}")
    directory = offices.directory(tx, when.noticed)
    _known(directory, person)
    rules.demotable(directory, person, role)
    locked = _lock(tx, when.noticed)
    _move(tx, person, seen, role=role)
    before = directory.people[person].role
    plans = [] if role in rules.WRITERS else [
        *_settled(tx, locked, when, lambda earlier, view: rules.taken_over(
            earlier, view, person, "the owner's access role only looks", when)),
        systems.settle(tx, offices.directory(tx, when.noticed), when)]
    _write(tx, plans, [_record(PersonRecord.CHANGED, person, actor, when, {"role": role, "before": before})], [], when)


def name_deputy(tx: Transaction, person: str, deputy: str | None, actor: Actor, when: When) -> None:
    """Who stands in for somebody's steps, named by themselves or an administrator; None ends it. Both are told."""
    in_turn(tx)
    if actor.id != person:
        administers(tx, actor, when)
    directory = offices.directory(tx, when.noticed)
    _known(directory, person)
    if deputy is not None and (deputy == person or not directory.is_active(deputy)):
        raise Wrong("deputy", deputy, "name another active person with role user or admin")
    locked = _lock(tx, when.noticed)
    told = _end_deputies(tx, deputies.c.person == person, actor, when)
    if deputy is not None:
        tx.execute(insert(deputies).values(id=new_id(), person=person, deputy=deputy, named_by=actor.id,
                                           named_at=when.happened))
        told += _deputised(person, deputy, when.happened, None, actor, when)
    if any(d.person == person and d.deputy == deputy for d in directory.deputies):
        told = []  # the same one again
    _write(tx, _settled(tx, locked, when),
           [_record(PersonRecord.DEPUTISED, person, actor, when, {"deputy": deputy})], told, when)


def delegate(tx: Transaction, person: str, to: str, starts: datetime, ends: datetime, actor: Actor,
             when: When) -> str:
    """Lets somebody decide for `person` between two instants; given by the person alone, told to whoever gets it.

    Returns its id. Raises `NotYours`, `Wrong`.
    """
    in_turn(tx)
    if actor.id != person:
        raise NotYours("a delegation", "give", "the person whose authority it is")
    directory = offices.directory(tx, when.noticed)
    if to == person or not directory.is_active(to):
        raise Wrong("delegate", to, "name another active person with role user or admin")
    if not utc(starts) < utc(ends) or utc(ends) <= when.noticed:
        raise Wrong("ends", iso(ends), "a delegation ends after it starts, and after now")
    found, locked = new_id(), _lock(tx, when.noticed)
    tx.execute(insert(delegations).values(id=found, person=person, delegate=to, starts_at=starts, ends_at=ends,
                                          given_at=when.happened, given_by=actor.id))
    facts: dict[str, Scalar] = {"delegation": found, "to": to, "starts": iso(starts), "ends": iso(ends)}
    _write(tx, _settled(tx, locked, when), [_record(PersonRecord.DELEGATED, person, actor, when, facts)],
           _delegated(person, to, starts, ends, None, actor, when), when)
    return found


def undelegate(tx: Transaction, delegation: str, actor: Actor, when: When) -> None:
    """Ends a delegation before its time: whoever gave it, or an administrator; both sides are told. Raises `Unknown`."""
    in_turn(tx)
    row = tx.execute(select(delegations).where(delegations.c.id == delegation)).first()
    if row is None or row.revoked_at is not None:
        raise Unknown("delegation", delegation)
    if actor.id != row.person:
        administers(tx, actor, when)
    told = _end_delegations(tx, delegations.c.id == delegation, actor, when)
    _write(tx, [], [_record(PersonRecord.UNDELEGATED, row.person, actor, when, {"delegation": delegation})], told, when)


def erase(tx: Transaction, person: str, actor: Actor, when: When) -> erasure.Erased:
    """Erases what may be of a deactivated person; says what stays and why. Raises `Wrong` while active."""
    administers(tx, actor, when)
    directory = offices.directory(tx, when.noticed)
    _known(directory, person)
    if directory.people[person].active:
        raise Wrong("person", person, "deactivate the account first")
    closing.lock_out(tx, person, when.noticed)
    erased = erasure.erase(tx, person, when.noticed)
    _write(tx, [], [_record(PersonRecord.ERASED, person, actor, when)], [], when)
    return erased


def administers(tx: Transaction, actor: Actor, when: When) -> None:
    """Raise `NotYours` unless the actor is an administrator, or the operator beside the database."""
    in_turn(tx)
    if actor.id in ("operator", "engine"):
        return
    found = offices.directory(tx, when.noticed).people.get(actor.id)
    if found is None or not found.active or found.role != "admin":
        raise NotYours("accounts, roles and responsibilities", "manage", "the access role admin")


def _address(tx: Transaction, email: str) -> str:
    address = email.strip().lower()
    if parseaddr(address)[1] != address or address.count("@") != 1 or " " in address or len(address) > 320:
        raise Wrong("email", email, "an address such as name@example.org")
    if tx.execute(select(people.c.id).where(people.c.email == address)).scalar():
        raise Wrong("email", address, "somebody has this address already")
    return address


def _known(directory: Directory, person: str) -> None:
    if person not in directory.people:
        raise Unknown("person", person)


def _move(tx: Transaction, person: str, seen: int | None, **values: Any) -> None:
    where = [people.c.id == person] if seen is None else [people.c.id == person, people.c.version == seen]
    if tx.execute(update(people).where(*where).values(version=people.c.version + 1, **values)).rowcount != 1:
        raise Moved("the account", seen, None)


def _lock(tx: Transaction, now: datetime) -> dict[str, CaseView]:
    """Every open case as it is before the change, locked in ascending order before anything else changes."""
    ids: list[str] = list(tx.execute(questions.open_cases()).scalars())
    return reading.views(tx, ids, now, lock=True)


def _settled(tx: Transaction, cases: Mapping[str, CaseView], when: When,
             more: Callable[[CaseView, CaseView], Plan] | None = None) -> list[Plan]:
    """What the change of people means for each open case, read after the change."""
    views = reading.views(tx, list(cases), when.noticed)
    settle = more or (lambda before, view: rules.settle_in(before, view, when))
    return [settle(cases[case], view) for case, view in views.items()]


def _end_holdings(tx: Transaction, person: str, actor: Actor, when: When, responsibility: str | None = None) -> None:
    where = [responsibilities.c.person == person, responsibilities.c.revoked_at.is_(None)]
    if responsibility is not None:
        where.append(responsibilities.c.responsibility == responsibility)
    tx.execute(update(responsibilities).where(*where).values(revoked_at=when.happened, revoked_by=actor.id))


def _end_stand_ins(tx: Transaction, person: str, actor: Actor, when: When) -> list[Message]:
    """Who stood in for them, and for whom they did, no longer does; the others are told."""
    told = [*_end_deputies(tx, (deputies.c.person == person) | (deputies.c.deputy == person), actor, when),
            *_end_delegations(tx, (delegations.c.person == person) | (delegations.c.delegate == person), actor, when)]
    return [each for each in told if each.payload["to"] != person]  # whose account ends has a mail that says so


def _end_deputies(tx: Transaction, which: ColumnElement[bool], actor: Actor, when: When) -> list[Message]:
    """These deputies no longer stand in; both sides are told."""
    ended = and_(deputies.c.ended_at.is_(None), which)
    rows = tx.execute(select(deputies).where(ended).order_by(deputies.c.id)).all()
    tx.execute(update(deputies).where(ended).values(ended_at=when.happened))
    return [told for row in rows
            for told in _deputised(row.person, row.deputy, row.named_at, when.happened, actor, when)]


def _end_delegations(tx: Transaction, which: ColumnElement[bool], actor: Actor, when: When) -> list[Message]:
    """These delegations are revoked; both sides are told of those that hadn't ended by themselves."""
    ended = and_(delegations.c.revoked_at.is_(None), which)
    rows = tx.execute(select(delegations).where(ended).order_by(delegations.c.id)).all()
    tx.execute(update(delegations).where(ended).values(revoked_at=when.happened))
    return [told for row in rows if row.ends_at > when.happened
            for told in _delegated(row.person, row.delegate, row.starts_at, row.ends_at, when.happened, actor, when)]


def _deputised(person: str, deputy: str, since: datetime, until: datetime | None, actor: Actor,
               when: When) -> list[Message]:
    about = {"person": person, "deputy": deputy, "by": actor.id, "since": iso(since),
             "until": None if until is None else iso(until)}
    return _notices("deputised", _both(person, deputy, actor), about, when)


def _delegated(person: str, delegate: str, starts: datetime, ends: datetime, revoked: datetime | None, actor: Actor,
               when: When) -> list[Message]:
    about = {"person": person, "delegate": delegate, "by": actor.id, "starts": iso(starts), "ends": iso(ends),
             "revoked": None if revoked is None else iso(revoked)}
    return _notices("delegated", _both(person, delegate, actor), about, when)


def _both(person: str, stand_in: str, actor: Actor) -> tuple[str, ...]:
    """Whoever stands in, and for whom, unless it is that one's own doing."""
    return (stand_in,) if actor.id == person else (stand_in, person)


def _offices(directory: Directory, more: Iterable[str]) -> tuple[str, ...]:
    return (*directory.holders(ISMS_MANAGER), *directory.holders(TOP_MANAGEMENT), *more)


def _notices(name: str, told: Iterable[str], about: dict[str, Any], when: When) -> list[Message]:
    occasion = f"{about['person']}:{new_id()}"
    return [Notice(name, person, {**about, "at": iso(when.happened)}).message(occasion, None)
            for person in dict.fromkeys(told)]


def _record(kind: PersonRecord, person: str, actor: Actor, when: When, data: dict[str, Scalar] | None = None,
            **private: str) -> AuditRecord:
    return AuditRecord(kind, actor.id, when.happened, when.noticed, None, person,
                       {**(data or {}), "channel": actor.channel}, private, about=person)


def _write(tx: Transaction, plans: list[Plan], records: list[AuditRecord], notices: list[Message],
           when: When) -> None:
    write(tx, [*plans, Plan(send=tuple(notices), record=tuple(records))], when.noticed)
