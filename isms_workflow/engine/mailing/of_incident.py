"""What mails say about an incident, and to whoever reported it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from isms_workflow.domain.clocks import incidents_of, severity_of
from isms_workflow.domain.drill import REPORT
from isms_workflow.domain.effects import Unsent
from isms_workflow.domain.forecast import title
from isms_workflow.domain.incident import LEARNING, RESPONDING, UNANSWERED
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT
from isms_workflow.domain.records import CaseRecord, IncidentRecord
from isms_workflow.domain.rules.escalation import answerable, responders
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.whom import named
from isms_workflow.engine import mail_links
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.mail_links import Made
from isms_workflow.engine.mailing.look import Look, Record
from isms_workflow.engine.mailing.of_wait import Expand, Facts, told
from isms_workflow.programme.model import PERSON

EXERCISE, CRITICAL = "EXERCISE", "CRITICAL"

REPORTERS = frozenset({"report_answered"})
"""Notices that go to whoever reported an incident, though they may not see it. They say nothing of it but their own title."""

ASKING = frozenset({"incident_reported", "incident_escalated"})
"""Notices that ask for somebody's word."""

STANDS = {"reported": "reported; nobody has triaged it yet", "triaged": "triaged; nobody responds yet",
          RESPONDING: "being responded to", "resolved": "resolved", LEARNING: "resolved, and learned from",
          "closed": "closed", "false_positive": "no incident: a false positive", "merged": "merged into another incident"}
"""How an incident stands, in words."""


def marks(look: Look, notice: str, case: str | None) -> tuple[str, ...]:
    """What stands before the subject of any mail about an incident: whether it is an exercise, and one of the gravest.

    The reporter isn't told the severity.
    """
    view = look.view(case) if case else None
    if view is None or view.incident is None:
        return ()
    workflow, incident = incidents_of(view)
    is_gravest = incident.severity == workflow.severities[0].id and notice not in REPORTERS
    return (*((EXERCISE,) if incident.is_exercise else ()), *((CRITICAL,) if is_gravest else ()))


def stands(look: Look, view: CaseView) -> str:
    """How it stands now: its state, and whether a word or a pause holds."""
    _, incident = incidents_of(view)
    word, pause = incident.word, incident.pause
    more = f"; {look.name(word.by)} gave their word to see to it" if word else "; paused" if pause else ""
    return STANDS[view.case.state] + more


def waits_for(view: CaseView) -> tuple[str, ...]:
    """Who is to answer it: whoever gave their word, else the team, else the ISMS manager; nobody if somebody has."""
    if view.case.state not in UNANSWERED:
        return ()
    _, incident = incidents_of(view)
    return (incident.word.by,) if incident.word else responders(view) or view.directory.holders(ISMS_MANAGER)


def due(view: CaseView) -> datetime:
    """When the response is due; in a pause, when that ends."""
    _, incident = incidents_of(view)
    return (incident.pause.until if incident.pause else None) or incident.response_due


def reported(look: Look, person: str, effect: Effect) -> Facts:
    """To the whole team, at the report."""
    view = look.view(str(effect.case))
    return {**_waits(look, view, person), "holds": str(severity_of(view).acknowledgement.holds)}


def escalated(look: Look, person: str, effect: Effect) -> Facts:
    """A level of its ladder is told, by the clock or by somebody's hand."""
    view = look.view(str(effect.case))
    level = effect.payload["about"]["level"]
    record = look.record(IncidentRecord.ESCALATED, view.case.id, view.case.id)
    by_hand = record is not None and record.happened == effect.queued_at and record.actor in view.directory.people
    return {**_waits(look, view, person), "told_as": _told_as(look, view, person, level), "level": level + 1,
            "yours": person in waits_for(view),
            "fell": told(look.late_since(view.case.id, effect.queued_at)), **(_by(look, record) if by_hand else {})}


def link(look: Look, person: str, effect: Effect) -> Made | None:
    """By which the reader acknowledges from this very mail, if it asks for that, and they may."""
    notice, case = effect.payload["notice"], effect.case
    if notice not in ASKING or case is None or not answerable(look.view(case), person, look.now):
        return None
    return mail_links.make(person, case, effect.payload["about"].get("level", REPORT), look.now)


def acknowledged(look: Look, person: str, effect: Effect) -> Facts:
    """Somebody gave their word that they see to it."""
    return _with_by(look, person, effect)


def word_asked(look: Look, person: str, effect: Effect) -> Facts:
    """Does it hold? Not asked if it has ended, or somebody else's holds since."""
    view = look.view(str(effect.case))
    word = incidents_of(view)[1].word
    if word is None or word.by != person:
        raise Unsent("its recipient's word isn't relied on any more")
    return {**_waits(look, view, person), "left": effect.payload["about"]["left"]}


def word_lapsed(look: Look, person: str, effect: Effect) -> Facts:
    """Nobody answered for it."""
    return {**_with_by(look, person, effect), "yours": person == effect.payload["about"]["by"]}


def paused(look: Look, person: str, effect: Effect) -> Facts:
    """Its clocks stand still."""
    view = look.view(str(effect.case))
    record = look.record(IncidentRecord.PAUSED, view.case.id, view.case.id)
    return {**_with_by(look, person, effect), "until": effect.payload["about"]["until"],
            "reason": record.reason if record else ""}


def resumed(look: Look, person: str, effect: Effect) -> Facts:
    """They go on."""
    return _waits(look, look.view(str(effect.case)), person)


