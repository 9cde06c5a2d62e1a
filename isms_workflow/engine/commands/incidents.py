"""Commands on incidents: anybody with an account reports one, responders see it through, the flow ends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from isms_workflow.domain.calendars import local_date
from isms_workflow.domain.incident import LEARNING, RESPONDING
from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Missing, Unknown, Wrong
from isms_workflow.domain.rules import escalation
from isms_workflow.domain.rules import incidents as rules
from isms_workflow.domain.rules.incidents import Report
from isms_workflow.domain.systems import System
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import offices, programmes, reading, register
from isms_workflow.engine.commands.cases import reference
from isms_workflow.engine.commands.common import case_id, in_turn, of_case
from isms_workflow.engine.writer import write
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.programme.model import Programme
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import incidents as questions


def may_report(conn: Connection, found: Report, systems: Sequence[str], when: When) -> None:
    """Asked before a report's files are taken, so that those of a refused one aren't kept; `report` asks again."""
    rules.check_report(found, _section(programmes.in_force(conn).programme), when.happened)
    _known(conn, systems)


def report(tx: Transaction, found: Report, systems: Sequence[str], actor: Actor, when: When) -> tuple[CaseView, bool]:
    """A report becomes an incident at once, with its clocks running; the same key of the same source again is an
    occurrence of the one that is open, and names the old one after its end.

    Returns its case, as it was reported or found open, and whether it is new. Raises `Wrong` naming the field, `Missing` while the programme in force
    has no section on incidents.
    """
    before = _under_key(tx, found, actor, when)
    if before is not None and before.case.closed_at is None:
        write(tx, [rules.occurred(before, None, actor, when, found)], when.noticed)
        return before, False
    standing = offices.standing(tx, when.noticed)
    now = programmes.applied(tx, standing.programme)
    _section(now.programme)
    known = _known(tx, systems)
    name = reference(tx, "incident", local_date(when.happened, now.calendar.zone).year)
    plan, view = rules.report(replace(found, systems=tuple(known[each] for each in dict.fromkeys(systems))), name,
                              now.programme, now.calendar, standing.directory,
                              before.case.id if before else None, actor, when)
    write(tx, [plan], when.noticed, wishes=standing.wishes)
    return view, True


def _section(programme: Programme) -> IncidentWorkflow:
    """What the programme in force says of incidents. Raises `Missing`."""
    found = programme.workflows.get("incident")
    if not isinstance(found, IncidentWorkflow):
        raise Missing("a report", "the programme in force says nothing of incidents; copy incident.yaml, and what "
                                  "ladders.yaml and responsibilities.yaml say of them, from the shipped programme, and apply it")
    return found


def _known(conn: Connection, systems: Sequence[str]) -> Mapping[str, System]:
    """The systems by their ids. Raises `Wrong` for one that the register doesn't have."""
    known = register.by_ids(conn, systems) if systems else {}
    for each in systems:
        if each not in known:
            raise Wrong("systems", each, "give the ids of systems in the register, as `GET /api/v1/systems` lists them")
    return known


def _under_key(tx: Transaction, found: Report, actor: Actor, when: When) -> CaseView | None:
    """The newest incident under the report's key, locked; None if it names none, or there is none yet."""
    if found.external_key is None:
        return None
    in_turn(tx)  # of two reports under one key the second finds the first
    case = tx.execute(questions.of_key(actor.id, found.external_key)).scalars().first()
    return None if case is None else reading.view(tx, case, when.noticed, lock=True)


def of_incident(tx: Transaction, case: str, when: When) -> CaseView:
    """The incident by its case's id or reference, locked. Raises `Unknown`, also for a case of another kind."""
    view = of_case(tx, case, when)
    if view.incident is None:
        raise Unknown("incident", case)
    return view


def triage(tx: Transaction, case: str, seen: int | None, severity: str, reason: str, actor: Actor, when: When) -> None:
    """Confirms the severity, or changes it. Raises `NotYours`, `NotAllowed`, `Moved`, `Wrong`, `ReasonNeeded`."""
    write(tx, [rules.triage(of_incident(tx, case, when), seen, severity, reason, actor, when)], when.noticed)


def reassess(tx: Transaction, case: str, seen: int | None, severity: str, reason: str, actor: Actor, when: When) -> None:
    """Another severity. Raises as `triage`."""
    write(tx, [rules.reassess(of_incident(tx, case, when), seen, severity, reason, actor, when)], when.noticed)


