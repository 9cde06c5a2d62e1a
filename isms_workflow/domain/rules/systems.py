"""The register of systems: who keeps it, what can stand in it, and what becomes of a system whose owner leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from isms_workflow.domain.access import Action, require
from isms_workflow.domain.machine import ENGINE
from isms_workflow.domain.messages import Message, Notice
from isms_workflow.domain.people import ISMS_MANAGER, Actor, Directory
from isms_workflow.domain.plan import Amend, Insert, Plan, total
from isms_workflow.domain.records import AuditRecord, Scalar, SystemRecord
from isms_workflow.domain.refusals import NotAllowed, NotYours, Wrong
from isms_workflow.domain.rules.common import fresh, reasoned
from isms_workflow.domain.systems import (
    DATA,
    LEVELS,
    LONGEST_DESCRIPTION,
    LONGEST_NAME,
    NEEDS,
    NOTHING,
    Draft,
    Entry,
    closed,
    folded,
    in_order,
)
from isms_workflow.domain.times import When, iso

AGENT = Actor(ENGINE, "engine")
OPERATOR = "operator"
"""Whoever has a shell beside the database may list and import: no person, and so nobody's owner."""

TEXTS = ("name", "description")
"""What stands beside the chain, where it can be erased."""

KEEPER = "the responsibility ISMS manager"


def keeps(directory: Directory, person: str) -> bool:
    """Whether somebody keeps the register: adds, changes and retires."""
    return directory.holds(person, ISMS_MANAGER)


def may_change(directory: Directory, entry: Entry, person: str) -> bool:
    """Whether somebody may change what the register says of a system: whoever keeps it, and the system's owner."""
    return keeps(directory, person) or (entry.system.owner == person and directory.is_active(person))


def require_keeper(directory: Directory, actor: Actor, event: str, what: str = "the register of systems") -> None:
    """Raise `NotPermitted` or `NotYours` unless the actor keeps the register, or is the operator."""
    if actor.id != OPERATOR:
        _require_writer(directory, actor)
        if not keeps(directory, actor.id):
            raise NotYours(what, event, KEEPER)


def checked(draft: Draft, directory: Directory) -> Draft:
    """The draft as it can stand in the register. Raises `Wrong`, naming the field and what would be right."""
    name, description = " ".join(filter(None, draft.name.split(" "))), draft.description.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Wrong("name", draft.name[:LONGEST_NAME], f"1 to {LONGEST_NAME} printable characters")
    if not directory.is_active(draft.owner):
        raise Wrong("owner", draft.owner, "name somebody with an active account and role user or admin")
    for need in NEEDS:
        if getattr(draft, need) not in LEVELS:
            raise Wrong(need, getattr(draft, need), f"one of {', '.join(LEVELS)}")
    if len(description) > LONGEST_DESCRIPTION:
        raise Wrong("description", f"{len(description)} characters", f"at most {LONGEST_DESCRIPTION:,} characters")
    return replace(draft, name=name, description=description, data=_data(draft.data))


def _data(told: frozenset[str]) -> frozenset[str]:
    said = ", ".join(sorted(told))
    if not told:
        raise Wrong("data", "", f"say what it holds: one or more of {', '.join(DATA)}")
    if told - set(DATA):
        raise Wrong("data", said, f"each is one of {', '.join(DATA)}")
    if NOTHING in told and len(told) > 1:
        raise Wrong("data", said, f"{NOTHING} stands alone: leave it out, or the others")
    return closed(told)


def add(taken: Mapping[str, str], directory: Directory, system: str, draft: Draft, actor: Actor, when: When) -> Plan:
    """A system comes into the register; its owner is told. `taken` has the ids of those in use by their folded names.

    Raises `NotPermitted`, `NotYours`, `Wrong`.
    """
    require_keeper(directory, actor, "add to")
    new = checked(draft, directory)
    _free(taken, new.name, system)
    row = {"id": system, "version": 1, "added_at": when.happened, **_columns(_values(new))}
    data = {name: value for name, value in _values(new).items() if name not in TEXTS}
    texts = {name: getattr(new, name) for name in TEXTS if getattr(new, name)}
    return Plan(insert=(Insert("systems", row),), record=(_record(SystemRecord.ADDED, system, actor, when, data, texts),),
                send=told([system], 1, None, new.owner, actor, when))


def change(taken: Mapping[str, str], directory: Directory, entry: Entry, changes: Mapping[str, Any], seen: int | None,
           actor: Actor, when: When) -> Plan:
    """What the register says of a system changes; fields that aren't named stay. Nothing, if nothing differs.

    Raises `NotPermitted`, `NotYours`, `Moved`, `NotAllowed` for a retired one, `Wrong`.
    """
    its = entry.system
    if actor.id == OPERATOR or not may_change(directory, entry, actor.id):
        _require_writer(directory, actor)
        raise NotYours(_named(entry), "change", f"{KEEPER}, or being the system's owner")
    _in_use(entry, "change", seen)
    new = checked(replace(entry.draft, **changes), directory)
    _free(taken, new.name, its.id)
    plan = _amended(entry, new, actor, when)
    return plan + Plan(send=told([its.id], entry.version + 1, its.owner, new.owner, actor, when))