def reassessed(look: Look, person: str, effect: Effect) -> Facts:
    """Another severity, at its triage or later; or the same one under another version of the programme."""
    view, about = look.view(str(effect.case)), effect.payload["about"]
    names = {each.id: each.title for each in incidents_of(view)[0].severities}
    record = _at(look, view, effect, CaseRecord.MOVED, IncidentRecord.REASSESSED, IncidentRecord.REPLANNED,
                 IncidentRecord.ABSORBED)
    return {**_waits(look, view, person), "before": names.get(about["before"], about["before"]),
            "after": names.get(about["severity"], about["severity"]), **_by(look, record)}


def missed(look: Look, person: str, effect: Effect) -> Facts:
    """Nobody was at it in time."""
    return {**_waits(look, look.view(str(effect.case)), person), "missed": effect.payload["about"]["due"]}


def responded(look: Look, person: str, effect: Effect) -> Facts:
    """Somebody is."""
    view = look.view(str(effect.case))
    _, incident = incidents_of(view)
    return {**_of_incident(look, view, person), "by": look.name(effect.payload["about"]["by"]),
            "at": told(effect.queued_at), "in_time": incident.breached_at is None}


def closed(look: Look, person: str, effect: Effect) -> Facts:
    """It has ended, for now."""
    view = look.view(str(effect.case))
    _, incident = incidents_of(view)
    return {**_of_incident(look, view, person), "at": told(view.case.closed_at or effect.queued_at),
            "responded": told(incident.responded_at), "in_time": incident.breached_at is None}


def reopened(look: Look, person: str, effect: Effect) -> Facts:
    """It goes on: one that had ended, or a false positive that was none."""
    view = look.view(str(effect.case))
    record = _at(look, view, effect, CaseRecord.MOVED)
    return {**_with_by(look, person, effect), "reason": record.reason if record else "",
            "taken_back": incidents_of(view)[1].responded_at is None}


def answered(look: Look, person: str, effect: Effect) -> Facts:
    """How somebody's own report stands: nothing that they didn't say themselves, but its reference and state."""
    view = look.view(str(effect.case))
    if incidents_of(view)[1].reported_by != person:
        raise Unsent("its recipient didn't report it")
    return {"reference": view.case.reference, "link": f"{_page(view)}/report", "title": look.incident_title(view.case.id),
            "state": effect.payload["about"]["state"]}


def nobody_reached(look: Look, person: str, effect: Effect) -> Facts:
    """None of those whom a level names could be told."""
    about, view = effect.payload["about"], look.view(str(effect.case))
    stage = about.get("stage")
    return {**_waits(look, view, person), "level": about["level"] + 1,
            "report": view.duties.obligation(stage).stage.title if stage and view.duties else "",
            "people": [look.name(each) for each in about["missed"]]}


FACTS: Mapping[str, Expand] = {
    "incident_reported": reported, "incident_escalated": escalated, "incident_acknowledged": acknowledged,
    "word_asked": word_asked, "word_lapsed": word_lapsed, "incident_paused": paused, "incident_resumed": resumed,
    "incident_reassessed": reassessed, "response_missed": missed, "incident_responded": responded,
    "incident_closed": closed, "incident_reopened": reopened, "report_answered": answered,
    "nobody_reached": nobody_reached,
}


def _page(view: CaseView) -> str:
    return f"/incidents/{view.case.reference}"


def _of_incident(look: Look, view: CaseView, person: str) -> Facts:
    workflow, incident = incidents_of(view)
    return {"reference": view.case.reference, "link": _page(view), "title": look.incident_title(view.case.id),
            "severity": severity_of(view).title, "category": workflow.category(incident.category).title,
            "systems": look.systems(incident.systems), "stands": stands(look, view), "since": told(view.case.opened_at),
            "told_as": _told_as(look, view, person)}


def _waits(look: Look, view: CaseView, person: str) -> Facts:
    _, incident = incidents_of(view)
    return {**_of_incident(look, view, person), "due": told(due(view)), "then": look.then(view, view.case.id),
            "waits_for": [look.name(each) for each in waits_for(view)], "paused": incident.pause is not None}


def _with_by(look: Look, person: str, effect: Effect) -> Facts:
    return {**_waits(look, look.view(str(effect.case)), person), "by": look.name(effect.payload["about"]["by"])}


def _by(look: Look, record: Record | None) -> Facts:
    return {"by": look.name(record.actor) if record else "Somebody", "reason": record.reason if record else ""}


def _at(look: Look, view: CaseView, effect: Effect, *kinds: CaseRecord | IncidentRecord) -> Record | None:
    """The record of what a notice tells; None if something of its kind has happened since."""
    found = (look.record(kind, view.case.id, view.case.id) for kind in kinds)
    return next((each for each in found if each is not None and each.happened == effect.queued_at), None)


def _told_as(look: Look, view: CaseView, person: str, level: int | None = None) -> str:
    """As which of those whom a level names the reader is told, else as what they have to do with incidents."""
    levels = view.programme.ladders[severity_of(view).ladder].levels
    told_by = levels[level].to if level is not None and level < len(levels) else ()
    for name in (*told_by, *incidents_of(view)[0].responders, ISMS_MANAGER, TOP_MANAGEMENT):
        if person in named(view, name, look.now):
            return "whom its ladder names" if name.startswith(PERSON) else title(view, name)
    known = view.directory.people.get(person)
    return "administrator" if known and known.role == "admin" else "somebody concerned"
