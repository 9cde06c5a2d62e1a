"""What every rule does: ask the machine, ask for the right, arm the ladder, tell people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from isms_workflow.domain.calendars import WorkingCalendar, instant_of, local_date, shift, zone_of
from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.ladders import first
from isms_workflow.domain.machine import OWNER, PHASE_OWNER, Machine, Rule
from isms_workflow.domain.messages import Message, Notice, Urgency
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Arm, Change, Plan, Subject
from isms_workflow.domain.records import AuditRecord, Kind, Scalar
from isms_workflow.domain.refusals import Moved, NotYours, ReasonNeeded, Wrong
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import Case, CaseView, Gate, Step, held

LADDER = "ladder"
LAPSE = "lapse"
RESUME = "resume"


def fresh(what: str, seen: int | None, version: int) -> None:
    """Raise `Moved` if the row isn't the one that the person was shown; None means they were shown none."""
    if seen is not None and seen != version:
        raise Moved(what, seen, version)


LONGEST_REASON = 4000
"""As long as a comment: it stands in mails and in the history."""


def reasoned(event: str, reason: str) -> str:
    """The reason without spaces around it. Raises `ReasonNeeded` if there is none, `Wrong` if it is a book."""
    if not reason.strip():
        raise ReasonNeeded(event)
    if len(reason.strip()) > LONGEST_REASON:
        raise Wrong("reason", f"{len(reason.strip())} characters", f"at most {LONGEST_REASON:,} characters; attach the rest")
    return reason.strip()


def stands_in(view: CaseView, step: Step, person: str) -> bool:
    """Whether a step is this person's to do: its owner, or one of their deputies."""
    return step.owner is not None and person in (
        step.owner, *view.directory.deputies_of(step.owner, step.responsibility)
    ) and view.directory.is_active(person)


def entitled(view: CaseView, found: Rule, actor: Actor, what: str, step: Step | None, phase: str | None) -> None:
    """Raise `NotYours`, naming what it takes, unless the rule names the actor or something that they hold."""
    if actor.id in found.by:
        return
    needed = set(found.by)
    if PHASE_OWNER in needed and phase:
        needed = needed - {PHASE_OWNER} | {view.workflow.phase(phase).owner}
    if OWNER in needed and step and stands_in(view, step, actor.id):
        return
    if OWNER in needed and step is None and _owns(view, actor.id):
        return
    if any(view.directory.holds(actor.id, name) for name in needed):
        return
    raise NotYours(what, found.event, _spoken(view, needed))


def _owns(view: CaseView, person: str) -> bool:
    """Whether a case as a whole is this person's to answer for."""
    return view.corrective is not None and view.corrective.owner == person and view.directory.is_active(person)


def _spoken(view: CaseView, needed: Iterable[str]) -> str:
    names = sorted(set(needed) - {OWNER})
    return " or ".join(([held(view.programme, *names)] if names else []) + ["its owner or a deputy"] * (OWNER in needed))


def named(view: CaseView, step: Step) -> str:
    """How a step is called in a sentence."""
    return f"step {step.key} of {view.case.reference}"


def change(machine: Machine, subject: Subject, row: Case | Step | Gate, event: str, line: AuditRecord,
           **sets: Any) -> Change:
    """The compare-and-set that a rule of the machine allows. Raises `NotAllowed`."""
    to = machine.rule_for(event, row.state, f"{subject} {row.id}").to or row.state
    return Change(subject, row.id, row.version, event, row.state, to, line, sets)


def record(kind: Kind, view: CaseView, subject: str, actor: Actor, when: When,
           data: Mapping[str, Scalar] | None = None, reason: str = "") -> AuditRecord:
    """A line of history about something in the case; a reason goes beside the chain."""
    private = {"reason": reason} if reason else {}
    return AuditRecord(kind, actor.id, when.happened, when.noticed, view.case.id, subject,
                       {**(data or {}), "channel": actor.channel}, private)


def tell(view: CaseView, notice: str, people: Iterable[str | None], occasion: str, urgency: Urgency | None = None,
         **about: Any) -> tuple[Message, ...]:
    """The notice to each of them once; `occasion` tells one sending from the next.

    The urgency is the incident's, unless the notice has one of its own: `statutory` for what a law asks by an instant.
    """
    facts = {"case": view.case.id, **about}
    ids = dict.fromkeys(p for p in people if p)
    how = urgency or urgency_of(view)
    return tuple(Notice(notice, person, facts, how).message(occasion, view.case.id) for person in ids)


def urgency_of(view: CaseView) -> Urgency:
    """Critical for an incident of the gravest severity."""
    if view.incident is None:
        return "ordinary"
    workflow, incident = incidents_of(view)
    return "critical" if incident.severity == workflow.severities[0].id else "ordinary"


def arm_ladder(view: CaseView, subject: Subject, subject_id: str, ladder: str, anchor: datetime,
               now: datetime) -> tuple[Arm, ...]:
    """The first level still ahead, counted from the anchor."""
    found = first(view.programme.ladders[ladder], anchor, now, view.calendar)
    if found is None:
        return ()
    return (Arm(view.case.id, subject, subject_id, LADDER, found.due_at, found.ladder, found.level, found.repeat,
                {**found.rule.as_json(), "base": iso(anchor)}),)


def on_day(text: str, at: datetime, now: datetime, calendar: WorkingCalendar, field: str = "date") -> datetime:
    """The instant of a date given as `2026-03-12`, at the local hour of `at`. Raises `Wrong` unless it is ahead."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise Wrong(field, text, "give a date such as 2026-03-12") from None
    hour = at.astimezone(zone_of(calendar.zone)).time()
    instant = instant_of(day, hour, calendar.zone)
    if instant <= now:
        raise Wrong(field, text, f"choose a day after {local_date(now, calendar.zone)}")
    if instant > now + timedelta(days=3 * 366):
        raise Wrong(field, text, "choose a day within three years")
    return instant


def days_left(view: CaseView, now: datetime) -> int:
    """Whole local days until the pause ends; 0 if the case isn't paused."""
    if view.case.paused_until is None:
        return 0
    zone = view.calendar.zone
    return max(0, (local_date(view.case.paused_until, zone) - local_date(now, zone)).days)


def counted_from(view: CaseView, now: datetime) -> datetime:
    """Where the dates of what begins now count from: now, or in a pause as many days later as are left of it.

    So whatever begins in a pause gives back the same days as everything else if the pause ends early.
    """
    return shift(now, days_left(view, now), view.calendar)


def after(view: CaseView, *steps: Step) -> CaseView:
    """The view as it will be once these steps are written."""
    new = {each.id: each for each in steps}
    return replace(view, steps=tuple(new.get(s.id, s) for s in view.steps))


def wake(view: CaseView) -> Plan:
    """The flow has something new to read."""
    return Plan(wake=(view.case.id,))
