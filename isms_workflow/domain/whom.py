"""Whom a name in a ladder's level means: a responsibility's holders, whoever is on call, a team, one person. Pure."""

from __future__ import annotations

from datetime import datetime

from isms_workflow.domain.on_call import at, rotation_of
from isms_workflow.domain.people import ISMS_MANAGER
from isms_workflow.domain.views import CaseView
from isms_workflow.programme.model import ON_CALL, PERSON, TEAM, Level


def named(view: CaseView, name: str, now: datetime) -> tuple[str, ...]:
    """The people in office whom a name means now, each once."""
    if name.startswith(TEAM):
        return tuple(dict.fromkeys(person for each in _members(view, name) for person in named(view, each, now)))
    if name.startswith(PERSON):
        person = view.directory.person_at(name.removeprefix(PERSON))
        return (person,) if person else ()
    if not name.startswith(ON_CALL):
        return view.directory.holders(name)
    on_duty = at(rotation_of(view, name), view.directory, now)
    return () if on_duty is None else (on_duty,)


def all_named(view: CaseView, name: str) -> tuple[str, ...]:
    """Whom a name may mean at any time: of a rotation, everybody who takes turns."""
    if name.startswith(TEAM):
        return tuple(dict.fromkeys(person for each in _members(view, name) for person in all_named(view, each)))
    if name.startswith(ON_CALL):
        return tuple(dict.fromkeys(person for each in rotation_of(view, name).responsibilities for person in view.directory.holders(each)))
    return named(view, name, view.case.opened_at)  # neither an office nor a person depends on the instant


def last_resort(view: CaseView) -> tuple[str, ...]:
    """Who is told where a ladder's end reaches nobody: the ISMS manager; without one, whoever can name somebody."""
    return view.directory.holders(ISMS_MANAGER) or tuple(
        p.id for p in view.directory.people.values() if p.active and p.role == "admin")


def recorded(view: CaseView, level: Level) -> str:
    """Whom a level names, as a record holds it: a person by their id, for the history names nobody otherwise."""
    return " ".join(_recorded(view, name) for name in level.to)


def _recorded(view: CaseView, name: str) -> str:
    if not name.startswith(PERSON):
        return name
    return f"{PERSON}{view.directory.addresses.get(name.removeprefix(PERSON).lower(), 'unknown')}"


def _members(view: CaseView, name: str) -> tuple[str, ...]:
    team = view.programme.teams.get(name.removeprefix(TEAM))
    return team.members if team else ()
