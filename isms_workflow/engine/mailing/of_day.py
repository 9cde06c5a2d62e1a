"""One person's day: what waits for their decision, what they owe, what is late elsewhere, what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from isms_workflow.domain.corrective_action import REFERRED
from isms_workflow.domain.gates import authority
from isms_workflow.domain.incident import Incident
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT
from isms_workflow.domain.rules.apart import doers
from isms_workflow.domain.rules.common import stands_in
from isms_workflow.domain.rules.escalation import responders
from isms_workflow.domain.views import CaseView, Gate, Step, phase_name
from isms_workflow.engine.mailing import of_action, of_incident, of_report
from isms_workflow.engine.mailing.look import Look
from isms_workflow.engine.mailing.of_wait import needs
from isms_workflow.errors import IsmsError
from isms_workflow.notify.digest import Item, Sort, digest
from isms_workflow.store.statements import mails as questions

SAID = {"passed": "approved", "returned": "returned for rework", "rejected": "rejected", "lapsed": "lapsed undecided",
        "withdrawn": "withdrawn, because work was reopened", "superseded": "to be approved anew"}
"""What became of a gate, in words."""


def facts(look: Look, person: str, since: datetime, checkpoint: str) -> dict[str, Any]:
    """The facts of a digest; `since` is when the last one left."""
    return dict(digest(items(look, person, since), person, checkpoint))


def items(look: Look, person: str, since: datetime) -> list[Item]:
    """Everything that a digest may tell one person, in cases that they may see."""
    ids = look.conn.execute(questions.cases_lately(since)).scalars().all()
    look.expect(ids)
    views = [look.view(case) for case in ids if look.sees(person, case)]
    return [_marked(look, view, each) for view in views for each in (
        *of_report.items(look, view, person),  # first: of a step of questions it says more than what follows
        *_decisions(look, view, person), *_referred(look, view, person), *_owed(look, view, person), *_late(look, view, person),
        *_unanswered(look, view, person), *_news(look, view, person, since),
    )]


def _marked(look: Look, view: CaseView, item: Item) -> Item:
    """What is about an exercise says so first, and what is about one of the gravest incidents."""
    marks = "".join(f"{each}: " for each in of_incident.marks(look, "digest", view.case.id))
    return replace(item, title=marks + item.title)


def _decisions(look: Look, view: CaseView, person: str) -> Iterator[Item]:
    for gate in view.gates:
        name = phase_name(gate.name)
        if gate.state == "open" and can_decide(view, gate, person, look.now):
            yield Item(person, Sort.DECIDE, gate.id, view.case.reference, f"Approve {name}", gate.opened_at, gate.due_at)
        elif gate.waits_for_way_out and view.case.closed_at is None and _says_how(view, gate, person):
            yield Item(person, Sort.DECIDE, gate.id, view.case.reference, f"Say how {name} goes on",
                       gate.closed_at or gate.opened_at, None, f"it was {gate.state}")


def _referred(look: Look, view: CaseView, person: str) -> Iterator[Item]:
    """To top management: how a corrective action goes on that wasn't effective."""
    if view.case.state == REFERRED and view.directory.holds(person, TOP_MANAGEMENT) and person not in doers(view):
        at = view.case.phase_opened_at or view.case.opened_at
        yield Item(person, Sort.DECIDE, view.case.id, view.case.reference, f"Say how it goes on: {look.title(view)}", at, None,
                   "it wasn't effective")


def can_decide(view: CaseView, gate: Gate, person: str, now: datetime) -> bool:
    """Whether somebody could answer at this gate now."""
    try:
        authority(view, gate, person, now)
    except IsmsError:
        return False
    return True


def _says_how(view: CaseView, gate: Gate, person: str) -> bool:
    needed = TOP_MANAGEMENT if gate.state == "rejected" else view.workflow.phase(gate.name).owner
    return view.directory.holds(person, needed)


def _owed(look: Look, view: CaseView, person: str) -> Iterator[Item]:
    for step in view.steps:
        if step.state == "open" and step.owner == person:
            yield _of_step(look, view, step, person, Sort.OWE, needs(view, step))


def _late(look: Look, view: CaseView, person: str) -> Iterator[Item]:
    """To deputies, the phase's owner and the ISMS manager: what others are late with."""
    for step in view.steps:
        if step.state == "open" and step.due_at is not None and step.due_at < look.now and step.owner != person:
            office = {view.workflow.phase(step.phase).owner, ISMS_MANAGER}
            office |= {TOP_MANAGEMENT} if view.corrective else set()  # what isn't corrected in time is management's to know
            if stands_in(view, step, person) or any(view.directory.holds(person, name) for name in office):
                yield _of_step(look, view, step, person, Sort.LATE, f"waits for {look.name(step.owner)}")
    for gate in view.gates:
        if gate.state == "open" and gate.due_at < look.now and view.directory.holds(person, ISMS_MANAGER):
            yield Item(person, Sort.LATE, gate.id, view.case.reference, f"Gate of {phase_name(gate.name)}",
                       gate.opened_at, gate.due_at, f"{gate.quorum - len(gate.decisions)} approvals are missing")


def _unanswered(look: Look, view: CaseView, person: str) -> Iterator[Item]:
    """To whoever is to answer an incident: that nobody has yet. To the ISMS manager too, as late once it is late."""
    team = of_incident.waits_for(view)
    theirs = bool(team) and person in (*team, *responders(view))
    if view.incident is None or not (theirs or (team and view.directory.holds(person, ISMS_MANAGER))):
        return
    due = of_incident.due(view)
    sort = Sort.OWE if theirs or due >= look.now else Sort.LATE
    what = "Triage" if view.case.state == "reported" else "Respond to"
    yield Item(person, sort, view.case.id, view.case.reference, f"{what}: {look.incident_title(view.case.id)}",
               view.case.opened_at, due, _for_whom(look, view.incident, team, person, theirs))


def _for_whom(look: Look, incident: Incident, team: tuple[str, ...], person: str, theirs: bool) -> str:
    if incident.pause:
        return "is paused until then"
    if incident.word:
        return "you gave your word" if incident.word.by == person else f"{look.name(incident.word.by)} gave their word"
    return "" if theirs else f"waits for {' or '.join(look.name(each) for each in team)}"


def _of_step(look: Look, view: CaseView, step: Step, person: str, sort: Sort, note: str) -> Item:
    title = view.title(step) if view.corrective is None else f"{view.title(step)}: {look.title(view)}"
    return Item(person, sort, step.id, view.case.reference, title, step.opened_at or look.now, step.due_at, note)


def _news(look: Look, view: CaseView, person: str, since: datetime) -> Iterator[Item]:
    for row in look.conn.execute(questions.moves_since(since, [view.case.id])):
        if row.subject == "gate" and row.to_state in SAID:
            what = f"Gate of {phase_name(view.gate(row.subject_id).name)}"
            yield Item(person, Sort.NEWS, row.subject_id, view.case.reference, what, row.noticed_at, None,
                       SAID[row.to_state])
        elif row.subject == "case":
            stands = of_incident.STANDS if view.incident else of_action.STANDS if view.corrective else {}
            what, now = look.title(view), stands.get(row.to_state, f"is {row.to_state} now")
            yield Item(person, Sort.NEWS, f"{row.subject_id}:{row.to_state}", view.case.reference, what, row.noticed_at,
                       None, now)
