"""Permissions that put the limit of a stage off: which of them count, and until when. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from isms_workflow.domain.conditions import Event
from isms_workflow.domain.periods import Where, lawful, said
from isms_workflow.programme.obligations import EVENTS, Delay, Regime, Stage


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission, judged: the limit that it leads to, UTC, or None where it moves nothing; and how, as lines.

    Where it can't be as it was recorded, `wrong` is the field that is at fault, and `right` what would be right. One that
    names a later instant than the act allows counts up to that; every other such one moves nothing.
    """

    event: Event
    until: datetime | None
    lines: tuple[str, ...]
    wrong: str = ""
    right: str = ""


def permissions(regime: Regime, stage: Stage, limit: datetime, events: Iterable[Event], where: Where) -> tuple[Permission, ...]:
    """Each permission in the order in which they were given, counted from where the one before it has put the limit."""
    found: list[Permission] = []
    used: Counter[str] = Counter()
    for event in sorted(events, key=lambda e: e.at):
        each = _judged(regime, stage, limit, event, used[event.kind], where)
        if each.until is not None:
            limit = each.until
            used[event.kind] += 1
        found.append(each)
    return tuple(found)


def _judged(regime: Regime, stage: Stage, limit: datetime, event: Event, number: int, where: Where) -> Permission:
    """A permission before which so many of its kind have counted."""
    known = [delay for delay in stage.delays if delay.event == event.kind]
    if number >= len(known) and known[-1].at_most is None:
        number = len(known) - 1  # as long as the permission says is as often as it says
    if number >= len(known):
        return _void(event, "kind", f"{known[-1].article} allows it {_times(len(known))}, and it is recorded as often", where)
    delay = known[number]
    if delay.before_limit and event.at > limit:
        right = f"the report was due by {said(limit, where.zone)}, and {delay.article} asks that it be put off before that"
        return _void(event, "at", right, where)
    if event.until is None or event.until <= limit:
        return _void(event, "until", f"the report is due by {said(limit, where.zone)} anyway: give a later instant", where)
    return _counted(regime, stage, delay, limit, event, where)


def _counted(regime: Regime, stage: Stage, delay: Delay, limit: datetime, event: Event, where: Where) -> Permission:
    """How long it may be, and whether it is longer."""
    assert event.until is not None  # asked
    until, wrong, right, lines = event.until, "", "", [f"{EVENTS[event.kind]} {said(event.at, where.zone)} ({delay.article}):"]
    if delay.at_most is not None:
        anchor = limit if delay.counted_from == "limit" else event.at
        most = lawful(anchor, delay.at_most, delay.rules(stage.counting or regime.counting), where)
        lines.append(f"  at most {delay.at_most} from {said(anchor, where.zone)}:")
        lines += [f"    {line}" for line in most.lines]
        if until > most.until:
            right = f"{delay.article} allows at most {delay.at_most} from {said(anchor, where.zone)}, until {said(most.until, where.zone)}"
            until, wrong = most.until, "until"
            lines.append(f"  it names a later instant, {said(event.until, where.zone)}, which doesn't count")
    if until <= limit:
        return _void(event, wrong, right, where)
    lines.append(f"  put off until {said(until, where.zone)}")
    lines += [f"  note: {delay.note}"] if delay.note else []
    return Permission(event, until, tuple(lines), wrong, right)


def _void(event: Event, wrong: str, right: str, where: Where) -> Permission:
    line = f"{EVENTS[event.kind]} {said(event.at, where.zone)}, which moves nothing: {right}"
    return Permission(event, None, (line,), wrong, right)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
