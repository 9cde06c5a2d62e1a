"""What may be done about an incident, by its machine and the reader's rights: one main action, the others beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from isms_workflow.domain.access import Action
from isms_workflow.domain.clocks import incidents_of, severity_of
from isms_workflow.domain.incident import MACHINE, RESPONDING
from isms_workflow.domain.machine import AGENTS
from isms_workflow.domain.rules.incidents import is_answered_here
from isms_workflow.domain.views import CaseView
from isms_workflow.portal import views as v
from isms_workflow.portal.names import responsibility
from isms_workflow.portal.visit import Visit
from isms_workflow.programme.model import Span

OPTIONAL = v.Field("reason", "Reason", "textarea", "Kept in the history. Needed if you change the severity.")
WHY = v.Field("reason", "Reason", "textarea", "Kept in the history.")
NOW = "respond"
"""The checkbox that starts the response with the triage."""


@dataclass(frozen=True)
class Desk:
    """One incident before one reader."""

    visit: Visit
    view: CaseView
    in_force: str
    into: str = ""

    def actions(self) -> tuple[v.Action | None, tuple[v.Action, ...]]:
        """The main action, and all others; to whoever can't act, the main one with the reason why not."""
        if not self.visit.may(Action.WRITE):
            return None, ()
        able = {event for event in MACHINE.possible(self.view.case.state) if self._may(event)}
        first = self._first()
        main = None if first is None else self._action(first, main=True)
        others = (each for each in self._offered() if each != first and each in able)
        return main, tuple(self._action(each) for each in others)

    def _first(self) -> str | None:
        """What has to be done now, whoever does it."""
        _, incident = incidents_of(self.view)
        if incident.pause:
            return "resume"
        if self.view.case.state == "reported":
            return "triage" if incident.word or not self._may("acknowledge") else "acknowledge"
        return "respond" if self.view.case.state == "triaged" else None

    def _offered(self) -> Iterable[str]:
        """The events that make sense now, in the order in which they stand on the page."""
        _, incident = incidents_of(self.view)
        standing = {"acknowledge"} if incident.pause else {"resume"}
        alike = set() if self.in_force != self.view.case.programme else {"re-plan"}
        once = {"reassess"} if self.view.case.state == "reported" else set()  # the triage says it
        order = ("triage", "respond", "acknowledge", "reassess", "escalate", "pause", "resume", "merge", "dismiss",
                 "take back", "reopen", "re-plan")
        paused = {"pause"} if incident.pause else set()
        return (each for each in order if each not in standing | alike | once | paused)

    def _may(self, event: str) -> bool:
        return event in MACHINE.possible(self.view.case.state) and any(
            self.view.directory.holds(self.visit.person.id, name) for name in self._by(event))

    def _by(self, event: str) -> frozenset[str]:
        return MACHINE.rule_for(event, self.view.case.state, self.view.case.reference).by

    def _why_not(self, event: str) -> str:
        if self._may(event):
            return ""
        titles = sorted(responsibility(self.view, name) for name in self._by(event) - AGENTS)
        return f"It takes one of these responsibilities: {', '.join(titles)}."

    def _action(self, event: str, main: bool = False) -> v.Action:
        label, then = WORDS[event]
        key = event.replace(" ", "-")
        return v.Action(
            key, label, f"/incidents/{self.view.case.id}/{key}", self._fields(event), main=main,
            danger=event in ("dismiss", "merge"), why_not=self._why_not(event), reason_required=event in REASONED,
            then=self._then(event) or then, version=str(self.view.case.version),
            typed={"into": self.into} if event == "merge" and self.into else {})

    def _then(self, event: str) -> str:
        """What follows, where that depends on the severity, or on what was done."""
        word = severity_of(self.view).acknowledgement
        if event == "acknowledge":
            again = "It starts anew. " if incidents_of(self.view)[1].word else ""
            return (f"{again}The escalation stands still; the response clock runs on. You are asked after it in {spoken(word.holds)}, "
                    f"and {word.reminders} times at most: without a response it then goes on.")
        if event == "pause" and incidents_of(self.view)[1].word:
            return f"{WORDS[event][1]} The word that somebody sees to it ends now."
        if event == "reopen" and not is_answered_here(self.view):
            return "It was filed with its end. Its response begins now: every step of it is owed."
        return ""

    def _fields(self, event: str) -> tuple[v.Field, ...]:
        workflow, incident = incidents_of(self.view)
        choices = tuple(v.Choice(s.id, f"{s.title}: a response within {spoken(s.response)}") for s in workflow.severities)
        severity = v.Field("severity", "Severity", "select", value=incident.severity, choices=choices, required=True)
        settled = tuple(v.Choice(s.id, self.view.title(s)) for s in self.view.steps_of(RESPONDING) if s.is_settled)
        fields = {
            "triage": (severity, v.Field(NOW, "And start responding now", "checkbox",
                                         "You are at it: its escalation ends, and its steps are owed."), OPTIONAL),
            "reassess": (severity,),
            "pause": (v.Field("until", "Until", "datetime-local", f"In {self.visit.person.zone}, at most 31 days ahead.",
                              required=True),),
            "merge": (v.Field("into", "Merge into", "text", "The reference of another incident that is open: INC-2026-0001.",
                              required=True), WHY),
            "reopen": (v.Field("steps", "Steps that are owed again", "checkboxes", choices=settled, required=True),) if settled else (),
        }
        return fields.get(event, ())


def spoken(span: Span) -> str:
    """`1 hour`, `4 working hours`."""
    return str(span).removesuffix("s") if span.amount == 1 else str(span)


WORDS = {
    "acknowledge": ("Acknowledge: I see to it", ""),
    "triage": ("Triage it", "The severity is confirmed, or changed with its clocks; then it waits for somebody to respond."),
    "respond": ("Start responding", "You are at it: the clock is met, the escalation ends, and its steps are owed by you."),
    "reassess": ("Change the severity", "Its clocks count anew from the report; who would have been told by now is told at once."),
    "escalate": ("Escalate now", "The next level of its ladder is told at once, also while somebody sees to it."),
    "pause": ("Pause its clocks", "Nobody is told meanwhile, and the time is given back. It ends by itself at that instant."),
    "resume": ("End the pause now", "The clocks go on where they stood."),
    "merge": ("Merge it into another",
              "It ends. The other counts it, has the systems of both, is as grave and as narrowly seen as both. Can't be undone."),
    "dismiss": ("Dismiss it as a false positive", "It ends, and whoever reported it is told. It can be taken back."),
    "take back": ("Take it back: it was an incident", "Its clocks go on where they stood when it was dismissed."),
    "reopen": ("Reopen it", "The chosen steps are owed again; the lessons must be approved again where there are any."),
    "re-plan": ("Re-plan it", "It goes on under the programme in force, and its clocks; what was told stays told."),
}
REASONED = {"reassess", "escalate", "pause", "dismiss", "take back", "reopen", "re-plan"}
