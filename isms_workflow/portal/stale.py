"""A form that somebody else's was quicker than: what was typed stands beside what is there now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import Connection, select

from isms_workflow.domain.systems import in_order
from isms_workflow.engine import reading, register
from isms_workflow.engine.commands.common import case_id
from isms_workflow.portal import views as v
from isms_workflow.portal.history import of_subject
from isms_workflow.portal.names import Names
from isms_workflow.portal.rendering import local_day, local_instant
from isms_workflow.portal.visit import Visit
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.tables import people

LABELS = {"due": "Due date", "until": "Paused until", "into": "Merge into", "respond": "Start responding now", "reopen": "Steps to reopen", "role": "Access role"}


def clashes(conn: Connection, visit: Visit, path: str, typed: Mapping[str, str]) -> tuple[str, tuple[v.Clash, ...]]:
    """What happened last to what the form was about, in a sentence, and each field with both its versions."""
    room, subject, *_ = (*path.strip("/").split("/"), "")
    if THERE.get(room) in (_case, _incident, _action):
        subject = case_id(conn, subject)  # an address has its reference, or its id
    names = Names(conn, visit.person)
    now = THERE[room](conn, visit, names, subject) if room in THERE else {}
    lately = of_subject(conn, subject, names, visit, limit=10)
    last = next((each for each in lately if each.who.url), next(iter(lately), None))  # a person's deed, not what it led to
    if last is not None:
        now |= {name: last.reason for name in ("reason", "comment") if name in typed}
    typed = {**typed, "owner": names.who(typed["owner"]).name} if typed.get("owner") else typed  # a form has their id
    said = "" if last is None else (f"Last of all {last.who.name} {last.what}, "
                                    f"{local_instant(last.at, visit.person.zone)}.")
    return said, tuple(v.Clash(LABELS.get(name, name.capitalize()), typed.get(name, ""), now.get(name, ""))
                       for name in dict.fromkeys((*typed, *now)))


def _step(conn: Connection, visit: Visit, names: Names, step: str) -> dict[str, str]:
    case = conn.execute(questions.case_of_step(), {"step": step}).scalar_one()
    found = reading.view(conn, case, visit.now).step(step)
    due = local_day(found.due_at, visit.person.zone) if found.due_at else ""
    return {"state": found.state, "due": due, "owner": names.who(found.owner).name if found.owner else ""}


def _gate(conn: Connection, visit: Visit, names: Names, gate: str) -> dict[str, str]:
    case = conn.execute(questions.case_of_gate(), {"gate": gate}).scalar_one()
    found = reading.view(conn, case, visit.now).gate(gate)
    return {"state": found.state, "answers": names.names(tuple(d.person for d in found.decisions)),
            "covers": f"digest {found.digest[:12]}"}


def _case(conn: Connection, visit: Visit, names: Names, case: str) -> dict[str, str]:  # noqa: ARG001  # one shape for all
    found = reading.view(conn, case, visit.now).case
    until = {"until": local_day(found.paused_until, visit.person.zone)} if found.paused_until else {}
    return {"state": "paused" if until else found.state, **until}


def _incident(conn: Connection, visit: Visit, names: Names, case: str) -> dict[str, str]:
    found = reading.view(conn, case, visit.now)
    assert found.incident is not None  # its form was posted to an incident's address
    paused, word = found.incident.pause, found.incident.word
    return {"state": found.case.state.replace("_", " "), "severity": found.incident.severity,
            **({"until": local_instant(paused.until, visit.person.zone)} if paused and paused.until else {}),
            **({"seen to by": names.name(word.by)} if word else {})}


def _action(conn: Connection, visit: Visit, names: Names, case: str) -> dict[str, str]:
    found = reading.view(conn, case, visit.now)
    assert found.corrective is not None  # its form was posted to an action's address
    return {"state": found.case.state, "owner": names.who(found.corrective.owner).name}


def _person(conn: Connection, visit: Visit, names: Names, person: str) -> dict[str, str]:  # noqa: ARG001
    return {"role": str(conn.execute(select(people.c.role).where(people.c.id == person)).scalar_one())}


def _system(conn: Connection, visit: Visit, names: Names, system: str) -> dict[str, str]:  # noqa: ARG001
    found = register.entry(register.row(conn, system))
    says = asdict(found.draft) | {"owner": names.who(found.system.owner).name, "data": ", ".join(in_order(found.system.data))}
    return {"state": "retired" if found.retired else "in use", **says}


THERE = {"steps": _step, "gates": _gate, "cases": _case, "people": _person, "systems": _system, "incidents": _incident,
         "actions": _action}
"""By an address's first part: what is there now, by the names of the forms' fields."""
