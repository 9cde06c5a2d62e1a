"""A deadline falls due: a ladder's level is told, a gate lapses, a pause ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from isms_workflow.domain import clocks
from isms_workflow.domain.corrective_action import REFERRED
from isms_workflow.domain.gates import eligible
from isms_workflow.domain.ladders import Rung, following, latest, rung, tone
from isms_workflow.domain.machine import CLOCK
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT, Actor
from isms_workflow.domain.plan import Arm, Plan, Subject
from isms_workflow.domain.records import DeadlineRecord, Scalar
from isms_workflow.domain.rules import cases, corrective, escalation, gates
from isms_workflow.domain.rules.common import LADDER, LAPSE, RESUME, record, tell
from isms_workflow.domain.rules.escalation import RESPONSE, WORD
from isms_workflow.domain.times import When, from_iso, iso
from isms_workflow.domain.views import CaseView, Gate, Step
from isms_workflow.domain.whom import last_resort, named, recorded
from isms_workflow.errors import IsmsError
from isms_workflow.programme.model import Ladder, Level

ACTOR = Actor(CLOCK, CLOCK)
LATE = timedelta(minutes=1)
"""What is later than this fell due during an outage, and somebody is told: a clock that works is late by milliseconds."""

PARTS_OF_A_WAIT = frozenset({"owner", "deputy", "approvers"})


@dataclass(frozen=True, slots=True)
class Deadline:
    """An armed deadline that has fallen due; `base` is the ladder's anchor."""

    id: str
    case: str
    subject: Subject
    subject_id: str
    event: str
    due_at: datetime
    ladder: str | None
    level: int | None
    repeat: int
    base: str | None


class UnknownEvent(IsmsError):
    """A deadline names an event that no rule of this release carries out."""

    status = 500

    def __init__(self, event: str) -> None:
        super().__init__(event)
        self.event = event

    def __str__(self) -> str:
        return f"No rule carries out a deadline's event {self.event!r}: upgrade the programme's code, then retry it."


def expire(view: CaseView, deadline: Deadline, when: When) -> Plan:
    """All that a due deadline would write. Raises `UnknownEvent`."""
    if deadline.event not in RULES:
        raise UnknownEvent(deadline.event)
    return RULES[deadline.event](view, deadline, when)


def climb(view: CaseView, deadline: Deadline, when: When) -> Plan:
    """Tells a level's people and arms what follows; a level that resolves to nobody passes on at once.

    After an outage each level is told as of its instant, but each person by the last that is due alone; and of the
    repetitions that were missed the last one.
    """
    if deadline.ladder is None or deadline.level is None or deadline.base is None:
        raise UnknownEvent(f"{deadline.event} without a ladder")
    ladder = view.programme.ladders[deadline.ladder]
    level = ladder.levels[deadline.level]
    anchor = from_iso(deadline.base)
    if deadline.repeat and (last := _last_due(view, deadline, anchor, when.noticed)).repeat > deadline.repeat:
        return _skipped(view, deadline, last, when)
    after = next_rung(view, deadline, (deadline.level, deadline.repeat), anchor, when.happened)
    later = _told_later(view, deadline, after, anchor, when)
    is_last = deadline.level == len(ladder.levels) - 1
    people = _people(view, deadline, ladder, deadline.level, when.noticed)
    told = tuple(person for person in people if person not in later)
    occasion = f"{deadline.subject_id}:{deadline.id}"
    step = deadline.subject_id if deadline.subject == "step" else None
    gate = deadline.subject_id if deadline.subject == "gate" else None
    sent = (
        tell(view, "incident_escalated", told, occasion, level=deadline.level, due=iso(deadline.due_at), fell=iso(deadline.due_at))
        if _is_incidents(view, deadline) else
        tell(view, _notice(view, deadline, level), told, occasion, step=step, gate=gate, due=iso(anchor), ladder=ladder.id,
             level=deadline.level))
    is_late = when.noticed - when.happened > LATE
    return Plan(
        beside=(escalation.climbed(view, deadline.level, deadline.repeat),) if _is_incidents(view, deadline) else (),
        arm=() if after is None else (_arm(deadline, after, None if people or is_last else when),),
        record=(record(DeadlineRecord.EXPIRED, view, deadline.subject_id, ACTOR, when,
                       {"deadline": deadline.id, "ladder": ladder.id, "level": deadline.level,
                        "repeat": deadline.repeat, "to": recorded(view, level), "reached": len(people),
                        **({"told_later": len(later & set(people))} if later & set(people) else {})}),),
        reach=tuple((view.case.id, person) for person in people),
        send=tuple(replace(each, late=True) for each in sent) if is_late else sent,
    )


