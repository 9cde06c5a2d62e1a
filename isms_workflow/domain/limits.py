"""When a stage of reporting began, and until when it is to be submitted. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from isms_workflow.domain.conditions import Asked, Event, Facts
from isms_workflow.domain.delays import Permission, permissions
from isms_workflow.domain.periods import (
    OF_EVENT,
    OF_YEAR,
    Counted,
    Where,
    elapsed,
    end_of_year,
    lawful,
    noon_after,
    said,
)
from isms_workflow.programme.obligations import EVENTS, HINTS, REPORTED, SUBMITTED, Period, Regime, Stage

AT_ONCE = frozenset({REPORTED, "aware", "noticed", "discovered", "classified", "determined", "assessed"})
"""Events that may have happened by the time of the report; every other comes of what is done afterwards."""


@dataclass(frozen=True, slots=True)
class Round:
    """How a stage was begun, and what came of it: its event, the first submission after it, and what ended it before.

    `covered` is an event that began nothing, because a report that was still to come could say so.
    """

    start: Event | None = None
    submitted: Event | None = None
    ended: Event | None = None
    covered: Event | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """Since when, and until when: safely and lawfully; how each came about; and what may have put it off."""

    started_at: datetime | None
    act_by: datetime | None
    latest: datetime | None
    lines: tuple[str, ...]
    permissions: tuple[Permission, ...] = ()


def anew(regime: Regime, stage: Stage, facts: Facts) -> datetime | None:
    """When it last began once more: at the first event that starts it after one that had ended it; None if it never did.

    A stage that follows another, or is due with it, begins anew with that one.
    """
    if leads := _leads(stage):
        return max((at for name in leads if (at := anew(regime, regime.stage(name), facts))), default=None)
    if stage.ended_by is None:
        return None
    begins = [e.at for e in _of_kind(regime.regime, stage, facts)]
    ends = [e.at for e in facts.happened(stage.ended_by, f"{regime.regime}.{stage.id}")]
    return next((first for end in reversed(ends) if (first := next((at for at in begins if at > end), None))), None)


def _leads(stage: Stage) -> tuple[str, ...]:
    """The stages that it follows, or is due with."""
    starts = stage.starts
    before = (*(starts.of if starts.event == SUBMITTED else ()), starts.once_submitted, stage.limit_of)
    return tuple(filter(None, before))


def current(regime: Regime, stage: Stage, facts: Facts) -> Facts:
    """What counts for a stage: where it began anew, what happened before counts no more, but for what its caps count from."""
    since = anew(regime, stage, facts)
    return facts.since(since, {cap.event for cap in stage.caps}) if since else facts


def earlier(regime: Regime, stage: Stage, facts: Facts, started_at: datetime | None) -> tuple[Event, ...]:
    """What happened in the rounds before the one that a stage is in, which began at `started_at`; empty if that is its first.

    What is said of another regime is of no round, nor is that the incident became known.
    """
    known = current(regime, stage, facts)
    found = [e for e in facts.events if e not in known.events and e.kind not in HINTS
             and (e.of is None or e.of.partition(".")[0] == regime.regime)]
    if stage.repeats and started_at is not None:
        own = (*_of_kind(regime.regime, stage, known), *known.submitted(f"{regime.regime}.{stage.id}"))
        found += [e for e in own if e.at < started_at]
    return tuple(found)


def began(regime: str, stage: Stage, facts: Facts) -> Round:
    """The round that a stage is in by its `current` facts: its only one, or the latest of one that repeats.

    What follows another stage begins no more once it was ended, whatever happens, unless that one begins anew.
    """
    name = f"{regime}.{stage.id}"
    events, submissions = _events(regime, stage, facts), facts.submitted(name)
    if not events and not submissions:
        return Round(covered=_covered(regime, stage, facts))
    enders = facts.happened(stage.ended_by, name) if stage.ended_by else []
    if stage.repeats:
        found = _last_round(events, submissions)
    elif submissions:
        found = Round(_chosen(stage, [e for e in events if e.at <= submissions[0].at] or events), submissions[0])
    else:
        found = Round(_chosen(stage, events))
    is_over = enders and found.start and not found.submitted and (enders[-1].at >= found.start.at or _leads(stage))
    return replace(found, ended=enders[-1]) if is_over else found


def _covered(regime: str, stage: Stage, facts: Facts) -> Event | None:
    """An event that happened before the stage was submitted after which alone it would begin something."""
    needs = stage.starts.once_submitted
    if needs is None or not facts.submitted(f"{regime}.{needs}"):
        return None
    return next(iter(_of_kind(regime, stage, facts)), None)


def _last_round(events: list[Event], submissions: list[Event]) -> Round:
    """Each event after the last round's submission begins the next one. What is asked for again before that is answered with
    it, by the earliest instant of those that were named.
    """
    found = Round(None, submissions[0] if submissions and not events else None)
    after: datetime | None = None
    for event in events:
        if found.start is not None and (after is None or event.at <= after):
            until = min((each for each in (found.start.until, event.until) if each), default=None)
            found = replace(found, start=replace(found.start, until=until))
            continue
        answer = next((s for s in submissions if s.at >= event.at), None)
        found, after = Round(event, answer), answer.at if answer else None
    return found


def _events(regime: str, stage: Stage, facts: Facts) -> list[Event]:
    events = _of_kind(regime, stage, facts)
    if stage.starts.once_submitted is None:
        return events
    out = facts.submitted(f"{regime}.{stage.starts.once_submitted}")
    return [e for e in events if out and e.at >= out[0].at]


def _of_kind(regime: str, stage: Stage, facts: Facts) -> list[Event]:
    starts = stage.starts
    if starts.of:
        return facts.of(starts.event, (f"{regime}.{each}" for each in starts.of))
    return facts.happened(starts.event, f"{regime}.{stage.id}")


def _chosen(stage: Stage, events: list[Event]) -> Event | None:
    if not events:
        return None
    return events[-1] if stage.starts.which == "latest" else events[0]


def due(regime: Regime, stage: Stage, this: Round, facts: Facts, asked: Asked, where: Where) -> Due:
    """Until when a stage that began is to be submitted: the earliest of its limits, each counted by its rule, or what has
    put that off.
    """
    start = this.start
    assert start is not None  # what has begun
    lines = [f"{_what(regime, start)} {said(start.at, where.zone)}"]
    safe, latest = [], []
    for anchor, period, what in _limits(regime, stage, start, facts, where):
        if period is None:
            lines.append(what)
            continue
        counted = _counted(regime, stage, anchor, period, asked, where)
        lines += [f"{period} from {what}:", *(f"  {line}" for line in counted.lines)]
        safe.append(elapsed(anchor, period, where.zone))
        latest.append(counted.until)
    if stage.as_asked and start.until is not None:
        lines.append(f"the authority asked for it by {said(start.until, where.zone)}")
        safe.append(start.until)
        latest.append(start.until)
    if stage.aim is not None:
        lines.append(f"the organisation's own aim: {stage.aim} from {said(start.at, where.zone)}")
        safe.append(elapsed(start.at, stage.aim, where.zone))
    owed = Due(start.at, min((*safe, *latest), default=None), min(latest, default=None), tuple(lines))
    return _put_off(regime, stage, this, owed, facts, where) if stage.delays else owed


def _put_off(regime: Regime, stage: Stage, this: Round, owed: Due, facts: Facts, where: Where) -> Due:
    """By permissions that were given until it was submitted. The instant that the last one names is a safe one, too."""
    if owed.latest is None or this.start is None:
        return owed
    name = f"{regime.regime}.{stage.id}"
    kinds = dict.fromkeys(delay.event for delay in stage.delays)
    given = [event for kind in kinds for event in facts.of(kind, (name,))
             if (this.submitted is None or event.at <= this.submitted.at) and (not stage.repeats or event.at >= this.start.at)]
    found = permissions(regime, stage, owed.latest, given, where)
    lines = (*owed.lines, *(line for each in found for line in each.lines))
    until = next((each.until for each in reversed(found) if each.until), None)
    if until is None:
        return replace(owed, lines=lines, permissions=found)
    return replace(owed, act_by=until, latest=until, lines=lines, permissions=found)


def _what(regime: Regime, start: Event) -> str:
    if start.kind != SUBMITTED or start.of is None:
        return EVENTS[start.kind]
    return f"{regime.stage(start.of.removeprefix(f'{regime.regime}.')).title} was submitted"


def _limits(regime: Regime, stage: Stage, start: Event, facts: Facts, where: Where
            ) -> list[tuple[datetime, Period | None, str]]:
    """The instants that are counted from, the periods, and what the instants are; without a period: why one doesn't bind."""
    found: list[tuple[datetime, Period | None, str]] = []
    if stage.within is not None:
        at, what = start.at, "then"
        if stage.from_end_of is not None:
            at, what = end_of_year(start.at, where.zone), "the end of that calendar year"
        found.append((at, stage.within, what))
    name = f"{regime.regime}.{stage.id}"
    for cap in stage.caps:
        anchors = facts.happened(cap.event, name)
        if not anchors:
            found.append((start.at, None, f"when {EVENTS[cap.event]} isn't known: {cap.within} from then can't be counted"))
            continue
        ends, passed = elapsed(anchors[0].at, cap.within, where.zone), None
        if cap.unless_passed_by is not None:
            passed = next((e for e in facts.happened(cap.unless_passed_by, name) if e.at >= start.at and e.at > ends), None)
        if passed is not None:
            had = f"{cap.within} from when {EVENTS[cap.event]} had passed {said(ends, where.zone)}"
            found.append((start.at, None, f"{had}, before {EVENTS[passed.kind]}: they don't bind any more"))
        else:
            found.append((anchors[0].at, cap.within, f"when {EVENTS[cap.event]}, {said(anchors[0].at, where.zone)}"))
    return found


def _counted(regime: Regime, stage: Stage, anchor: datetime, period: Period, asked: Asked, where: Where) -> Counted:
    relief = stage.relief
    rules = stage.counting or regime.counting
    of_year = stage.from_end_of is not None and anchor == end_of_year(anchor, where.zone)
    counted = lawful(anchor, period, rules, where, is_relieved=relief is not None, zero=OF_YEAR if of_year else OF_EVENT)
    if relief is None:
        return counted
    for name in relief.not_for:
        truth = asked.answer(name)
        if truth.value is not False:
            why = f"the relief of {relief.article} doesn't hold: {asked.says(name)} {'Yes' if truth.value else 'unanswered'}"
            return Counted(counted.until, counted.day, (*counted.lines, why))
    return noon_after(counted, where, relief.article)


def earliest(stage: Stage, at: datetime, where: Where) -> datetime | None:
    """The safe instant if everything that it is counted from happened then; None if the stage has no figure and no aim."""
    periods = [each for each in (stage.within if stage.from_end_of is None else None, stage.aim,
                                 *(cap.within for cap in stage.caps)) if each is not None]
    return min((elapsed(at, each, where.zone) for each in periods), default=None)
