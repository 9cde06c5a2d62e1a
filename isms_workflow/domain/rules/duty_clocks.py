"""A deadline of a report falls due: a level is reminded, the safe instant passes, the last warning, the act's instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from isms_workflow.domain.duties import ACT_BY, LAWFUL, MOMENT, REMIND, WARN, Duties, anchor, warning
from isms_workflow.domain.ladders import Rung, following, latest, rung
from isms_workflow.domain.machine import CLOCK
from isms_workflow.domain.obligations import Standing
from isms_workflow.domain.people import TOP_MANAGEMENT, Actor
from isms_workflow.domain.plan import Plan
from isms_workflow.domain.records import DeadlineRecord, ObligationRecord, Scalar
from isms_workflow.domain.rules import duties as rules
from isms_workflow.domain.rules.common import record
from isms_workflow.domain.rules.ladder import LATE, Deadline
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.whom import last_resort, named, recorded

ACTOR = Actor(CLOCK, CLOCK)


def expire(view: CaseView, deadline: Deadline, when: When) -> Plan:
    """All that a due deadline of a stage would write. Nothing is told of one that doesn't run any more: what time alone
    has put in its place is armed.
    """
    if view.duties is None or view.case.closed_at is not None:
        return Plan()
    sort, _, name = deadline.event.partition(":")
    then = view.duties.with_(at=max(when.noticed, when.happened + MOMENT))
    found = next((each for each in then.running if each.obligation.id == name), None)
    before = rules.states(view.duties, when.happened)
    if found is None or deadline.base != iso(_stands_for(sort, found, view) or when.happened):
        return rules.followed(view, then, ACTOR, when, fired=deadline.event, before=before)
    if sort == REMIND:
        return _reminded(view, then, found, deadline, when)
    told = {ACT_BY: _passed, WARN: _warned, LAWFUL: _breached}[sort](view, found, deadline, when)
    return told + rules.followed(view, then, ACTOR, when, fired=deadline.event, before=before)


def _stands_for(sort: str, found: Standing, view: CaseView) -> datetime | None:
    if sort == WARN:
        return warning(found, rules.margin(view))
    return {REMIND: anchor(found), ACT_BY: found.act_by, LAWFUL: found.latest_lawful}[sort]


def _facts(found: Standing, deadline: Deadline) -> dict[str, Scalar]:
    return {"deadline": deadline.id, "event": deadline.event, "obligation": found.obligation.id,
            "act_by": iso(found.act_by) if found.act_by else None,
            "latest_lawful": iso(found.latest_lawful) if found.latest_lawful else None}


def _about(found: Standing) -> dict[str, Any]:
    return {"stage": found.obligation.id, "act_by": iso(found.act_by) if found.act_by else None,
            "latest_lawful": iso(found.latest_lawful) if found.latest_lawful else None}


def _passed(view: CaseView, found: Standing, deadline: Deadline, when: When) -> Plan:
    """The safe instant has passed; what the act allows may still be ahead."""
    line = record(DeadlineRecord.EXPIRED, view, found.obligation.id, ACTOR, when, _facts(found, deadline))
    return _late(rules.told(view, "obligation_act_by", rules.concerned(view, TOP_MANAGEMENT), deadline.id, **_about(found)),
                 when) + Plan(record=(line,))


def _warned(view: CaseView, found: Standing, deadline: Deadline, when: When) -> Plan:
    """The last warning goes by itself, whatever else is told at the time."""
    line = record(DeadlineRecord.EXPIRED, view, found.obligation.id, ACTOR, when, _facts(found, deadline))
    people = rules.concerned(view, TOP_MANAGEMENT)
    return rules.told(view, "obligation_warning", people, deadline.id, **_about(found)) + Plan(record=(line,))


def _breached(view: CaseView, found: Standing, deadline: Deadline, when: When) -> Plan:
    """Not submitted by the latest lawful instant: that is recorded. It is owed all the same."""
    line = record(ObligationRecord.BREACHED, view, view.case.id, ACTOR, when, _facts(found, deadline))
    people = rules.concerned(view, TOP_MANAGEMENT)
    return rules.told(view, "obligation_missed", people, deadline.id, **_about(found)) + Plan(record=(line,))


def _late(plan: Plan, when: When) -> Plan:
    """What fell due during an outage waits some seconds for others to be told with."""
    is_late = when.noticed - when.happened > LATE
    return replace(plan, send=tuple(replace(each, late=True) for each in plan.send)) if is_late else plan


def _reminded(view: CaseView, then: Duties, found: Standing, deadline: Deadline, when: When) -> Plan:
    """A level is told, and what follows is armed. After an outage each level has its record, but people are told by the
    last one that is due alone, and of missed repetitions there is one line.
    """
    ladder = view.programme.ladders[rules.reporting_of(view).ladder]
    level, repeat, to = deadline.level or 0, deadline.repeat, anchor(found)
    if level >= len(ladder.levels):  # re-planned to a shorter ladder
        level, repeat = len(ladder.levels) - 1, 0

    def instant(number: int) -> datetime | None:
        return rung(ladder, level, number, to, view.calendar).due_at if ladder.levels[level].repeat else None

    last = latest(instant, repeat, when.noticed) if repeat else repeat
    after = following(ladder, level, last, to, view.calendar)
    people = _people(view, level, when.noticed)
    is_told = after is None or after.due_at > when.noticed
    onwards = None if after is None else rules.on_ladder(
        view, found.obligation.id, after if people else replace(after, due_at=min(after.due_at, when.noticed)), to)
    line = record(DeadlineRecord.EXPIRED, view, found.obligation.id, ACTOR, when, {
        **_facts(found, deadline), "ladder": ladder.id, "level": level, "repeat": last, "to": recorded(view, ladder.levels[level]),
        "reached": len(people), **({"skipped": last - repeat} if last > repeat else {}),
        **({} if is_told else {"told_later": len(people)})})
    told = rules.told(view, "obligation_reminder", people, deadline.id, level=level, **_about(found)) if is_told else Plan()
    return _late(told, when) + Plan(record=(line,)) + rules.followed(
        view, then, ACTOR, when, fired=deadline.event, onwards=onwards)


def _people(view: CaseView, level: int, now: datetime) -> tuple[str, ...]:
    """Whom a level tells; where the last one reaches nobody, whoever can name somebody."""
    levels = view.programme.ladders[rules.reporting_of(view).ladder].levels
    found = tuple(dict.fromkeys(person for name in levels[level].to for person in named(view, name, now)))
    if found or level < len(levels) - 1:
        return found
    return last_resort(view)


def ahead(view: CaseView, deadline: Deadline) -> Rung | None:
    """What follows an armed reminder, for whoever asks what will happen."""
    if deadline.level is None or deadline.base is None:
        return None
    ladder = view.programme.ladders[rules.reporting_of(view).ladder]
    return following(ladder, deadline.level, deadline.repeat, datetime.fromisoformat(deadline.base), view.calendar)
