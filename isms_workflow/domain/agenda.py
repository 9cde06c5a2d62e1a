"""One person's deadlines: steps owed, gates to decide, incidents to answer, reports to submit, turns on call. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from isms_workflow.domain.access import Label
from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.duties import anchor
from isms_workflow.domain.gates import authority
from isms_workflow.domain.incident import UNANSWERED
from isms_workflow.domain.on_call import AHEAD, between, hand_over, horizon, number_at
from isms_workflow.domain.people import Directory
from isms_workflow.domain.rules.duties import reporting_of
from isms_workflow.domain.views import CaseView, Gate, phase_name
from isms_workflow.errors import IsmsError
from isms_workflow.programme.model import Programme


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a calendar: an instant, or a time with its end. `path` is where it is dealt with.

    `id` stays the same while the line does, and tells nothing: whoever keeps the calendar reads it, too.
    """

    id: str
    says: str
    starts: datetime
    path: str
    ends: datetime | None = None


def of_case(view: CaseView, person: str, reached: Collection[str], title: str | None,
            now: datetime) -> Iterator[Entry]:
    """What somebody who may see the case has to do in it, and by when; `title` is what its incident is called.

    Of a case with a narrow label no more than its reference is told: whoever keeps the calendar isn't ours.
    """
    reference, is_open = view.case.reference, view.case.label == Label.INTERNAL
    for step in view.steps:
        if step.state == "open" and step.owner == person and step.due_at:
            what = view.title(step) if is_open else "a step"
            yield Entry(step.id, f"{reference}: {what} is due", step.due_at, f"/steps/{step.id}")
    for gate in view.gates:
        if gate.state == "open" and _decides(view, gate, person, now):
            yield Entry(gate.id, f"{reference}: decide {phase_name(gate.name)}", gate.due_at, f"/gates/{gate.id}")
    yield from _reports(view, person, is_open)
    if view.incident is not None and view.case.state in UNANSWERED and not view.incident.pause:
        workflow, incident = incidents_of(view)
        if person in reached or any(view.directory.holds(person, name) for name in workflow.responders):
            called = f" {title}" if title and is_open else ""
            yield Entry(_opaque(view, "response"), f"{reference}{called}: somebody has to be at it", incident.response_due,
                        f"/incidents/{reference}")


def _reports(view: CaseView, person: str, is_open: bool) -> Iterator[Entry]:
    """What an act, a contract or an insurance asks for, at the safe instant, to whoever decides that it was sent."""
    if view.duties is None or not any(view.directory.holds(person, name) for name in reporting_of(view).decides):
        return
    for each in view.duties.running:
        what = each.obligation.stage.title if is_open else "a report"
        yield Entry(_opaque(view, each.obligation.id), f"{view.case.reference}: {what} is to be submitted", anchor(each),
                    f"/incidents/{view.case.reference}/obligations")


def _opaque(view: CaseView, what: str) -> str:
    """An id for something of a case that has none of its own: the case's id, which no calendar is told, hides what it is of."""
    return str(uuid5(NAMESPACE_URL, f"{view.case.id}/{what}"))


def _decides(view: CaseView, gate: Gate, person: str, now: datetime) -> bool:
    try:
        authority(view, gate, person, now)
    except IsmsError:
        return False
    return True


def on_call(programme: Programme, directory: Directory, person: str, now: datetime) -> Iterator[Entry]:
    """Their turns from now until in four weeks, also those in which they cover for somebody."""
    for rotation in programme.on_call.values():
        start = hand_over(rotation, max(0, number_at(rotation, now)))
        for shift in between(rotation, directory, start, horizon(rotation, now)) if start < now + AHEAD else ():
            if shift.person == person and shift.ends > now:
                yield Entry(f"{rotation.id}-{shift.starts:%Y%m%dT%H%M%SZ}", f"On call: {rotation.title}", shift.starts,
                            "/on-call", shift.ends)
