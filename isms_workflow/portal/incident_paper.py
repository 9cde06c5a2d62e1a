"""An incident on paper: everything about it, in the organisation's zone, as an auditor or an authority files it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import register
from isms_workflow.portal.about import About
from isms_workflow.portal.history import sentence, texts
from isms_workflow.portal.names import Names
from isms_workflow.portal.rendering import local_instant, word
from isms_workflow.portal.surroundings import organisation
from isms_workflow.reports import pdf
from isms_workflow.reports.pdf import Block, Facts, Heading, Paragraph, Table
from isms_workflow.store.statements import incidents as questions
from isms_workflow.store.tables import audit, evidence

Sees = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that is ready to be set; `made_at` is when the incident's history last grew, so that the same
    incident is the same file.
    """

    title: str
    blocks: Sequence[Block]
    made_at: datetime
    foot: str

    def pdf(self) -> bytes:
        """As PDF."""
        return pdf.pdf(self.title, self.blocks, self.made_at, foot=self.foot, author=self.foot.partition(" · ")[0])


@dataclass(frozen=True)
class _Desk:
    """What every part of the document needs."""

    conn: Connection
    view: CaseView
    names: Names
    sees: Sees

    def at(self, instant: datetime | None) -> str:
        """An instant in the organisation's zone; a dash if there is none."""
        return local_instant(instant, self.view.calendar.zone) if instant else "–"


def read(conn: Connection, view: CaseView, sees: Sees) -> Paper:
    """The document of an incident that the reader may see; `sees` says whether a file's label lets them see it too."""
    desk = _Desk(conn, view, Names(conn, None), sees)
    row = conn.execute(questions.report_of(view.case.id)).one()
    files = conn.execute(select(evidence).where(evidence.c.case_id == view.case.id).order_by(evidence.c.id)).all()
    hidden = {each.id for each in files if not sees(each.label)}
    history = conn.execute(select(audit).where(audit.c.case_id == view.case.id).order_by(audit.c.seq)).all()
    blocks: list[Block] = [
        Facts(list(_facts(desk, row))), Heading("What was reported"), Paragraph(row.description or "Nothing more than its title."),
        *_phases(desk), Heading("Evidence"), _evidence(desk, [each for each in files if each.id not in hidden]),
        Heading("History"), _history(desk, history, hidden)]
    title = f"{view.case.reference}: {row.title or '(erased)'}"
    foot = " · ".join(each for each in (organisation(conn), view.case.reference, view.case.label) if each)
    return Paper(title, blocks, history[-1].noticed_at, foot)


def _facts(desk: _Desk, row: Any) -> Iterator[tuple[str, str]]:
    view, (workflow, incident) = desk.view, incidents_of(desk.view)
    systems = register.by_ids(desk.conn, incident.systems)
    if incident.is_exercise:
        yield "Exercise", "This was an exercise."
    yield "State", word(view.case.state)
    yield "Severity", workflow.severity(incident.severity).title
    yield "Category", workflow.category(incident.category).title
    yield "Systems", ", ".join(sorted(each.name for each in systems.values())) or "none known"
    yield "Label", view.case.label
    yield "Began", desk.at(row.occurred_at)
    yield "Reported", f"{desk.at(view.case.opened_at)} by {desk.names.name(incident.reported_by or incident.source)}"
    yield "Response due", desk.at(incident.response_due)
    yield "Responded", desk.at(incident.responded_at)
    if incident.breached_at:
        yield "Missed", f"It was noted {desk.at(incident.breached_at)} that nobody was at it in time."
    yield "Closed", desk.at(view.case.closed_at)
    yield "Programme", view.case.programme[:16]


def _phases(desk: _Desk) -> Iterator[Block]:
    """Each phase that it has come to: its steps, and what was decided."""
    view = desk.view
    for phase in view.workflow.phases:
        if not view.phase_opened(phase.id):
            continue
        yield Heading(phase.title)
        yield Table(("Step", "State", "Owner", "Due", "Settled"), [
            (view.title(s), word(s.state), desk.names.name(s.owner), desk.at(s.due_at), desk.at(s.settled_at))
            for s in view.steps_of(phase.id)])
        gates = [gate for gate in view.gates if gate.name == phase.id]
        if gates:
            yield Table(("Approval", "State", "Closed", "Who"), [
                (f"round {gate.round}", word(gate.state), desk.at(gate.closed_at),
                 "\n".join(f"{desk.names.name(d.person)}: {d.answer}, {desk.at(d.decided_at)}" for d in gate.decisions) or "–")
                for gate in gates])


def _evidence(desk: _Desk, files: Sequence[Any]) -> Table:
    return Table(("File", "Added", "SHA-256"), [
        (f"{row.name or '(erased)'}{' (withdrawn)' if row.withdrawn_at else ''}",
         f"{desk.at(row.added_at)}\n{desk.names.name(row.added_by) if row.added_by else 'with the report'}", f"{row.sha256[:32]}\n{row.sha256[32:]}")
        for row in files], "No file that may be shown here.")


def _history(desk: _Desk, rows: Sequence[Any], hidden: set[str]) -> Table:
    """Every record but those about files that are hidden, with its place in the chain and the beginning of its digest."""
    beside, about, lines = texts(desk.conn, [row.seq for row in rows]), About.of(desk.conn, rows), []
    for row in rows:
        data = json.loads(row.body)["data"]
        if data.get("evidence") in hidden:
            continue
        step = about.step(row)
        what = sentence(row.kind, about.spoken(row, data), desk.names, desk.view.calendar.zone)
        said = f"{step.label}: {what}" if step else what
        why = f"\n“{beside[row.seq]}”" if row.seq in beside else ""
        lines.append((desk.at(row.happened_at), desk.names.name(row.actor), f"{said}{why}", f"{row.seq}\n{row.hash[:12]}"))
    return Table(("When", "Who", "What", "Record"), lines)
