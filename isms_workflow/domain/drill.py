"""How an exercise went: who was told when and by which level, who answered after how long, and what was missed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from isms_workflow.domain.clocks import incidents_of, severity_of
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.rules.ladder import LATE
from isms_workflow.domain.views import CaseView

REPORT = -1
"""The level of those who are told at the report."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the incident's history; `reached` and the like stand in `data`."""

    kind: str
    actor: str
    happened: datetime
    noticed: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A mail to one person: at which level (counted from 0, or `REPORT`), when it was decided, and what became of it."""

    person: str
    level: int
    decided: datetime
    outcome: str | None
    settled: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody did something about it: `acknowledged`, `responded`; `after` is counted from the report."""

    person: str
    did: str
    at: datetime
    after: timedelta
    channel: str


@dataclass(frozen=True, slots=True)
class Reached:
    """A level that was told: when it fell due, how much later it was carried out, and how many it reached."""

    level: int
    repeat: int
    at: datetime
    late: timedelta
    reached: int


@dataclass(frozen=True, slots=True)
class Drill:
    """The whole of it, each in order of time; `missed` are sentences, none if all went as it should."""

    told: tuple[Told, ...]
    answers: tuple[Answer, ...]
    levels: tuple[Reached, ...]
    missed: tuple[str, ...]


def drill(view: CaseView, lines: Sequence[Line], told: Iterable[Told]) -> Drill:
    """From the history alone. Raises `Unknown` for an incident that is no exercise."""
    if not incidents_of(view)[1].is_exercise:
        raise Unknown("exercise", view.case.reference)
    mails, levels = _once_each(told), tuple(_levels(lines))
    answers = tuple(_answers(view, lines))
    return Drill(mails, answers, levels, tuple(_missed(view, lines, mails, levels, answers)))


def _once_each(told: Iterable[Told]) -> tuple[Told, ...]:
    """Whoever is told of one thing by several ways was told once: by the first that left."""
    found: dict[tuple[str, int, datetime], Told] = {}
    for each in told:
        before = found.setdefault((each.person, each.level, each.decided), each)
        if before.outcome != "sent" and each.outcome == "sent":
            found[each.person, each.level, each.decided] = each
    return tuple(found.values())


def _levels(lines: Iterable[Line]) -> Iterator[Reached]:
    for line in lines:
        if line.kind in ("deadline.expired", "incident.escalated") and "reached" in line.data:
            yield Reached(line.data["level"], line.data["repeat"], line.happened, line.noticed - line.happened,
                          line.data["reached"])
        elif line.kind == "incident.escalated":  # by somebody's hand: whom that reached stands in the mails
            yield Reached(line.data["level"], line.data["repeat"], line.happened, line.noticed - line.happened, 0)


def _answers(view: CaseView, lines: Iterable[Line]) -> Iterator[Answer]:
    for line in lines:
        did = ("acknowledged" if line.kind == "incident.acknowledged" else
               "responded" if line.kind == "case.moved" and line.data.get("event") == "respond" else "")
        if did:
            yield Answer(line.actor, did, line.happened, line.happened - view.case.opened_at, str(line.data.get("channel", "")))


def _missed(view: CaseView, lines: Iterable[Line], told: Iterable[Told], levels: Sequence[Reached],
            answers: Sequence[Answer]) -> Iterator[str]:
    for line in lines:
        yield from _went_wrong(view, line)
    yield from (f"Level {each.level + 1} was told {_minutes(each.late)} after it fell due." for each in levels if each.late > LATE)
    did = {each.did for each in answers}
    if not did:
        yield "Nobody acknowledged it."
    if "responded" not in did:
        yield "Nobody responded."
    lost = sum(each.outcome in ("dead", "unsent") for each in told)
    if lost:
        yield f"{lost} {'mail' if lost == 1 else 'mails'} never left."


def _went_wrong(view: CaseView, line: Line) -> Iterator[str]:
    level = line.data.get("level", REPORT) + 1
    if line.kind == "incident.breached":
        yield f"Nobody was at it within {severity_of(view).response}."
    elif line.kind == "incident.lapsed":
        yield "A word that was given lapsed: whoever gave it didn't answer."
    elif line.kind == "deadline.skipped":
        yield f"{line.data['skipped']} repetitions of level {level} were left out: the clock stood still."
    elif line.kind == "deadline.expired" and not line.data["reached"]:
        yield f"Level {level} reached nobody."


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return "1 minute" if minutes == 1 else f"{minutes:,} minutes"
