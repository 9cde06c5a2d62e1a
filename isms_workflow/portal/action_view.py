"""One corrective action as its page shows it, and what may be done about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from sqlalchemy import select

from isms_workflow.domain.access import Action
from isms_workflow.domain.corrective_action import CHECKING, MACHINE, OBSERVING, REFERRED, round_of
from isms_workflow.domain.machine import AGENTS, OWNER
from isms_workflow.domain.rules.apart import doers
from isms_workflow.domain.rules.common import stands_in
from isms_workflow.domain.rules.corrective import action_of
from isms_workflow.domain.views import CaseView, Step, programme_key
from isms_workflow.engine import programmes
from isms_workflow.portal import views as v
from isms_workflow.portal.actions import source_of
from isms_workflow.portal.history import of_case
from isms_workflow.portal.names import case_url, reference, responsibility
from isms_workflow.portal.one_case import CasePage
from isms_workflow.portal.pages.pdca import gate_line, line
from isms_workflow.portal.rendering import local_day, local_instant
from isms_workflow.portal.showing import earliest, rungs, waiting
from isms_workflow.portal.sight import Sight
from isms_workflow.portal.visit import Visit
from isms_workflow.programme.corrective import Gravity
from isms_workflow.programme.model import Phase
from isms_workflow.store.statements import corrective as questions
from isms_workflow.store.statements import incidents as incident_questions
from isms_workflow.store.tables import audit, audit_private

AHEAD = {"correcting": "", "planning": "when it is corrected", "doing": "when the plan is approved",
         "checking": "some time after it is done"}


class Page(CasePage):
    """One corrective action before one reader, read at one instant."""

    @cached_property
    def row(self) -> Any:
        """What was said when it was opened."""
        return self.conn.execute(questions.action_of(self.view.case.id)).one()

    def whole(self) -> v.CorrectiveAction:
        """Everything that the page shows."""
        view, (workflow, action) = self.view, action_of(self.view)
        main, others = self._actions()
        itself = rungs(self.conn, view, view.case.id) if view.case.state in (OBSERVING, REFERRED) else ()
        return v.CorrectiveAction(
            reference(view), self.row.title or "(erased)", view.case.state, workflow.gravity(action.gravity).title, self._says(),
            self.row.description or "", self.names.who(action.owner), self._facts(),
            tuple(self._phase(phase) for phase in workflow.phases), self._verdicts(),
            of_case(self.conn, view.case.id, self.names, self.visit), waiting(self.conn, view), itself, self._source(),
            action.from_case is not None, main, others, f"{case_url(view.case.reference)}/document")

    def _says(self) -> str:
        _, action = action_of(self.view)
        said = [f"round {action.round}"] if action.round > 1 else []
        if self.view.case.state == OBSERVING and (at := earliest(self.conn, (self.view.case.id,)).get(self.view.case.id)):
            said.append(f"to be checked on {local_day(at, self.visit.person.zone)}")
        return " · ".join(said)

    def _facts(self) -> tuple[v.Fact, ...]:
        case, zone, (workflow, action) = self.view.case, self.visit.person.zone, action_of(self.view)
        by = self.names.who(action.opened_by)
        ended = (v.Fact("Ended", local_instant(case.closed_at, zone)),) if case.closed_at else ()
        return (v.Fact("Opened", local_instant(case.opened_at, zone)), v.Fact("Opened by", by.name, by.url),
                v.Fact("Checked", checked(workflow.gravity(action.gravity))), *ended,
                v.Fact("Label", case.label), v.Fact("Programme", case.programme[:12], "/programme"))

    def _phase(self, phase: Phase) -> v.Phase:
        view, now = self.view, self.visit.now
        steps, gate = view.steps_of(phase.id), view.latest_gate(phase.id)
        late = sum(s.state == "open" and s.due_at is not None and s.due_at <= now for s in steps)
        again = view.case.closed_at is None and phase.id != view.case.state and not view.is_settled(phase.id)  # in a new round
        state = ("planned" if again or not view.phase_opened(phase.id) else gate.state if gate and gate.state not in ("open", "superseded")
                 else "done" if view.is_settled(phase.id) and gate is None else "open")
        return v.Phase(phase.id, phase.title, state, v.Meter(sum(s.is_settled for s in steps), len(steps), late),
                       tuple(line(view, s, self.names) for s in steps),
                       gate_line(view, phase, gate, self.names) if phase.gate else None,
                       f"opens {AHEAD[phase.id]}" if state == "planned" else "", ahead=AHEAD[phase.id])

    def _verdicts(self) -> tuple[v.Verdict, ...]:
        rows = self.conn.execute(
            select(audit, audit_private.c.value).outerjoin(
                audit_private, (audit_private.c.seq == audit.c.seq) & (audit_private.c.field == "reason"))
            .where(audit.c.case_id == self.view.case.id, audit.c.kind == "action.judged").order_by(audit.c.seq)).all()
        said = [(row, json.loads(row.body)["data"]) for row in rows]
        return tuple(v.Verdict(data["round"], "effective" if data["effective"] else "not effective", self.names.who(row.actor),
                               row.happened_at, row.value or "(erased)") for row, data in said)

    def _source(self) -> v.Reference | None:
        _, action = action_of(self.view)
        if action.from_case is None or not Sight(self.conn, self.visit).sees(action.from_case):
            return None
        return source_of(self.conn.execute(incident_questions.references((action.from_case,))).one())

    def _actions(self) -> tuple[v.Action | None, tuple[v.Action, ...]]:
        """The main action, and the others; whoever can't do the main one reads why."""
        if not self.visit.may(Action.WRITE):
            return None, ()
        state = self.view.case.state
        if state == CHECKING:
            return verdict(self.visit, self.view, self._check_step()), tuple(self._others("hand over", *TERMS, "cancel"))
        if state == REFERRED:
            main = self._action("go on", main=True)
            return main, tuple(self._others("accept", "hand over", *TERMS, "cancel"))
        return None, tuple(self._others("bring forward", "hand over", *TERMS, "cancel"))

    def _check_step(self) -> Step:
        _, action = action_of(self.view)
        return next(s for s in self.view.steps_of(CHECKING) if round_of(s.key) == action.round)

    def _others(self, *events: str) -> Iterator[v.Action]:
        alike = programmes.in_force(self.conn).programme.digest == self.view.case.programme
        for event in (each for each in events if not (alike and each == "re-plan")):
            if event in MACHINE.possible(self.view.case.state) and not self._why_not(event):
                yield self._action(event)

    def _why_not(self, event: str) -> str:
        rule, me = MACHINE.rule_for(event, self.view.case.state, self.view.case.reference), self.visit.person.id
        held = any(self.view.directory.holds(me, name) for name in rule.by - AGENTS - {OWNER})
        if not held and not (OWNER in rule.by and action_of(self.view)[1].owner == me):
            titles = sorted(responsibility(self.view, name) for name in rule.by - AGENTS - {OWNER})
            return f"It takes one of these responsibilities: {', '.join(titles)}."
        if event in ("go on", "accept", "cancel", "reassess") and me in doers(self.view):
            return "You own the action, or had part in it: somebody who had none decides."
        return ""

    def _action(self, event: str, main: bool = False) -> v.Action:
        label, then = WORDS[event]
        key = event.replace(" ", "-")
        return v.Action(key, label, f"/actions/{self.view.case.id}/{key}", self._fields(event), main=main,
                        danger=event == "cancel", why_not=self._why_not(event), reason_required=True, then=then,
                        version=str(self.view.case.version))

    def _fields(self, event: str) -> tuple[v.Field, ...]:
        workflow, action = action_of(self.view)
        people = self.names.choices(tuple(p.id for p in self.view.directory.people.values() if p.may_write and p.id != action.owner))
        if event == "hand over":
            return (v.Field("owner", "New owner", "select", choices=people, required=True),)
        if event == "reassess":
            choices = tuple(v.Choice(each.id, f"{each.title}: checked {checked(each)}") for each in workflow.gravities)
            return (v.Field("gravity", "Gravity", "select", value=action.gravity, choices=choices, required=True),)
        if event == "go on":
            return (v.Field("owner", "Owner", "select", "Somebody else, if that helps.",
                            choices=(v.Choice("", f"{self.names.who(action.owner).name}, as before"), *people)),)
        return ()


