"""Whom a name in a ladder's level means: a responsibility's holders, whoever is on call, a team, one person. Pure."""

from __future__ import annotations

from datetime import datetime

from isms_workflow.domain.on_call import at, rotation_of
from isms_workflow.domain.people import ISMS_MANAGER, Directory
from isms_workflow.domain.views import CaseView
from isms_workflow.programme.model import ON_CALL, PERSON, TEAM, Level, Programme


def named(view: CaseView, name: str, now: datetime) -> tuple[str, ...]:
    """The people in office whom a name means now, each once."""
    if name.startswith(TEAM):
        return tuple(dict.fromkeys(person for each in members(view.programme, name) for person in named(view, each, now)))
    if not name.startswith(ON_CALL):
        return all_named(view, name)  # neither an office nor a person depends on the instant
    on_duty = at(rotation_of(view, name), view.directory, now)
    return () if on_duty is None else (on_duty,)


def all_named(view: CaseView, name: str) -> tuple[str, ...]:
    """Whom a name may mean at any time, in a case."""
    return anybody(view.programme, view.directory, name)


def anybody(programme: Programme, directory: Directory, name: str) -> tuple[str, ...]:
    """Whom a name may mean at any time: of a rotation, everybody who takes turns."""
    if name.startswith(TEAM):
        return tuple(dict.fromkeys(person for each in members(programme, name) for person in anybody(programme, directory, each)))
    if name.startswith(ON_CALL):
        rotation = programme.on_call[name.removeprefix(ON_CALL)]
        return tuple(dict.fromkeys(person for each in rotation.responsibilities for person in directory.holders(each)))
    if name.startswith(PERSON):
        person = directory.person_at(name.removeprefix(PERSON))
        return (person,) if person else ()
    return directory.holders(name)


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


def members(programme: Programme, name: str) -> tuple[str, ...]:
    """What a team consists of; any other name stands for itself."""
    if not name.startswith(TEAM):
        return (name,)
    team = programme.teams.get(name.removeprefix(TEAM))
    return team.members if team else ()
