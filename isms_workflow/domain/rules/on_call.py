"""Covering for somebody who is on call, giving that back, and the order of turns: who may, and whom it concerns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.messages import Message, Notice
from isms_workflow.domain.on_call import between, ordered
from isms_workflow.domain.people import ISMS_MANAGER, Actor, Directory, Override
from isms_workflow.domain.plan import Insert, Plan
from isms_workflow.domain.records import AuditRecord, OnCallRecord, Scalar
from isms_workflow.domain.refusals import NotYours, Wrong
from isms_workflow.domain.rules.common import reasoned
from isms_workflow.domain.times import When, iso, utc
from isms_workflow.programme.model import Rotation, Turns

LONGEST = timedelta(days=92)
FURTHEST = timedelta(days=366)
"""How far ahead a cover may begin: what was typed for a later year is a slip."""

WHAT = "on-call shifts"


def takes_part(rotation: Rotation, directory: Directory, person: str) -> bool:
    """Whether somebody is of those who take turns."""
    return any(directory.holds(person, name) for name in rotation.responsibilities)


def may_name(rotation: Rotation, directory: Directory, actor: str) -> tuple[str, ...]:
    """Whom somebody may say is on call: the ISMS manager anybody of the rotation, those of it themselves."""
    if directory.holds(actor, ISMS_MANAGER):
        return tuple(dict.fromkeys(person for name in rotation.responsibilities for person in directory.holders(name)))
    return (actor,) if takes_part(rotation, directory, actor) else ()


def may_return(found: Override, directory: Directory, actor: str) -> bool:
    """Whether somebody may end it early: who covers, and the ISMS manager."""
    return directory.holds(actor, ISMS_MANAGER) or (actor == found.person and directory.is_active(actor))


def override(rotation: Rotation, directory: Directory, person: str, starts: datetime, ends: datetime, reason: str,
             actor: Actor, when: When) -> tuple[Plan, str]:
    """Somebody of the rotation is on call between two instants; they and whoever's turn it is are told. Returns its id.

    Raises `NotYours`, `Wrong`, `ReasonNeeded`.
    """
    nameable = may_name(rotation, directory, actor.id)
    if not nameable:
        raise NotYours(WHAT, "cover", f"taking turns in {rotation.title}, or being the ISMS manager")
    if person not in nameable:
        raise Wrong("person", person, "cover yourself; the ISMS manager may name anybody who takes turns"
                    if takes_part(rotation, directory, person) else "name somebody who takes turns in the rotation")
    starts = max(utc(starts), when.happened)
    if starts > when.happened + FURTHEST:
        raise Wrong("starts", iso(starts), f"a cover begins within {FURTHEST.days} days from now; check the year, or say it nearer to its time")
    check_span(rotation, directory, starts, utc(ends))
    why, made = reasoned("cover a shift", reason), new_id()
    row = {"id": made, "rotation": rotation.id, "person": person, "starts_at": starts, "ends_at": utc(ends),
           "made_by": actor.id, "made_at": when.happened, "returned_at": None}
    facts: dict[str, Scalar] = {"rotation": rotation.id, "person": person, "starts": iso(starts), "ends": iso(ends)}
    off = _relieved(rotation, directory, starts, utc(ends))
    return Plan(insert=(Insert("overrides", row),),
                send=_told(made, (person, *off), made, facts, actor),
                record=(_record(OnCallRecord.OVERRIDDEN, made, actor, when, facts, reason=why),)), made


def check_span(rotation: Rotation, directory: Directory, starts: datetime, ends: datetime) -> None:
    """Raise `Wrong` for a span that can't be, or in which somebody covers already."""
    if ends <= starts:
        raise Wrong("ends", iso(ends), "it ends after it starts, and after now")
    if ends - starts > LONGEST:
        raise Wrong("ends", iso(ends), f"a shift is covered for at most {LONGEST.days} days; change who holds the responsibility")
    for other in directory.overrides:
        if other.rotation == rotation.id and other.starts < ends and starts < other.ends:
            raise Wrong("starts", iso(starts), f"somebody covers from {iso(other.starts)} to {iso(other.ends)} already; "
                                               "end that first, or choose a span beside it")


def give_back(rotation: Rotation, directory: Directory, found: Override, actor: Actor, when: When) -> Plan:
    """It ends now, and the turns go on as before; both sides are told. Raises `NotYours`."""
    if not may_return(found, directory, actor.id):
        raise NotYours(WHAT, "give back", "being who covers, or the ISMS manager")
    facts: dict[str, Scalar] = {"rotation": rotation.id, "person": found.person, "starts": iso(found.starts),
                                "ends": iso(found.ends), "returned": iso(when.happened)}
    back = _relieved(rotation, directory, max(found.starts, when.happened), found.ends)
    return Plan(send=_told(found.id, (found.person, *back), f"{found.id}:returned", facts, actor),
                record=(_record(OnCallRecord.RETURNED, found.id, actor, when, facts),))


def in_order(row: Turns, directory: Directory, now: datetime) -> tuple[str, ...]:
    """Who takes turns in a row, in the order that holds from the next hand-over on."""
    return tuple(ordered(row, directory, directory.holders(row.responsibility), now))


def may_order(directory: Directory, actor: str) -> bool:
    """Whether somebody may say in which order people take turns: the ISMS manager."""
    return directory.holds(actor, ISMS_MANAGER)


def order(row: Turns, directory: Directory, people: Sequence[str], actor: Actor, when: When) -> Plan:
    """Turns are taken in this order from the next hand-over on; whoever takes part newly comes last. Whose place is another
    than before is told.

    Raises `NotYours`, and `Wrong` unless it names just those who take turns now, each once.
    """
    if not may_order(directory, actor.id):
        raise NotYours("the order of turns", "change", "being the ISMS manager")
    before = in_order(row, directory, when.happened)
    if sorted(people) != sorted(before):
        raise Wrong("people", f"{len(people)} people", f"each of the {len(before)} who take turns in {row.title}, once")
    made = new_id()
    facts: dict[str, Scalar] = {"row": row.id, "people": " ".join(people), "before": " ".join(before)}
    kept = {"id": made, "turns": row.id, "people": list(people), "set_by": actor.id, "set_at": when.happened}
    about = {"row": row.id, "people": list(people), "by": actor.id}
    moved = (person for person, other in zip(people, before, strict=True) if person != other)
    return Plan(insert=(Insert("rotation_orders", kept),),
                send=tuple(Notice("on_call_ordered", person, about).message(made, None) for person in moved),
                record=(_record(OnCallRecord.ORDERED, made, actor, when, facts),))


def _relieved(rotation: Rotation, directory: Directory, starts: datetime, ends: datetime) -> tuple[str, ...]:
    """Whose turns lie in a span."""
    return tuple(s.instead_of for s in between(rotation, directory, starts, ends) if s.instead_of)


def _told(override: str, people: Iterable[str], occasion: str, facts: dict[str, Scalar], actor: Actor) -> tuple[Message, ...]:
    about: dict[str, Any] = {**facts, "override": override, "by": actor.id}
    return tuple(Notice("on_call_covered", person, about).message(occasion, None) for person in dict.fromkeys(people))


def _record(kind: OnCallRecord, subject: str, actor: Actor, when: When, facts: dict[str, Scalar], **private: str) -> AuditRecord:
    return AuditRecord(kind, actor.id, when.happened, when.noticed, None, subject, {**facts, "channel": actor.channel}, private)