def retire(directory: Directory, entry: Entry, reason: str, seen: int | None, actor: Actor, when: When) -> Plan:
    """A system is out of use: it stays for what refers to it, and its name is free again.

    Raises `NotPermitted`, `NotYours`, `Moved`, `NotAllowed` for a retired one, `ReasonNeeded`.
    """
    require_keeper(directory, actor, "retire", _named(entry))
    _in_use(entry, "retire", seen)
    line = _record(SystemRecord.RETIRED, entry.system.id, actor, when, {}, {"reason": reasoned("retire a system", reason)})
    return Plan(amend=(Amend("systems", entry.system.id, entry.version, {"retired_at": when.happened}),), record=(line,))


def settle(directory: Directory, entries: Iterable[Entry], when: When) -> Plan:
    """Systems in use whose owner is in office no more go to the first ISMS manager, who is told once of all of them.

    Nothing where nobody is ISMS manager: whoever becomes it gets them then.
    """
    to = next(iter(directory.holders(ISMS_MANAGER)), None)
    orphans = [e for e in entries if not e.retired and not directory.is_active(e.system.owner)]
    if to is None:
        return Plan()
    moved = [_amended(e, replace(e.draft, owner=to), AGENT, when, "its owner is in office no more") for e in orphans]
    send = [told([e.system.id for e in theirs], theirs[0].version + 1, owner, to, AGENT, when)
            for owner, theirs in _by_owner(orphans).items()]
    return total(moved) + Plan(send=tuple(message for messages in send for message in messages))


def _by_owner(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for each in entries:
        found.setdefault(each.system.owner, []).append(each)
    return found


def told(systems: Sequence[str], version: int, before: str | None, after: str, actor: Actor,
         when: When) -> tuple[Message, ...]:
    """Both sides of a change of owner have a mail, but for whoever made it; systems that come together are one mail.

    `version` is what the first of them is at now: it tells this change from the next.
    """
    if before == after:
        return ()
    about = {"systems": list(systems), "from": before, "to": after, "by": actor.id, "at": iso(when.happened)}
    people = [p for p in dict.fromkeys((after, before)) if p is not None and p != actor.id]
    return tuple(Notice("system_reassigned", p, about).message(f"{systems[0]}:{version}", None) for p in people)


def _amended(entry: Entry, new: Draft, actor: Actor, when: When, reason: str = "") -> Plan:
    """The row's compare-and-set and its line of history, which says of each field what it was."""
    old, now = _values(entry.draft), _values(new)
    changed = [name for name in now if now[name] != old[name]]
    if not changed:
        return Plan()
    data: dict[str, Scalar] = {"changed": ", ".join(changed)}
    for name in changed:
        if name not in TEXTS:
            data |= {name: now[name], f"{name}_was": old[name]}
    texts = {name: str(now[name]) for name in changed if name in TEXTS} | ({"reason": reason} if reason else {})
    sets = _columns({name: now[name] for name in changed})
    return Plan(amend=(Amend("systems", entry.system.id, entry.version, sets),),
                record=(_record(SystemRecord.CHANGED, entry.system.id, actor, when, data, texts),))


def _values(draft: Draft) -> dict[str, str]:
    """Each field as the history says it."""
    return {**asdict(draft), "data": ", ".join(in_order(draft.data))}


def _columns(values: Mapping[str, str]) -> dict[str, Any]:
    """Each field as the table holds it."""
    found: dict[str, Any] = dict(values)
    if "data" in found:
        found["data"] = found["data"].split(", ")
    if "name" in found:
        found["folded"] = folded(found["name"])
    return found


def _record(kind: SystemRecord, system: str, actor: Actor, when: When, data: Mapping[str, Scalar],
            texts: Mapping[str, str]) -> AuditRecord:
    return AuditRecord(kind, actor.id, when.happened, when.noticed, None, system, {**data, "channel": actor.channel}, texts)


def _require_writer(directory: Directory, actor: Actor) -> None:
    person = directory.people.get(actor.id)
    if person is not None:
        require(person, Action.WRITE, "Changing the register of systems")


def _in_use(entry: Entry, event: str, seen: int | None) -> None:
    fresh(_named(entry), seen, entry.version)
    if entry.retired:
        raise NotAllowed(_named(entry), event, "retired", ())


def _free(taken: Mapping[str, str], name: str, system: str) -> None:
    if taken.get(folded(name), system) != system:
        raise Wrong("name", name, "a system in use has this name; retire that one first, or tell the two apart")


def _named(entry: Entry) -> str:
    return f"system {entry.system.name}"