def checked(gravity: Gravity) -> str:
    """When an action of this gravity is checked: `30 days after it is done, at 09:00`."""
    span, _, hour = str(gravity.check_after).partition(" at ")
    return f"{span} after it is done" + (f", at {hour}" if hour else "")


def verdict(visit: Visit, view: CaseView, step: Step) -> v.Action:
    """The form in which whoever checks an action says whether it is effective; on its page and its step's."""
    spec = view.workflow.step(programme_key(step.key))
    choices = (v.Choice("yes", "Effective", "It is closed."),
               v.Choice("no", "Not effective", "It goes back to its root cause, or to management."))
    return v.Action(
        "judge", "Record the verdict", f"/actions/{view.case.id}/judge",
        (v.Field("effective", "Is it effective?", "radios", "Not yet is not effective.", required=True, choices=choices),
         v.Field("reason", "What you looked at, and what it shows", "textarea", "Kept in the history.", required=True)),
        main=True, why_not=_no_verdict(visit, view, step, step.carries, spec.evidence_min, spec.evidence_needed),
        then="It completes the check. Can't be undone.", version=str(view.case.version))


def _no_verdict(visit: Visit, view: CaseView, step: Step, carried: int, needed: int, what: str) -> str:
    if visit.person.id in doers(view):
        return "You own the action, or had part in it: somebody who had none checks it."
    if not stands_in(view, step, visit.person.id):
        return "Only its owner or a deputy says whether it is effective."
    if carried < needed:
        return f"The check carries {carried} of {needed} files of evidence: {what}. Add it on the step's page."
    return ""


TERMS = ("reassess", "re-plan")
WORDS = {
    "reassess": ("Change the gravity", "Its check is due by that, counted from when it was done; at once if that is past."),
    "re-plan": ("Re-plan it", "It goes on under the programme in force, and its ladders; what is due stays due, what was told told."),
    "go on": ("Have it tried again", "It goes back to its root cause, and its owner owes the next round."),
    "accept": ("Accept what remains", "It is closed as it is; top management answers for what remains. Can't be undone."),
    "hand over": ("Give it to somebody else", "What is left of it goes along, and both sides are told. Who owned it never checks it."),
    "cancel": ("Cancel the corrective action", "Nothing is owed any more; nothing is deleted. Can't be undone."),
    "bring forward": ("Have it checked now", "Somebody who had no part in it is asked at once, not on the day that was planned."),
}
