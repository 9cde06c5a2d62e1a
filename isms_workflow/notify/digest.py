"""Bundling, throttling, de-duplication, and whose morning it is: pure functions over lists."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from isms_workflow.domain.calendars import instant_of, local_date
from isms_workflow.domain.times import iso, utc

MOST = 20
"""Lines a section: a mail that is longer isn't read; the portal shows the rest."""

OPENED = "step_opened"
"""A notice to a step's owner that is told together where several leave at once."""

WAITS = frozenset({"reminder", "overdue", "escalated"})
"""What ladders say of steps and gates: of one case they are told together, whatever the level."""

T = TypeVar("T")


class Sort(StrEnum):
    """The sections of a digest, in the order in which they are read."""

    DECIDE = "decide"
    OWE = "owe"
    LATE = "late"
    NEWS = "news"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to tell one person: `subject` is the id of the step, gate or case that it is about."""

    to: str
    sort: Sort
    subject: str
    reference: str
    title: str
    at: datetime
    due: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gets a digest; `digested_on` is the local date of their last one."""

    person: str
    zone: str
    digested_on: date | None


def whose_hour(readers: Iterable[Reader], now: datetime, hour: int = 8) -> list[str]:
    """The people whose digest is to leave now: their local `hour` has come, and today's hasn't left.

    A run that was missed is made up for by the next one of the same local date; a date is never told
    twice, and yesterday's digest never today. An hour that doesn't exist is the first instant after
    the gap. Raises `NaiveInstant`, `UnknownZone`.
    """
    return [each.person for each in readers if _is_due(each, utc(now), hour)]


def _is_due(reader: Reader, now: datetime, hour: int) -> bool:
    today = local_date(now, reader.zone)
    if reader.digested_on is not None and reader.digested_on >= today:
        return False
    return instant_of(today, time(hour), reader.zone) <= now


def deduplicate(items: Iterable[Item]) -> list[Item]:
    """Each subject once a person: in the section that is read first, and there as it was told last."""
    kept: dict[tuple[str, str], Item] = {}
    for each in items:
        known = kept.setdefault((each.to, each.subject), each)
        if _rank(each) < _rank(known):
            kept[each.to, each.subject] = each
    return list(kept.values())


def _rank(item: Item) -> tuple[int, float]:
    return list(Sort).index(item.sort), -item.at.timestamp()


def throttle(lines: Sequence[T], most: int = MOST) -> tuple[tuple[T, ...], int]:
    """The first lines, and how many more there are; a single one more is shown rather than counted."""
    if len(lines) <= most + 1:
        return tuple(lines), 0
    return tuple(lines[:most]), len(lines) - most


def digest(items: Iterable[Item], to: str, checkpoint: str = "") -> dict[str, object]:
    """The facts of one person's digest: each thing once, the most urgent first, the rest counted.

    `checkpoint` is the audit chain's, as text to keep. What is due comes before what isn't, news
    newest first. Items for others are left out.
    """
    mine = deduplicate(each for each in items if each.to == to)
    return {"link": "/", "checkpoint": checkpoint, **{sort.value: _section(mine, sort) for sort in Sort}}


def is_empty(facts: dict[str, object]) -> bool:
    """Whether a digest would tell nothing, so that it need not be sent."""
    return not facts["checkpoint"] and facts == digest((), "")


def _section(items: Iterable[Item], sort: Sort) -> dict[str, object]:
    lines, more = throttle(sorted((i for i in items if i.sort is sort), key=_urgency))
    return {"lines": [_line(each) for each in lines], "more": more}


def _urgency(item: Item) -> tuple[bool, float, str]:
    if item.sort is Sort.NEWS or item.due is None:
        return item.sort is not Sort.NEWS, -item.at.timestamp(), item.subject
    return False, item.due.timestamp(), item.subject


def _line(item: Item) -> dict[str, object]:
    return {"reference": item.reference, "title": item.title, "due": iso(item.due) if item.due else None,
            "note": item.note}


class Queued(Protocol):
    """A mail in the outbox, as far as it matters for telling several at once."""

    @property
    def key(self) -> str:
        """Its outbox key."""
    @property
    def case(self) -> str | None:
        """The case that it is about."""
    @property
    def payload(self) -> Mapping[str, Any]:
        """The notice, who it is for, and the ids it is about."""
    @property
    def sensitive(self) -> bool:
        """Whether it carries a secret."""


Q = TypeVar("Q", bound=Queued)


def together(queued: Iterable[Q]) -> list[list[Q]]:
    """Mails as they leave: what opens for one person in one case, what waits in it, and the levels of an incident's ladder
    are one mail each, the others leave alone.

    In the order in which each one's first message came. One about several steps or gates is rendered as the notice
    `several`; what is said of one thing is what was said of it last. It leaves under their `shared_key`.
    """
    groups: dict[tuple[object, ...], list[Q]] = {}
    for each in queued:
        groups.setdefault(_group(each), []).append(each)
    return list(groups.values())


def _group(queued: Queued) -> tuple[object, ...]:
    notice, about = queued.payload.get("notice"), queued.payload.get("about") or {}
    to, case = queued.payload.get("to"), queued.case
    if queued.sensitive:
        return (queued.key,)
    if (notice == OPENED and about.get("step")) or (notice == "incident_escalated" and about.get("fell")):
        return notice, to, case
    if notice in WAITS and (about.get("step") or about.get("gate")):
        return "waits", to, case
    return (queued.key,)


def shared_key(queued: Iterable[Queued]) -> str:
    """One key for several messages; others give another key, so that none is lost as a repeat of a mail without it."""
    keys = "\n".join(sorted(each.key for each in queued))
    return f"several:{hashlib.sha256(keys.encode()).hexdigest()}"
