"""VERIS in and out: files become incidents, incidents become files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from isms_workflow.connectors import veris
from isms_workflow.domain.calendars import local_date
from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Insert, Plan
from isms_workflow.domain.refusals import Missing, Wrong
from isms_workflow.domain.rules import incidents as rules
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import offices, programmes, register
from isms_workflow.engine.commands.cases import reference
from isms_workflow.engine.commands.common import in_turn
from isms_workflow.engine.writer import write
from isms_workflow.programme.incidents import IncidentWorkflow, Veris
from isms_workflow.reports.veris import Facts, document
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import veris as questions
from isms_workflow.store.tables import organisation


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one incident of a file: its reference here, and whether it is new; `notes` are the reader's."""

    name: str
    reference: str
    is_new: bool
    notes: tuple[str, ...]


def take(tx: Transaction, found: Sequence[veris.Read], is_open: bool, actor: Actor, when: When) -> list[Taken]:
    """Every document becomes an incident: history, closed at once and told to nobody; where `is_open`, one that was
    reported just now, with its clocks. One that was imported before stays as it is.

    All or none. Raises `VerisRefused` for what our own fields don't take, `NotYours`, `Missing` while the programme
    in force doesn't say how they are read.
    """
    in_turn(tx)  # references are given one after the other
    said = _section(tx)
    return [_take(tx, each, said, is_open, actor, when) for each in found]


def _section(conn: Connection) -> Veris:
    workflow = programmes.in_force(conn).programme.workflows.get("incident")
    if not isinstance(workflow, IncidentWorkflow) or workflow.veris is None:
        raise Missing("an import", "the programme in force doesn't say how VERIS files are read; copy the section veris of "
                                   "the shipped incident.yaml, and apply it")
    return workflow.veris


def _take(tx: Transaction, each: veris.Read, said: Veris, is_open: bool, actor: Actor, when: When) -> Taken:
    before = tx.execute(questions.imported(each.incident_id)).scalar()
    if before is not None:
        return Taken(each.name, before, is_new=False, notes=each.notes)
    now = programmes.in_force(tx)
    named = {system.name.casefold(): system for system in register.in_use(tx)}
    systems = dict.fromkeys(named[name.casefold()] for name in veris.systems(each.document) if name.casefold() in named)
    found = replace(veris.report(each.document, said, now.calendar.zone), systems=tuple(systems))
    name = reference(tx, "incident", local_date(when.happened, now.calendar.zone).year)
    parts = (name, now.programme, now.calendar, offices.directory(tx, when.noticed))
    try:
        if is_open:
            plan, view = rules.report(found, *parts, None, actor, when)
            plans = [plan]
        else:
            *plans, view = rules.filed(found, *parts, actor, when)
    except Wrong as error:
        raise veris.VerisRefused([f"{each.name}: {error}"]) from error
    row = {"case_id": view.case.id, "incident_id": each.incident_id, "document": each.document, "imported_at": when.noticed}
    write(tx, [plans[0] + Plan(insert=(Insert("veris", row),))], when.noticed)
    for plan in plans[1:]:  # its end is recorded after its beginning
        write(tx, [plan], when.noticed)
    return Taken(each.name, name, is_new=True, notes=each.notes)


def export(conn: Connection, view: CaseView) -> dict[str, Any]:
    """An incident as a VERIS document; for whoever has asked whether the reader may see it."""
    workflow, incident = incidents_of(view)
    row = conn.execute(questions.source(view.case.id)).one()
    systems = sorted(each.name for each in register.by_ids(conn, incident.systems).values())
    facts = Facts(view.case.id, view.case.reference, view.case.state, row.title, row.description, incident.category,
                  incident.severity, view.case.opened_at, row.occurred_at, incident.responded_at, view.case.closed_at, systems,
                  str(conn.execute(select(organisation.c.name)).scalar() or ""), view.calendar.zone)
    return document(facts, workflow, row.document)
