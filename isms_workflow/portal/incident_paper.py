"""An incident on paper: everything about it, in the organisation's zone, as an auditor or an authority files it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.duties import Duties
from isms_workflow.domain.incident import UNANSWERED
from isms_workflow.domain.lessons import Sort, in_tree, roots
from isms_workflow.domain.limits import current
from isms_workflow.domain.obligations import Standing, State
from isms_workflow.domain.rules import lessons
from isms_workflow.domain.rules.duties import questions_step
from isms_workflow.domain.views import CaseView, Step
from isms_workflow.engine import register
from isms_workflow.portal.about import About
from isms_workflow.portal.history import sentence, texts
from isms_workflow.portal.lessons_view import reasons
from isms_workflow.portal.names import Names
from isms_workflow.portal.rendering import local_instant, span, word
from isms_workflow.portal.showing import rungs
from isms_workflow.portal.surroundings import organisation
from isms_workflow.programme.obligations import SUBMITTED
from isms_workflow.reports import pdf
from isms_workflow.reports.pdf import Block, Facts, Heading, Items, Paragraph, Table
from isms_workflow.store.statements import corrective as action_questions
from isms_workflow.store.statements import incidents as questions
from isms_workflow.store.statements import lessons as lesson_questions
from isms_workflow.store.tables import audit, cases, evidence

Sees = Callable[[str], bool]
Opens = Callable[[str], bool]
ESCALATIONS = frozenset({"deadline.expired", "incident.escalated"})
HIDDEN = "one that isn’t shown to whoever reads this"
SORTS: tuple[tuple[Sort, str], ...] = (("event", "Added to the timeline"), ("well", "What went well"), ("improve", "What can improve"))
"""What is written down of an incident beside causes and what is to change, and the heading that it stands under."""


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
    opens: Opens
    made_at: datetime

    def at(self, instant: datetime | None) -> str:
        """An instant in the organisation's zone; a dash if there is none."""
        return local_instant(instant, self.view.calendar.zone) if instant else "–"


def read(conn: Connection, view: CaseView, sees: Sees, opens: Opens) -> Paper:
    """The document of an incident that the reader may see; `sees` says whether a file's label lets them see it too, `opens`
    whether they see another case, by its id.
    """
    row = conn.execute(questions.report_of(view.case.id)).one()
    files = conn.execute(select(evidence).where(evidence.c.case_id == view.case.id).order_by(evidence.c.id)).all()
    hidden = {each.id for each in files if not sees(each.label)}
    history = conn.execute(select(audit).where(audit.c.case_id == view.case.id).order_by(audit.c.seq)).all()
    desk = _Desk(conn, view, Names(conn, None), sees, opens, history[-1].noticed_at)
    blocks: list[Block] = [
        Facts(list(_facts(desk, row))), Heading("What was reported"), Paragraph(row.description or "Nothing more than its title."),
        *_ladder(desk, history), *_reports(desk, {each.id: each for each in files}, hidden), *_phases(desk), *_lessons(desk),
        Heading("Evidence"), _evidence(desk, [each for each in files if each.id not in hidden]),
        Heading("History"), _history(desk, history, hidden)]
    title = f"{view.case.reference}: {row.title or '(erased)'}"
    foot = " · ".join(each for each in (organisation(conn), view.case.reference, view.case.label) if each)
    return Paper(title, blocks, desk.made_at, foot)


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
        yield _steps(desk, view.steps_of(phase.id))
        gates = [gate for gate in view.gates if gate.name == phase.id]
        if gates:
            yield Table(("Approval", "State", "Closed", "Who"), [
                (f"round {gate.round}", word(gate.state), desk.at(gate.closed_at),
                 "\n".join(f"{desk.names.name(d.person)}: {d.answer}, {desk.at(d.decided_at)}" for d in gate.decisions) or "–")
                for gate in gates])


def _steps(desk: _Desk, steps: Iterable[Step]) -> Table:
    return Table(("Step", "State", "Owner", "Due", "Settled"), [
        (desk.view.title(s), word(s.state), desk.names.name(s.owner), desk.at(s.due_at), desk.at(s.settled_at)) for s in steps])


def _ladder(desk: _Desk, history: Sequence[Any]) -> Iterator[Block]:
    """Who was told while nobody was at it, and who will be, if that goes on."""
    view, (_, incident) = desk.view, incidents_of(desk.view)
    levels = [(row, json.loads(row.body)["data"]) for row in history if row.kind in ESCALATIONS and row.subject == view.case.id]
    told = [(desk.at(row.happened_at), sentence(row.kind, data, desk.names, view.calendar.zone))
            for row, data in levels if "level" in data and "obligation" not in data]
    waits = view.case.state in UNANSWERED and not incident.pause
    ahead = [(desk.at(each.at), f"{each.says}, unless somebody acts") for each in rungs(desk.conn, view, view.case.id)] if waits else []
    if told or ahead:
        yield Heading("Who is told when, while nobody is at it")
        yield Table(("When", "What"), [*told, *ahead])


