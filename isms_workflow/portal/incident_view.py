"""One incident as its page shows it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select

from isms_workflow.domain.access import may_see
from isms_workflow.domain.calendars import DueRule
from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.incident import LEARNING, RESPONDING, UNANSWERED, Incident
from isms_workflow.domain.rules.escalation import WORD
from isms_workflow.domain.rules.incidents import learns
from isms_workflow.domain.waits import waits
from isms_workflow.engine import programmes, register, telling
from isms_workflow.engine.mailing.of_incident import REPORTERS
from isms_workflow.portal import attaching, obligations
from isms_workflow.portal import views as v
from isms_workflow.portal.actions import link as action_link
from isms_workflow.portal.circle import people_of
from isms_workflow.portal.history import of_case
from isms_workflow.portal.incident_actions import Desk
from isms_workflow.portal.incidents import answered, ended
from isms_workflow.portal.lessons_view import Board
from isms_workflow.portal.names import case_url, gate_url, reference, step_url
from isms_workflow.portal.one_case import CasePage
from isms_workflow.portal.pages.pdca import gate_line, line
from isms_workflow.portal.rendering import local_instant, word
from isms_workflow.portal.showing import file, rungs, waiting
from isms_workflow.portal.sight import Sight, eyes
from isms_workflow.portal.tellings import FEW, lines
from isms_workflow.programme.incidents import Condition, IncidentWorkflow
from isms_workflow.programme.model import Phase
from isms_workflow.store.statements import corrective as action_questions
from isms_workflow.store.statements import incidents as questions
from isms_workflow.store.statements import veris
from isms_workflow.store.statements.mails import last_record
from isms_workflow.store.statements.sight import seen_by
from isms_workflow.store.tables import audit, audit_private, deadlines

MOST_ALIKE = 20
"""What is merged goes into one of the first; the list of incidents has all of them."""

AHEAD = {RESPONDING: "when somebody responds", LEARNING: "when it is resolved"}


class Page(CasePage):
    """One incident before one reader, read at one instant."""

    @cached_property
    def workflow(self) -> IncidentWorkflow:
        """What the incident's programme says of incidents."""
        return incidents_of(self.view)[0]

    @cached_property
    def incident(self) -> Incident:
        """What it is beside its case."""
        return incidents_of(self.view)[1]

    @cached_property
    def row(self) -> Any:
        """What was said when it was reported."""
        return self.conn.execute(questions.report_of(self.view.case.id)).one()

    def whole(self) -> v.Incident:
        """Everything that the page shows."""
        view, visit = self.view, self.visit
        in_force = programmes.in_force(self.conn).programme.digest
        main, others = Desk(visit, view, in_force, visit.request.query_params.get("into", "")).actions()
        running = view.case.state in UNANSWERED and not self.incident.pause
        occurred = self.conn.execute(questions.occurred(view.case.id)).all()
        duties = view.duties
        attach = attaching.form(self.conn, visit, view, case_url(view.case.reference))
        return v.Incident(
            reference(view), self.row.title or "(erased)", view.case.state, self.incident.severity, self._why(),
            self._response(), self.incident.response_due if running else None, self.row.description or "", self._facts(),
            self._systems(), self._phases(), rungs(self.conn, view, view.case.id) if running else (),
            of_case(self.conn, view.case.id, self.names, visit), self._word(), self._pause(), self._wait(),
            len(occurred), self._relations(occurred), self._alike(), main=main, actions=others,
            document=f"{case_url(view.case.reference)}/document", downloads=downloads(view.case.reference),
            told=self._told[-FEW:], all_told=self._all_told(),
            drill=f"{case_url(view.case.reference)}/drill" if self.incident.is_exercise else "", is_exercise=self.incident.is_exercise,
            lessons=Board(self.conn, visit, view, self.names).whole(), led_to=self._led_to(),
            reports=obligations.Page(self.conn, visit, view).lines(),
            reports_url=f"{case_url(view.case.reference)}/obligations" if duties else "",
            unanswered=duties.says_open if duties and view.case.closed_at is None else "",
            files=self._files(), no_files=attaching.nothing(view, attach), attach=attach, onward=self._onward())

    def _files(self) -> tuple[v.Evidence, ...]:
        """Those of the report that the reader may see."""
        inside = self.visit.person.id in people_of(self.conn, self.view, self.visit.now)
        return tuple(file(each, self.names) for each in self.conn.execute(questions.attachments_of(self.view.case.id))
                     if may_see(self.visit.person, each.label, inside))

    def _led_to(self) -> tuple[v.Reference, ...]:
        """The corrective actions that came of it, as far as the reader may see them."""
        rows = self.conn.execute(action_questions.from_case(self.view.case.id)).all()
        shown = Sight(self.conn, self.visit).those([row.id for row in rows])
        return tuple(action_link(row) for row in rows if row.id in shown)

    @cached_property
    def _told(self) -> tuple[v.TellingLine, ...]:
        return lines((each for each in telling.of_case(self.conn, self.view.case.id) if each.notice not in REPORTERS), self.names)

    def _all_told(self) -> v.Link | None:
        found = len(self._told)
        label = "Every attempt" if found <= FEW else f"All {found:,} messages, with every attempt"
        return v.Link(label, f"{case_url(self.view.case.reference)}/told") if found else None

    def _wait(self) -> v.Wait | None:
        """While it is paused, what isn't: its reports, and the step that asks of them."""
        stands_still = self.incident.pause and not any(each.until for each in waits(self.view))
        return None if stands_still else waiting(self.conn, self.view)

    def _onward(self) -> v.Link | None:
        """The step that is owed now, the reader's own first, or the gate that waits; None before a response, and at the end."""
        view = self.view
        if view.case.closed_at is not None or view.case.state in UNANSWERED:
            return None
        steps = sorted((s for s in view.steps_of(view.case.state) if s.state == "open"), key=lambda s: s.owner != self.visit.person.id)
        gate = view.latest_gate(view.case.state)
        if steps:
            return v.Link(view.title(steps[0]), step_url(steps[0]))
        return v.Link(f"Gate: approve {word(gate.name)}", gate_url(gate)) if gate and gate.state != "passed" else None

    def _response(self) -> str:
        if self.view.case.state in UNANSWERED:
            return "its clocks stand still" if self.incident.pause else "response"
        return ended(self.incident.responded_at, self.incident.response_due, is_over=self.view.case.closed_at is not None)

    def _facts(self) -> tuple[v.Fact, ...]:
        case, zone, row = self.view.case, self.visit.person.zone, self.row
        by = self.names.who(self.incident.reported_by or self.incident.source)
        found = [v.Fact("Category", self.workflow.category(self.incident.category).title),
                 v.Fact("Reported", local_instant(case.opened_at, zone)), v.Fact("Reported by", by.name, by.url)]
        if row.occurred_at:
            found.append(v.Fact("Began", local_instant(row.occurred_at, zone)))
        if row.responded_at:
            found.append(v.Fact("Response", f"{local_instant(row.responded_at, zone)}, "
                                            f"{answered(row.responded_at, row.response_due).removeprefix('answered ')}"))
        elif row.breached_at:
            found.append(v.Fact("Response", f"missed {local_instant(row.breached_at, zone)}", state="late"))
        found += [v.Fact("Label", case.label), v.Fact("Programme", case.programme[:12], "/programme")]
        return tuple(found)

    def _systems(self) -> tuple[v.Link, ...]:
        known = register.by_ids(self.conn, self.incident.systems)
        return tuple(v.Link(s.name, f"/systems/{s.id}") for s in sorted(known.values(), key=lambda s: s.name))

    def _why(self) -> str:
        """Why it has its severity: the rule that gave it, or who changed it."""
        case = self.view.case.id
        row = self.conn.execute(last_record("incident.reported", case, case)).first()
        said: Mapping[str, Any] = json.loads(row.body)["data"] if row else {}
        if said.get("severity") != self.incident.severity:
            return self._changed(said.get("severity"))
        if said.get("rule") is None and self.conn.execute(veris.is_imported(case)).first():
            return "As the file said that it was imported from, or, where that said nothing, the severity for what can't be told."
        if said.get("rule") is None:
            return "No system is known, or no rule of the programme holds: the severity for what can't be told."
        opened = self.conn.execute(last_record("case.opened", case, case)).one()
        digest = json.loads(opened.body)["data"]["programme"]
        workflow = programmes.version(self.conn, digest).programme.workflows["incident"]
        assert isinstance(workflow, IncidentWorkflow)  # it was reported under it
        rule = workflow.assessments[said["rule"] - 1]
        return f"Rule {said['rule']} of the programme: {'; '.join(_conditions(rule.when, workflow))}."

    def _changed(self, first: str | None) -> str:
        """Who gave it the severity that it has now, and their reason."""
        now, last = first, None
        for row in self.conn.execute(select(audit).where(
                audit.c.case_id == self.view.case.id, audit.c.kind.in_(("incident.reassessed", "incident.absorbed", "case.moved")))
                .order_by(audit.c.seq)):
            to = json.loads(row.body)["data"].get("severity", now)
            now, last = to, row if to != now else last
        if last and last.kind == "incident.absorbed":
            return f"As grave as {json.loads(last.body)['data']['from']}, which {self.names.name(last.actor)} merged into it."
        return f"Changed by {self.names.name(last.actor)}: {self._reason(last.seq)}" if last else ""

    def _reason(self, seq: int) -> str:
        said = self.conn.execute(select(audit_private.c.value).where(
            audit_private.c.seq == seq, audit_private.c.field == "reason")).scalar()
        return str(said or "(erased)")

    def _word(self) -> v.Word | None:
        stop = self.incident.word
        if stop is None:
            return None
        asked: datetime | None = self.conn.execute(select(deadlines.c.due_at).where(
            deadlines.c.subject_id == self.view.case.id, deadlines.c.event == WORD,
            deadlines.c.settled_at.is_(None))).scalar()
        return v.Word(self.names.who(stop.by), stop.began_at, asked)

    def _pause(self) -> v.Word | None:
        stop = self.incident.pause
        if stop is None:
            return None
        row = self.conn.execute(last_record("incident.paused", self.view.case.id, self.view.case.id)).first()
        return v.Word(self.names.who(stop.by), stop.began_at, stop.until, self._reason(row.seq) if row else "")

    def _phases(self) -> tuple[v.Phase, ...]:
        """Those that it has come to, and those that are ahead of it."""
        ahead = () if self.view.case.closed_at else {RESPONDING, LEARNING} if learns(self.view) else {RESPONDING}
        return tuple(self._phase(phase) for phase in self.workflow.phases
                     if phase.id in ahead or self.view.phase_opened(phase.id))

    def _phase(self, phase: Phase) -> v.Phase:
        view, now = self.view, self.visit.now
        steps, gate = view.steps_of(phase.id), view.latest_gate(phase.id)
        late = sum(s.state == "open" and s.due_at is not None and s.due_at <= now for s in steps)
        state = ("planned" if not view.phase_opened(phase.id) else gate.state if gate and gate.state != "open"
                 else "done" if view.is_settled(phase.id) and gate is None else "open")
        return v.Phase(phase.id, phase.title, state, v.Meter(sum(s.is_settled for s in steps), len(steps), late),
                       tuple(line(view, s, self.names) for s in steps),
                       gate_line(view, phase, gate, self.names) if phase.gate else None,
                       AHEAD[phase.id] if state == "planned" else "", ahead=AHEAD[phase.id])

    def _relations(self, occurred: Sequence[Any]) -> tuple[v.Relation, ...]:
        """Where it went, what it follows, what was merged into it; what the reader may not see is said without its name."""
        pairs = [("Merged into", self.incident.merged_into, None), ("Follows", self.incident.follows, None),
                 *(("Merged from", row.from_case, row.occurred_at) for row in occurred)]
        named = [(how, case, at) for how, case, at in pairs if case]
        return self._related(named)

    def _related(self, named: Iterable[tuple[str, str, datetime | None]]) -> tuple[v.Relation, ...]:
        found = list(named)
        rows = {row.id: row for row in self.conn.execute(questions.references([case for _, case, _ in found]))}
        shown = Sight(self.conn, self.visit).those(list(rows))
        return tuple(v.Relation(how, _link(rows[case]) if case in shown else None, at) for how, case, at in found)

    def _alike(self) -> tuple[v.Relation, ...]:
        """Open incidents of the same category on one of the same systems, reported within the programme's span of it, as far
        as the reader may see them; of very many the first.
        """
        if self.view.case.state not in UNANSWERED or not self.incident.systems:
            return ()
        opened, span = self.view.case.opened_at, self.workflow.duplicates_within
        ends = [DueRule.of(opened, span.model_copy(update={"amount": sign * span.amount}), self.view.calendar).instant(
            self.view.calendar) for sign in (-1, 1)]
        query = questions.alike(self.view.case.id, self.incident.category, self.incident.systems, *ends)
        rows = self.conn.execute(query.where(seen_by(eyes(self.conn, self.visit))).limit(MOST_ALIKE))
        return tuple(v.Relation("", _link(row), row.opened_at, f"?into={row.reference}#merge") for row in rows)


def downloads(name: str) -> tuple[v.Link, ...]:
    """The incident as files, in the formats of others."""
    return v.Link("PDF", f"{case_url(name)}/document.pdf"), v.Link("VERIS", f"{case_url(name)}/veris.json")


def _link(row: Any) -> v.Reference:
    return v.Reference(row.reference, case_url(row.reference), "Incident", row.label)


def _conditions(when: Condition, workflow: IncidentWorkflow) -> list[str]:
    """What a rule asks for, in words."""
    found = []
    if when.category:
        titles = [workflow.category(each).title for each in when.category]
        found.append(f"its category is {' or '.join(titles)}")
    if when.data:
        found.append(f"a system holds {' or '.join(word(each) for each in when.data)} data")
    needs = (("confidentiality", when.confidentiality), ("integrity", when.integrity), ("availability", when.availability))
    found += [f"a system's need of {need} is {level}{'' if level == 'high' else ' or more'}" for need, level in needs if level]
    return found or ["it always holds"]
