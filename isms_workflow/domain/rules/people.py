"""Who holds what changes: what that means for the work that is open."""

from __future__ import annotations

from collections.abc import Iterable

from isms_workflow.domain.machine import ENGINE
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT, Actor, Directory
from isms_workflow.domain.plan import Plan, total
from isms_workflow.domain.refusals import LastInOffice, Wrong
from isms_workflow.domain.rules import apart, cases, corrective, gates, owing
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, Step

AGENT = Actor(ENGINE, "engine")
NEVER_VACANT = (ISMS_MANAGER, TOP_MANAGEMENT)
WRITERS = ("admin", "user")
"""The access roles that let a person owe steps and decide gates."""


def grantable(directory: Directory, person: str, responsibility: str) -> None:
    """Raise `Wrong` unless the person can own steps and decide gates: role user or admin, and active."""
    found = directory.people.get(person)
    if found is None or not found.active:
        raise Wrong("person", person, "name somebody with an active account")
    if not found.may_write:
        raise Wrong("person", person, f"role {found.role} only looks; whoever holds {responsibility} "
                                      "owns steps or decides gates, and has role user or admin")
    if directory.holds(person, responsibility):
        raise Wrong("responsibility", responsibility, "they hold it already")
    if responsibility in NEVER_VACANT and found.ends and not _staying(directory, directory.holders(responsibility)):
        raise Wrong("person", person, f"their account ends on a date; somebody whose account doesn't must hold "
                                      f"{responsibility} first, or nobody would hold it then")


def revocable(directory: Directory, person: str, responsibility: str) -> None:
    """Raise `LastInOffice` if nobody else in office holds what must always be held."""
    held = any(h.person == person and h.responsibility == responsibility for h in directory.holdings)
    if held and responsibility in NEVER_VACANT and not _successors(directory, person, directory.holders(responsibility)):
        raise LastInOffice("This person", responsibility)


def deactivatable(directory: Directory, person: str) -> None:
    """Raise `LastInOffice` if the account is the last ISMS manager's, top manager's or administrator's."""
    for name in NEVER_VACANT:
        revocable(directory, person, name)
    if _last_admin(directory, person):
        raise LastInOffice("This person", "administrator")


def demotable(directory: Directory, person: str, role: str) -> None:
    """Raise unless the person can have this access role: nobody's duty or last office may be lost by it."""
    if role not in WRITERS:
        held = sorted({h.responsibility for h in directory.holdings if h.person == person})
        if held:
            raise Wrong("role", role, f"they hold {', '.join(held)}: revoke these first, since role {role} only looks")
    if role != "admin" and _last_admin(directory, person):
        raise LastInOffice("This person", "administrator")


def _last_admin(directory: Directory, person: str) -> bool:
    admins = [p.id for p in directory.people.values() if p.active and p.role == "admin"]
    return directory.people[person].role == "admin" and not _successors(directory, person, admins)


def _successors(directory: Directory, person: str, holders: Iterable[str]) -> set[str]:
    """Who remains in office when somebody leaves it; whose account ends on a date doesn't replace one who stays."""
    others = set(holders) - {person}
    return others if directory.people[person].ends else _staying(directory, others)


def _staying(directory: Directory, people: Iterable[str]) -> set[str]:
    return {each for each in people if directory.people[each].ends is None}


def settle_in(before: CaseView, view: CaseView, when: When) -> Plan:
    """After a change of people: open steps find an owner in office, gates say if nobody can decide them any more.

    `before` is the case before the change, `view` after it. A planned case starts if nothing is missing any more.
    """
    if view.case.state == "planned":
        return start_if_complete(view, when)
    orphans = (s for s in view.steps if s.state == "open" and not (s.owner and view.directory.is_active(s.owner)))
    return _passed_on(view, orphans, "the owner's account has ended", when) + gates.newly_undecidable(before, view, when)


def start_if_complete(view: CaseView, when: When) -> Plan:
    """Starts a planned case as soon as every responsibility is held."""
    if view.directory.missing(cases.needed(view.workflow)):
        return Plan()
    return cases.start(view, None, AGENT, when)


def taken_over(before: CaseView, view: CaseView, person: str, reason: str, when: When) -> Plan:
    """Somebody left: every step that they owe, now or later, goes to whoever holds its responsibility now."""
    theirs = [s for s in view.steps if s.state in ("waiting", "open") and s.owner == person]
    action, view = corrective.owner_left(view, person, reason, when)
    return action + _passed_on(view, theirs, reason, when) + _arisen(before, view, when)


def vacated(before: CaseView, view: CaseView, person: str, responsibility: str, reason: str, when: When) -> Plan:
    """Somebody lost a responsibility: their open steps of it go to whoever holds it now, else to the ISMS manager.

    Who was ISMS manager also gives up what came to them because nobody holds it.
    """
    theirs = (s for s in view.steps if s.state in ("waiting", "open") and s.owner == person
              and not apart.is_by_name(view, s) and (
        s.responsibility == responsibility
        or (responsibility == ISMS_MANAGER and not view.directory.holders(s.responsibility))))
    return _passed_on(view, theirs, reason, when) + _arisen(before, view, when)


def _passed_on(view: CaseView, steps: Iterable[Step], reason: str, when: When) -> Plan:
    return total(owing.handed_over(view, s, apart.owner_of(view, s), reason, AGENT, when) for s in steps)


def _arisen(before: CaseView, view: CaseView, when: When) -> Plan:
    """What somebody's leaving leads to: gates that can't be decided, a planned case that lacks one more."""
    needed = cases.needed(view.workflow)
    missing = view.directory.missing(needed)
    if view.case.state == "planned" and set(missing) - set(before.directory.missing(needed)):
        return cases.say_missing(view, missing)
    return gates.newly_undecidable(before, view, when)