def _reports(desk: _Desk, files: Mapping[str, Any], hidden: set[str]) -> Iterator[Block]:
    """Every report that applies or may, as it stood when the incident's history last grew; nothing of an exercise."""
    duties, step = desk.view.duties, questions_step(desk.view)
    if duties is None:
        return
    yield Heading("Obligations to report")
    found = [each for each in duties.standings(desk.made_at) if each.state is not State.NOT_APPLICABLE]
    yield Paragraph(f"As they stood {desk.at(desk.made_at)}. {duties.says_open}".rstrip() if found else "Nothing is to be reported, by what is known.")
    yield Table(("Report", "State", "Act by", "Latest lawful", "Submitted"), [
        (f"{each.obligation.stage.title}\n{each.obligation.regime.title}, {each.obligation.stage.article}, to {each.obligation.stage.recipient}",
         f"{word(str(each.state))}{_late(each)}", desk.at(each.act_by), desk.at(each.latest_lawful),
         "\n".join(_submitted(desk, duties, each, files, hidden)) or "–") for each in found], "")
    if step is not None:
        yield _steps(desk, (step,))


def _late(stands: Standing) -> str:
    """That it is late, or by how much it was."""
    if stands.in_time is False and stands.submitted_at and stands.latest_lawful:
        return f", {span(stands.submitted_at - stands.latest_lawful)} late"
    return ", late" if stands.overdue else ""


def _submitted(desk: _Desk, duties: Duties, stands: Standing, files: Mapping[str, Any], hidden: set[str]) -> Iterator[str]:
    """When and by whom a report was submitted, whether that counts still, and the file that proves it."""
    found = stands.obligation
    counts = current(found.regime, found.stage, duties.facts.until(desk.made_at)).submitted(found.id)
    if found.stage.repeats and stands.started_at is not None:
        counts = [event for event in counts if event.at >= stands.started_at]
    for each in duties.dated:
        if (each.event.kind, each.event.of) != (SUBMITTED, found.id):
            continue
        row = files.get(each.evidence or "")
        proof = "" if row is None else f", {HIDDEN}" if row.id in hidden else f", {row.name or '(erased)'} ({row.sha256[:12]})"
        before = "" if each.event in counts else ", before it began anew"
        yield f"{desk.at(each.event.at)}{before} by {desk.names.name(each.by)}{proof}"


def _lessons(desk: _Desk) -> Iterator[Block]:
    """What was written down of it: what happened, went well and can improve, why it came about, and what became of what is
    to change.
    """
    rows = {row.id: row for row in desk.conn.execute(lesson_questions.of_case(desk.view.case.id))}
    if not rows:
        return
    entries = lessons.all_of(desk.view)
    deepest, actions = {each.id for each in roots(entries)}, _actions(desk, list(rows.values()))
    why = reasons(desk.conn, (desk.view.case.id,))
    written = {sort: [_entry(desk, row) for row in rows.values() if row.sort == sort] for sort, _ in SORTS}
    causes = [f"{'↳ ' * depth}{_entry(desk, rows[each.id], 'root cause' if each.id in deepest else '')}"
              for depth, each in in_tree(entries) if each.id in rows]
    items = [_entry(desk, row, _outcome(row, actions, why)) for row in rows.values() if row.sort == "item"]
    yield Heading("What was learned from it")
    for heading, said in (*((title, written[sort]) for sort, title in SORTS), ("Why it came about", causes), ("What is to change", items)):
        if said:
            yield Heading(heading, level=2)
            yield Items(said)


def _entry(desk: _Desk, row: Any, beside: str = "") -> str:
    at = f"{desk.at(row.at)}: " if row.at else ""
    return f"{at}{row.text or '(erased)'} ({f'{beside}; ' if beside else ''}{desk.names.name(row.author)}, {desk.at(row.written_at)})"


def _outcome(row: Any, actions: Mapping[str, str], why: Mapping[str, str]) -> str:
    """What became of something that is to change."""
    if row.answer == "action":
        return f"corrective action {actions.get(row.action_case, HIDDEN)}"
    return f"declined: “{why.get(row.id, '(erased)')}”" if row.answer == "declined" else "undecided"


def _actions(desk: _Desk, rows: Sequence[Any]) -> dict[str, str]:
    """The references and states of the corrective actions that entries became, by case, as far as the reader sees them."""
    ids = [row.action_case for row in rows if row.action_case and desk.opens(row.action_case)]
    found = desk.conn.execute(action_questions.lines().where(cases.c.id.in_(ids))).all() if ids else ()
    return {row.id: f"{row.reference}, {word(row.state)}" for row in found}


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
