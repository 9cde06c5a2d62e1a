"""What may be said about an incident's reports, by the reader's responsibilities."""

from __future__ import annotations

from dataclasses import dataclass, replace

from isms_workflow.domain.access import Action
from isms_workflow.domain.conditions import WAIVED
from isms_workflow.domain.duties import Duties, kinds
from isms_workflow.domain.obligations import OWED, Standing, State
from isms_workflow.domain.rules.duties import reporting_of
from isms_workflow.domain.rules.obligations import askable
from isms_workflow.domain.views import CaseView
from isms_workflow.portal import views as v
from isms_workflow.portal.about import asked_by, said_of
from isms_workflow.portal.names import responsibility
from isms_workflow.portal.rendering import local_instant
from isms_workflow.portal.visit import Visit
from isms_workflow.programme.obligations import EVENTS, PERMISSIONS, SUBMITTED

ANSWERS = (v.Choice("yes", "Yes"), v.Choice("no", "No"))
RELIEF = "A later limit may depend on these; until they are answered the earlier one counts"
WHY = v.Field("reason", "Reason", "textarea", "Kept in the history.")


@dataclass(frozen=True)
class Desk:
    """The reports of one incident before one reader."""

    visit: Visit
    view: CaseView
    duties: Duties

    def actions(self) -> tuple[v.Action | None, tuple[v.Action, ...]]:
        """The main action, and the others; none for whoever only looks, or once the incident has ended."""
        if not self.visit.may(Action.WRITE) or self.view.case.closed_at is not None:
            return None, ()
        offered = [each for each in (self._answer(), self._date(), self._submit(), self._update(), self._delay(), self._waive(), self._correct(),
                                     self._correct_instant(), self._withdraw()) if each]
        wanted = "answer" if any(each.about != "event" for each in self.duties.owed) else "date" if self._asks_when() else "submit"
        main = next((replace(each, main=True) for each in offered if each.key == wanted), None)
        return main, tuple(each for each in offered if main is None or each.key != main.key)

    def _asks_when(self) -> bool:
        return any(each.about == "event" for each in self.duties.owed)

    def _action(self, key: str, label: str, then: str, *fields: v.Field, decides: bool = False, reasoned: bool = False) -> v.Action:
        found = reporting_of(self.view)
        names = found.decides if decides else tuple(dict.fromkeys((*found.answers, *found.decides)))
        may = any(self.view.directory.holds(self.visit.person.id, name) for name in names)
        titles = ", ".join(responsibility(self.view, name) for name in names)
        return v.Action(key, label, f"/incidents/{self.view.case.id}/obligations/{key}", fields, reason_required=reasoned,
                        why_not="" if may else f"It takes one of these responsibilities: {titles}.", then=then)

    def _answer(self) -> v.Action | None:
        asked = [each for each in self.duties.owed if each.about != "event"]
        if not asked and not self.duties.offered:
            return None
        fields = [v.Field(each.id, each.text, "radios", self._hint(each.hint, each.about), required=True, choices=ANSWERS)
                  for each in asked]
        fields += [v.Field(each.id, each.text, "radios", self._hint(each.hint, each.about), choices=ANSWERS, group=RELIEF)
                   for each in self.duties.offered]
        return self._action("answer", "Record the answers", "What isn't answered stays open, and comes back. A yes may bring further "
                            "questions. An answer can be corrected later, with a reason.", *fields, WHY)

    def _hint(self, hint: str, about: str) -> str:
        if about != "organisation":
            return hint
        return f"{hint} Answered for this incident alone; for all, write it in the programme, obligations/organisation.yaml.".strip()

    def _date(self) -> v.Action | None:
        living = [each.obligation for each in self.duties.standings() if each.state is not State.NOT_APPLICABLE]
        missing = {each.id for each in self.duties.owed if each.about == "event"}
        known = {kind: of for kind, of in kinds(living).items() if kind not in PERMISSIONS}
        order = sorted(known, key=lambda kind: kind not in missing)
        choices = tuple(v.Choice(f"{kind}|{of or ''}", self._called(kind, of, len(known[kind]) > 1))
                        for kind in order for of in sorted(known[kind], key=lambda of: of is not None))
        if not choices:
            return None
        zone = self.visit.person.zone
        return self._action("date", "Record when it happened", "Whatever counts from it is counted anew at once.",
                            v.Field("event", "What", "select", required=True, choices=choices, hint="What is said of one act or report "
                                    "counts there in the place of what is said of the incident as a whole."),
                            v.Field("at", "When", "datetime-local", f"In your zone, {zone}.", required=True),
                            v.Field("until", "Asked for until", "datetime-local", "Only where an authority asks for a report."), WHY)

    def _called(self, kind: str, of: str | None, is_one_of_several: bool = False) -> str:
        """Something that happened, with the titles of what it is said of."""
        what = {SUBMITTED: "submitted", WAIVED: "decided as not to be reported"}.get(kind, EVENTS.get(kind, kind)).capitalize()
        whole = " (the incident as a whole)" if is_one_of_several else ""
        return f"{what} ({said_of(self.duties.programme, of)})" if of else f"{what}{whole}"

    def _submit(self) -> v.Action | None:
        able = [each for each in self.duties.standings() if each.takes_report and each.state in OWED]
        return self._sent("submit", "Record it as submitted", "Your decision, with the report as evidence: nobody is reminded of it any "
                          "more, and what counts from it begins to run.", sorted(able, key=lambda each: each.state is not State.RUNNING))

    def _update(self) -> v.Action | None:
        able = [each for each in self.duties.standings() if each.state is State.SUBMITTED]
        return self._sent("update", "Record that it was submitted again", "An update of a report, with the report as evidence. What was "
                          "submitted first stays, and decides whether it was in time.", able)

    def _sent(self, key: str, label: str, then: str, able: list[Standing]) -> v.Action | None:
        choices = tuple(v.Choice(each.obligation.id, said_of(self.duties.programme, each.obligation.id)) for each in able)
        if not choices:
            return None
        limit = self.visit.portal.settings.evidence_max_mib
        return self._action(
            key, label, then, v.Field("obligation", "Report", "select", required=True, choices=choices),
            v.Field("at", "Submitted", "datetime-local", f"In your zone, {self.visit.person.zone}.", required=True),
            v.Field("file", "The report as it was submitted", "file", f"Up to {limit} MiB, any type.", required=True),
            v.Field("reason", "Reasons for a delay", "textarea", "Needed where it is late and the act asks for them."), decides=True)

    def _delay(self) -> v.Action | None:
        """What may put off a report that has begun to run."""
        choices = tuple(v.Choice(f"{kind}|{each.obligation.id}", f"{EVENTS[kind].capitalize()}: {each.obligation.stage.title} ({article})")
                        for each in self.duties.standings() if each.state in OWED and each.latest_lawful is not None
                        for kind, article in dict.fromkeys((delay.event, delay.article) for delay in each.obligation.stage.delays))
        if not choices:
            return None
        zone = self.visit.person.zone
        return self._action("delay", "Record that a report is put off", "Your decision, kept with its reason: the reminders move to the "
                            "instant that you give.",
                            v.Field("event", "What", "select", required=True, choices=choices),
                            v.Field("at", "When it was allowed, or notified", "datetime-local", f"In your zone, {zone}.", required=True),
                            v.Field("until", "Put off until", "datetime-local", "No later than what was allowed.", required=True),
                            v.Field("reason", "Reason", "textarea", "Who allowed it, and where that is written. Kept in the history.",
                                    required=True), decides=True)

    def _waive(self) -> v.Action | None:
        states = (State.RUNNING, State.OPEN, State.NOT_STARTED)
        able = [each.obligation for each in self.duties.standings() if each.state in states]
        if not able:
            return None
        choices = tuple(v.Choice(each.id, said_of(self.duties.programme, each.id), each.stage.waived_if) for each in able)
        return self._action("waive", "Decide that it isn't to be reported", "Your decision, kept with its reason for whoever asks.",
                            v.Field("obligation", "Report", "select", required=True, choices=choices), decides=True, reasoned=True)

    def _correct(self) -> v.Action | None:
        texts = asked_by(self.duties.programme)
        last = {each.question: each.value for each in self.duties.answers}
        given = [name for name in askable(self.duties) if last.get(name) is not None]
        if not given:
            return None
        choices = tuple(v.Choice(name, f"{texts.get(name, name)} {'Yes' if last[name] else 'No'}.") for name in given)
        return self._action("correct", "Correct an answer", "The history keeps both. Everything is computed anew at once.",
                            v.Field("question", "Question", "select", required=True, choices=choices),
                            v.Field("value", "Answer", "radios", required=True,
                                    choices=(*ANSWERS, v.Choice("open", "Not known after all"))), reasoned=True)

    def _dated(self, *, decisions: bool) -> tuple[v.Choice, ...]:
        zone = self.visit.person.zone
        return tuple(v.Choice(each.id, f"{self._called(each.event.kind, each.event.of)}, {local_instant(each.event.at, zone)}")
                     for each in sorted(self.duties.dated, key=lambda each: each.event.of is not None)
                     if decisions or each.event.kind not in (SUBMITTED, WAIVED))

    def _correct_instant(self) -> v.Action | None:
        if not (choices := self._dated(decisions=False)):
            return None
        zone = self.visit.person.zone
        return self._action("redate", "Correct an instant", "The history keeps both. What moves behind us is told at once.",
                            v.Field("replaces", "What", "select", required=True, choices=choices),
                            v.Field("at", "When it was instead", "datetime-local", f"In your zone, {zone}.", required=True),
                            v.Field("until", "Until when instead", "datetime-local", "Only of a request of an authority, and of a delay."),
                            reasoned=True)

    def _withdraw(self) -> v.Action | None:
        if not (choices := self._dated(decisions=True)):
            return None
        return self._action("withdraw", "Withdraw what was recorded by mistake", "It counts no more; the history keeps it.",
                            v.Field("what", "What", "select", required=True, choices=choices), reasoned=True)
