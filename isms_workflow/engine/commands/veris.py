"""VERIS in and out: files become incidents, incidents become files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from isms_workflow.engine.commands.cases import references
from isms_workflow.engine.commands.common import in_turn
from isms_workflow.engine.writer import write
from isms_workflow.programme.incidents import IncidentWorkflow, Veris
from isms_workflow.programme.model import Programme
from isms_workflow.reports.veris import Facts, document
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import among
from isms_workflow.store.statements import veris as questions
from isms_workflow.store.tables import organisation

MOST_SAID = 8
"""Of the fields in which two documents differ, so many are named."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one incident of a file: its reference here, and whether it is new; `notes` are the reader's. `unlike` is a
    note on one that isn't new and says something else than what was taken; empty of every other.
    """

    name: str
    reference: str
    is_new: bool
    notes: tuple[str, ...]
    unlike: str = ""


def take(tx: Transaction, found: Sequence[veris.Read], is_open: bool, actor: Actor, when: When) -> list[Taken]:
    """Every document becomes an incident: history, closed at once and told to nobody; where `is_open`, one that was
    reported just now, with its clocks. One that was imported before stays as it is.

    All or none: everything is decided, then written at once, so that nobody waits longer than for the writing. Raises
    `VerisRefused` for what our own fields don't take, `NotYours`, `Missing` while the programme in force doesn't say how
    they are read.
    """
    in_turn(tx)  # of two imports of one document the second finds the first
    before = tx.execute(questions.imported(), among.ids(each.incident_id for each in found)).all()
    known = {row.incident_id: row.reference for row in before}
    new: dict[str, veris.Read] = {}
    for each in found:
        if each.incident_id not in known:
            new.setdefault(each.incident_id, each)  # of two documents of one incident the first is it
    now = programmes.in_force(tx)
    names = references(tx, "incident", local_date(when.happened, now.calendar.zone).year, len(new))
    begun, ended = _decided(tx, now, dict(zip(names, new.values(), strict=True)), is_open, actor, when)
    write(tx, begun, when.noticed)
    if ended:
        write(tx, ended, when.noticed)  # its end is recorded after its beginning
    known |= dict(zip(new, names, strict=True))
    theirs = {**{row.incident_id: row.document for row in before}, **{name: each.document for name, each in new.items()}}
    return [Taken(each.name, known[each.incident_id], new.get(each.incident_id) is each, each.notes,
                  _unlike(each.document, theirs[each.incident_id])) for each in found]


def _unlike(document: veris.Document, taken: veris.Document | None) -> str:
    """In which fields a document differs from the one of its incident that was taken; nobody knows once that is erased."""
    if taken is None or document == taken:
        return ""
    fields = sorted(name for name in document.keys() | taken.keys() if not (
        name in document and name in taken and document[name] == taken[name]))
    more = f", and {len(fields) - MOST_SAID} more" if len(fields) > MOST_SAID else ""
    return f"it differs from what was imported before, and was not taken: {', '.join(name[:40] for name in fields[:MOST_SAID])}{more}"


def _decided(tx: Transaction, now: programmes.InForce, named: Mapping[str, veris.Read], is_open: bool, actor: Actor,
             when: When) -> tuple[list[Plan], list[Plan]]:
    """How the documents, by their references here, begin as incidents, and how those that were dealt with end."""
    said, people = _section(now.programme), offices.directory(tx, when.noticed)
    register_of = {system.name.casefold(): system for system in register.in_use(tx)}
    begun: list[Plan] = []
    ended: list[Plan] = []
    for reference, each in named.items():
        systems = dict.fromkeys(register_of[name.casefold()] for name in veris.systems(each.document) if name.casefold() in register_of)
        found = replace(veris.report(each.document, said, now.calendar.zone), systems=tuple(systems))
        parts = (found, reference, now.programme, now.calendar, people)
        try:
            _check_begun(each.document, now.calendar.zone, when)
            if is_open:
                plan, view = rules.report(*parts, None, actor, when)
            else:
                plan, end, view = rules.filed(*parts, actor, when)
                ended.append(end)
        except Wrong as error:
            raise veris.VerisRefused([f"{each.name}: {error}"]) from error
        row = {"case_id": view.case.id, "incident_id": each.incident_id, "document": each.document, "imported_at": when.noticed}
        begun.append(plan + Plan(insert=(Insert("veris", row),)))
    return begun, ended


def _check_begun(document: veris.Document, zone: str, when: When) -> None:
    """Raise `Wrong` if it lies ahead: of a year or a month alone its first day, which is no instant that we keep."""
    if veris.earliest(document, zone) > when.happened:
        began = document["timeline"]["incident"]
        said = "-".join(str(began[part]) for part in ("year", "month", "day") if part in began)
        raise Wrong("timeline.incident", said, "it lies ahead: give the day on which it began, or the year alone")


def _section(programme: Programme) -> Veris:
    workflow = programme.workflows.get("incident")
    if not isinstance(workflow, IncidentWorkflow) or workflow.veris is None:
        raise Missing("an import", "the programme in force doesn't say how VERIS files are read; copy the section veris of "
                                   "the shipped incident.yaml, and apply it")
    return workflow.veris


def export(conn: Connection, view: CaseView) -> dict[str, Any]:
    """An incident as a VERIS document; for whoever has asked whether the reader may see it."""
    workflow, incident = incidents_of(view)
    row = conn.execute(questions.source(view.case.id)).one()
    systems = sorted(each.name for each in register.by_ids(conn, incident.systems).values())
    facts = Facts(view.case.id, view.case.reference, view.case.state, row.title, row.description, incident.category,
                  incident.severity, view.case.opened_at, row.occurred_at, incident.responded_at, view.case.closed_at, systems,
                  str(conn.execute(select(organisation.c.name)).scalar() or ""), view.calendar.zone)
    return document(facts, workflow, row.document)
