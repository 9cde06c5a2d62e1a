"""Who holds what changes: what that means for the work that is open."""

from __future__ import annotations

from isms_workflow.domain.machine import ENGINE
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT, Actor, Directory
from isms_workflow.domain.plan import Plan, total
from isms_workflow.domain.refusals import LastInOffice, Wrong
from isms_workflow.domain.rules import cases, gates, owing
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView

AGENT = Actor(ENGINE, "engine")
NEVER_VACANT = (ISMS_MANAGER, TOP_MANAGEMENT)


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


def revocable(directory: Directory, person: str, responsibility: str) -> None:
    """Raise `LastInOffice` if nobody else in office holds what must always be held."""
    held = any(h.person == person and h.responsibility == responsibility for h in directory.holdings)
    if held and responsibility in NEVER_VACANT and not set(directory.holders(responsibility)) - {person}:
        raise LastInOffice("This person", responsibility)


def deactivatable(directory: Directory, person: str) -> None:
    """Raise `LastInOffice` if the account is the last ISMS manager's, top manager's or administrator's."""
    for name in NEVER_VACANT:
        revocable(directory, person, name)
    if _last_admin(directory, person):
        raise LastInOffice("This person", "administrator")


def demotable(directory: Directory, person: str, role: str) -> None:
    """Raise unless the person can have this access role: nobody's duty or last office may be lost by it."""
    if role not in ("admin", "user"):
        held = sorted({h.responsibility for h in directory.holdings if h.person == person})
        if held:
            raise Wrong("role", role, f"they hold {', '.join(held)}: revoke these first, since role {role} only looks")
    if role != "admin" and _last_admin(directory, person):
        raise LastInOffice("This person", "administrator")


def _last_admin(directory: Directory, person: str) -> bool:
    others = any(p.active and p.role == "admin" and p.id != person for p in directory.people.values())
    return directory.people[person].role == "admin" and not others


def settle_in(view: CaseView, reason: str, when: When) -> Plan:
    """After a change of people: open steps find an owner in office, gates say if nobody can decide them.

    `view.directory` is the one after the change. A planned case starts if nothing is missing any more.
    """
    if view.case.state == "planned":
        return start_if_complete(view, when)
    orphans = (s for s in view.steps if s.state == "open" and not (s.owner and view.directory.is_active(s.owner)))
    moved = total(owing.handed_over(view, s, view.directory.owner(s.responsibility), reason, AGENT, when)
                  for s in orphans)
    warned = total(gates.warn_if_undecidable(view, g, when) for g in view.gates if g.state == "open")
    return moved + warned


def start_if_complete(view: CaseView, when: When) -> Plan:
    """Starts a planned case as soon as every responsibility is held."""
    if view.directory.missing(cases.needed(view.workflow)):
        return Plan()
    return cases.start(view, None, AGENT, when)


def taken_over(view: CaseView, person: str, reason: str, when: When) -> Plan:
    """Somebody left: every step that they owe, now or later, goes to whoever holds its responsibility now."""
    theirs = (s for s in view.steps if s.state in ("waiting", "open") and s.owner == person)
    moved = total(owing.handed_over(view, s, view.directory.owner(s.responsibility), reason, AGENT, when)
                  for s in theirs)
    return moved + total(gates.warn_if_undecidable(view, g, when) for g in view.gates if g.state == "open")


def vacated(view: CaseView, person: str, responsibility: str, reason: str, when: When) -> Plan:
    """Somebody lost a responsibility: their open steps of it go to whoever holds it now, else to the ISMS manager."""
    theirs = (s for s in view.steps
              if s.state in ("waiting", "open") and s.owner == person and s.responsibility == responsibility)
    moved = total(owing.handed_over(view, s, view.directory.owner(responsibility), reason, AGENT, when)
                  for s in theirs)
    return moved + total(gates.warn_if_undecidable(view, g, when) for g in view.gates if g.state == "open")