def _notice(view: CaseView, deadline: Deadline, level: Level) -> str:
    """Which notice a level sends: to those who were asked themselves, that it is late."""
    found = tone(level)
    return "overdue" if found == "escalated" and asks_again(view, deadline.subject, level) else found


def _last_due(view: CaseView, deadline: Deadline, anchor: datetime, now: datetime) -> Rung:
    """The last repetition of a deadline's level that is due by now: this one's, unless the clock stood still for long."""
    assert deadline.ladder is not None  # climb has looked
    assert deadline.level is not None
    ladder, level = view.programme.ladders[deadline.ladder], deadline.level

    def of(repeat: int) -> Rung | None:
        if _is_incidents(view, deadline):
            return clocks.repetition(view, repeat)
        return rung(ladder, level, repeat, anchor, view.calendar) if ladder.levels[level].repeat else None

    def due(repeat: int) -> datetime | None:
        found = of(repeat)
        return found.due_at if found else None

    repeat = latest(due, deadline.repeat, now)
    return of(repeat) or rung(ladder, level, deadline.repeat, anchor, view.calendar)


def _skipped(view: CaseView, deadline: Deadline, last: Rung, when: When) -> Plan:
    """Repetitions that are followed by one that is due as well: one line says how many, and nobody is told of them."""
    facts: dict[str, Scalar] = {"deadline": deadline.id, "ladder": last.ladder, "level": last.level,
                                "repeat": deadline.repeat, "skipped": last.repeat - deadline.repeat}
    return Plan(
        beside=(escalation.climbed(view, last.level, last.repeat - 1),) if _is_incidents(view, deadline) else (),
        arm=(_arm(deadline, last, None),),
        record=(record(DeadlineRecord.SKIPPED, view, deadline.subject_id, ACTOR, when, facts),),
    )


def _told_later(view: CaseView, deadline: Deadline, after: Rung | None, anchor: datetime, when: When) -> frozenset[str]:
    """Whoever is told by a level that is due by now as well, so that nobody gets a mail for each that was missed."""
    found: set[str] = set()
    while after is not None and after.due_at <= when.noticed:
        found |= set(_people(view, deadline, view.programme.ladders[after.ladder], after.level, when.noticed))
        if after.repeat:
            break
        after = next_rung(view, deadline, (after.level, after.repeat), anchor, after.due_at)
    return frozenset(found)


def _is_incidents(view: CaseView, deadline: Deadline) -> bool:
    return view.incident is not None and deadline.subject == "case"


def next_rung(view: CaseView, deadline: Deadline, fired: tuple[int, int], anchor: datetime, now: datetime) -> Rung | None:
    """What comes after a level of a deadline's ladder and its repetition; an incident's, by its history, which may
    have stood still.
    """
    level, repeat = fired
    if view.incident is None or deadline.subject != "case":
        assert deadline.ladder is not None  # whoever asks has looked
        return following(view.programme.ladders[deadline.ladder], level, repeat, anchor, view.calendar)
    return clocks.escalation(view, now, (level, repeat))