def acknowledge(tx: Transaction, case: str, seen: int | None, actor: Actor, when: When) -> None:
    """Somebody sees to it; the escalation stands still meanwhile. Raises `NotYours`, `NotAllowed`, `Moved`."""
    write(tx, [escalation.acknowledge(of_incident(tx, case, when), seen, actor, when)], when.noticed)


def escalate(tx: Transaction, case: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """The next level is told now. Raises `NotYours`, `NotAllowed`, `Moved`, `ReasonNeeded`."""
    write(tx, [escalation.escalate(of_incident(tx, case, when), seen, reason, actor, when)], when.noticed)


def pause(tx: Transaction, case: str, seen: int | None, until: datetime, reason: str, actor: Actor, when: When) -> None:
    """The clocks stand still until an instant. Raises `NotYours`, `NotAllowed`, `Moved`, `Wrong`, `ReasonNeeded`."""
    write(tx, [escalation.pause(of_incident(tx, case, when), seen, until, reason, actor, when)], when.noticed)


def resume(tx: Transaction, case: str, seen: int | None, actor: Actor, when: When) -> None:
    """Ends a pause before its time. Raises `NotYours`, `NotAllowed`, `Moved`."""
    write(tx, [escalation.resume(of_incident(tx, case, when), seen, actor, when)], when.noticed)


def respond(tx: Transaction, case: str, seen: int | None, actor: Actor, when: When) -> None:
    """A person is at it. Raises `NotYours`, `NotAllowed`, `Moved`."""
    write(tx, [rules.respond(of_incident(tx, case, when), seen, actor, when)], when.noticed)


def dismiss(tx: Transaction, case: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """It was none. Raises `NotYours`, `NotAllowed`, `Moved`, `ReasonNeeded`."""
    write(tx, [rules.dismiss(of_incident(tx, case, when), seen, reason, actor, when)], when.noticed)


def take_back(tx: Transaction, case: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """It was one after all. Raises as `dismiss`."""
    write(tx, [rules.take_back(of_incident(tx, case, when), seen, reason, actor, when)], when.noticed)


def merge(tx: Transaction, case: str, seen: int | None, into: str, reason: str, actor: Actor, when: When) -> None:
    """It is part of another, by id or reference. Raises as `dismiss`, and `Wrong` if the other isn't open."""
    ids = {case_id(tx, case), case_id(tx, into)}
    views = reading.views(tx, sorted(ids), when.noticed, lock=True)
    ours, other = (_incident_of(views, case_id(tx, each), each) for each in (case, into))
    write(tx, [rules.merge(ours, seen, other, reason, actor, when)], when.noticed)


def _incident_of(views: dict[str, CaseView], case: str, named: str) -> CaseView:
    found = views.get(case)
    if found is None or found.incident is None:
        raise Unknown("incident", named)
    return found


def reopen(tx: Transaction, case: str, seen: int | None, steps: Sequence[str], reason: str, actor: Actor, when: When) -> None:
    """The named steps of the response are owed again. Raises as `dismiss`, and `Wrong` for other steps."""
    write(tx, [rules.reopen(of_incident(tx, case, when), seen, steps, reason, actor, when)], when.noticed)


def replan(tx: Transaction, case: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """It goes on under the programme in force. Raises as `dismiss`, and `Wrong` if that programme can't carry it."""
    view, now = of_incident(tx, case, when), programmes.in_force(tx)
    write(tx, [rules.replan(view, seen, now.programme, reason, actor, when)], when.noticed)


def resolve(tx: Transaction, case: str, when: When) -> bool:
    """The flow: every step of the response is settled. False if that is so no longer, or was said already."""
    view = of_incident(tx, case, when)
    if view.case.state != RESPONDING or not view.is_settled(RESPONDING):
        return False
    write(tx, [rules.resolve(view, when)], when.noticed)
    return True


def learn(tx: Transaction, case: str, when: When) -> bool:
    """The flow: the lessons begin. False if they have begun, or the incident is in another state."""
    view = of_incident(tx, case, when)
    if view.case.state != "resolved":
        return False
    write(tx, [rules.learn(view, when)], when.noticed)
    return True


def close(tx: Transaction, case: str, when: When) -> bool:
    """The flow: it ends. False if it has ended, or isn't resolved any more. Raises `Missing` while its gate hasn't passed."""
    view = of_incident(tx, case, when)
    if view.case.state not in ("resolved", LEARNING):
        return False
    write(tx, [rules.close(view, when)], when.noticed)
    return True
