"""The reports of one incident as their page shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from sqlalchemy import select

from isms_workflow.domain.conditions import WAIVED
from isms_workflow.domain.duties import Duties
from isms_workflow.domain.obligations import OWED, Standing, State
from isms_workflow.domain.rules.duties import questions_step
from isms_workflow.domain.rules.obligations import askable
from isms_workflow.engine.mailing.look import ERASED_TEXT
from isms_workflow.portal import views as v
from isms_workflow.portal.about import asked_by, said_of
from isms_workflow.portal.history import entries
from isms_workflow.portal.names import reference, step_url
from isms_workflow.portal.obligation_actions import Desk
from isms_workflow.portal.one_case import CasePage
from isms_workflow.portal.rendering import local_instant
from isms_workflow.portal.showing import file
from isms_workflow.programme.obligations import EVENTS, SUBMITTED
from isms_workflow.store.statements import incidents as incident_questions
from isms_workflow.store.statements import obligations as questions
from isms_workflow.store.tables import audit, evidence

EXERCISE = v.Empty("An exercise.", "It is reported to nobody, so nothing is asked about it.")
NONE = v.Empty("No obligations.", "The programme that this incident keeps names none. The folder obligations of the programme says "
               "which acts, contracts and insurances ask for reports; switch on those that hold for you, apply it, and re-plan "
               "the incident.", v.Link("Programme", "/programme"))


RESTS = {
    "false_positive": "The incident was dismissed: nobody is asked which reports are owed. If it is taken back, they are asked again.",
    "merged": "The incident was merged into another: which reports are owed is asked there.",
}
ENDED = "The incident has ended, and nobody is asked which reports are owed. If it is reopened, they are asked."
"""By its state, and otherwise, as of one that was imported with its end: why what is open of an incident's reports rests."""

NOT_ASKED = "nobody is asked whether it is owed, for the incident has ended"


class Page(CasePage):
    """The reports of one incident before one reader, read at one instant."""

    def whole(self) -> v.Obligations:
        """Everything that the page shows."""
        view, duties = self.view, self.view.duties
        subject = self.conn.execute(incident_questions.title(view.case.id)).scalar() or ERASED_TEXT
        if duties is None:
            is_exercise = view.incident is not None and view.incident.is_exercise
            return v.Obligations(reference(view), subject, (), (), (), (), (), (), empty=EXERCISE if is_exercise else NONE)
        rests = self._rests
        step, (main, others) = questions_step(view), Desk(self.visit, view, duties).actions()
        found = {each.obligation.id: each for each in duties.standings()}
        running = [] if rests else [each.obligation.id for each in duties.running]
        unknown = [name for name, each in found.items() if each.state in OWED and name not in running]
        gone = [name for name, each in found.items() if each.state not in OWED and each.state is not State.NOT_APPLICABLE]
        rest = [name for name, each in found.items() if each.state is State.NOT_APPLICABLE]
        return v.Obligations(
            reference(view), subject, *(tuple(self._line(found[name]) for name in names) for names in (running, unknown, gone, rest)),
            tuple(self._said(duties)), self._history(), v.Link(view.title(step), step_url(step)) if step else None,
            step.due_at if step and step.state == "open" else None, "" if rests else duties.says_open, main, others, rests=rests)

    def lines(self) -> tuple[v.ObligationLine, ...]:
        """For the incident's document: every report that applies or may, in the programme's order."""
        if self.view.duties is None:
            return ()
        return tuple(self._line(each) for each in self.view.duties.standings() if each.state is not State.NOT_APPLICABLE)

    def _line(self, found: Standing) -> v.ObligationLine:
        regime, stage, name = found.obligation.regime, found.obligation.stage, found.obligation.id
        rests = bool(self._rests) and found.state in (State.OPEN, State.RUNNING)
        if rests:
            found = replace(found, why=(NOT_ASKED,), overdue=False)
        draft = "" if found.state is State.NOT_APPLICABLE else f"/incidents/{self.view.case.reference}/obligations/{name}/draft"
        return v.ObligationLine(
            name, stage.title, f"{regime.title}, {stage.article}", stage.recipient,
            "not asked" if rests else str(found.state), found.why, found.act_by, found.latest_lawful,
            found.state in OWED and not self._rests, found.overdue, found.lines,
            self._reason(found), self._files.get(name, ()), draft)

    @cached_property
    def _rests(self) -> str:
        """Why nobody is asked any more, of an incident that has ended with questions open; empty if somebody is."""
        duties, case = self.view.duties, self.view.case
        if duties is None or case.closed_at is None or not duties.hold:
            return ""
        return RESTS.get(case.state, ENDED)

    @cached_property
    def _files(self) -> dict[str, tuple[v.Evidence, ...]]:
        """The reports as they were submitted, by obligation, that the reader may see."""
        duties = self.view.duties
        of = {each.evidence: each.event.of or "" for each in duties.dated if each.evidence} if duties else {}
        found: dict[str, tuple[v.Evidence, ...]] = {}
        for row in self.conn.execute(select(evidence).where(evidence.c.id.in_(of)).order_by(evidence.c.added_at)):
            if self.visit.sees(self.conn, self.view, row.label):
                found[of[row.id]] = (*found.get(of[row.id], ()), file(row, self.names))
        return found

    @cached_property
    def _reasons(self) -> dict[str, str]:
        """What was given as a reason, by the id of what was recorded."""
        rows = self.conn.execute(questions.reasons(self.view.case.id))
        return {json.loads(row.body)["data"].get("id", ""): row.value or ERASED_TEXT for row in rows}

    def _reason(self, found: Standing) -> str:
        duties = self.view.duties
        kinds = {State.WAIVED: WAIVED, State.SUBMITTED: SUBMITTED}
        if duties is None or found.state not in kinds:
            return ""
        ids = [each.id for each in duties.dated if (each.event.kind, each.event.of) == (kinds[found.state], found.obligation.id)]
        return next((self._reasons[each] for each in reversed(ids) if each in self._reasons), "")

    def _said(self, duties: Duties) -> Iterable[v.Said]:
        texts, last = asked_by(duties.programme), {each.question: each for each in duties.answers}
        for name in askable(duties):
            if name in last and last[name].value is not None:
                each = last[name]
                yield v.Said(texts.get(name, name), "yes" if each.value else "no", self.names.who(each.by), each.at)
        for dated in duties.dated:
            if dated.event.kind not in (SUBMITTED, WAIVED):
                of = f" ({said_of(duties.programme, dated.event.of)})" if dated.event.of else ""
                said = (local_instant(each, self.visit.person.zone) for each in (dated.event.at, dated.event.until) if each)
                yield v.Said(f"{EVENTS[dated.event.kind].capitalize()}{of}", ", until ".join(said),
                             self.names.who(dated.by), dated.recorded_at)

    def _history(self) -> tuple[v.HistoryEntry, ...]:
        """What was recorded about reports, newest first."""
        query = select(audit).where(audit.c.case_id == self.view.case.id, audit.c.kind.like("obligation.%"))
        return entries(self.conn, query.order_by(audit.c.seq.desc()), self.names, self.visit)