def _arm(deadline: Deadline, then: Rung, skipped: When | None) -> Arm:
    """What follows; where nobody was reached it isn't waited for, but falls due at once."""
    due_at = min(then.due_at, skipped.happened) if skipped else then.due_at
    return Arm(deadline.case, deadline.subject, deadline.subject_id, LADDER, due_at, then.ladder, then.level,
               then.repeat, {**then.rule.as_json(), "base": deadline.base})


def _people(view: CaseView, deadline: Deadline, ladder: Ladder, level: int, now: datetime) -> tuple[str, ...]:
    """Whom a level tells; where the last one reaches nobody, the ISMS manager, or whoever can name somebody."""
    found = reached(view, deadline, ladder.levels[level], now)
    return found or (last_resort(view) if level == len(ladder.levels) - 1 else ())


def reached(view: CaseView, deadline: Deadline, level: Level, now: datetime) -> tuple[str, ...]:
    """The active people that a level names: the step's owner and deputies, the gate's approvers, holders, whoever
    is on call, teams, single persons.
    """
    found: dict[str, None] = {}
    for name in level.to:
        found |= dict.fromkeys(_part(view, deadline, name, now))
    return tuple(found)


def _part(view: CaseView, deadline: Deadline, name: str, now: datetime) -> tuple[str, ...]:
    if name not in PARTS_OF_A_WAIT:
        return named(view, name, now)
    if deadline.subject == "step":
        return _of_step(view, view.step(deadline.subject_id), name)
    if deadline.subject == "gate":
        return _of_gate(view, view.gate(deadline.subject_id), name, now)
    return view.directory.holders(answering(view)) if name == "owner" else ()


def answering(view: CaseView, gate: Gate | None = None) -> str:
    """The responsibility whose holders end what a gate waits for that was rejected or lapsed; without one, what the case
    itself waits for: an action's way on, or the start of a cycle.
    """
    if gate is not None:
        return TOP_MANAGEMENT if gate.state == "rejected" else view.workflow.phase(gate.name).owner
    return TOP_MANAGEMENT if view.case.state == REFERRED else ISMS_MANAGER


def asks_again(view: CaseView, subject: Subject, level: Level) -> bool:
    """Whether a level goes to those who were asked how an action goes on: they are reminded, nothing escalates to them."""
    return subject == "case" and view.case.state == REFERRED and answering(view) in level.to


def _of_step(view: CaseView, step: Step, name: str) -> tuple[str, ...]:
    if step.owner is None or name == "approvers":
        return ()
    if name == "owner":
        return (step.owner,) if view.directory.is_active(step.owner) else ()
    return view.directory.deputies_of(step.owner, step.responsibility)


def _of_gate(view: CaseView, gate: Gate, name: str, now: datetime) -> tuple[str, ...]:
    if name == "approvers":
        decided = {d.person for d in gate.decisions}
        return tuple(p for p in eligible(view, gate, now) if p not in decided)
    return view.directory.holders(answering(view, gate)) if name == "owner" else ()


def _resume(view: CaseView, when: When) -> Plan:
    if view.incident is not None:
        return escalation.resume(view, None, ACTOR, when)
    return cases.resume(view, None, {}, ACTOR, when)  # on its day: no days are left to give back


RULES: Mapping[str, Callable[[CaseView, Deadline, When], Plan]] = {
    LADDER: climb,
    LAPSE: lambda view, deadline, when: gates.lapse(view, view.gate(deadline.subject_id), when),
    RESUME: lambda view, deadline, when: _resume(view, when),  # noqa: ARG005 - all are called alike
    RESPONSE: lambda view, deadline, when: escalation.breach(view, when),  # noqa: ARG005
    WORD: lambda view, deadline, when: escalation.word_due(view, deadline.repeat, when),
    corrective.FOLLOW_UP: lambda view, deadline, when: corrective.follow_up(view, when),  # noqa: ARG005
}
"""By a deadline's event: what it leads to."""
