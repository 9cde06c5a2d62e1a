"""Who is on call, now and in the next weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.portal.views.forms import Action, Problem
from isms_workflow.portal.views.parts import Empty, HistoryEntry, Who


@dataclass(frozen=True)
class Duty:
    """One shift, or a time in which nobody is on call."""

    rotation: str  # its title
    since: datetime
    until: datetime
    who: Who | None  # None: nobody
    instead_of: Who | None = None  # whose turn it would be
    end: Action | None = None  # ends a cover early
    layer: str = ""  # whose turns these are, where a layer goes before the others


@dataclass(frozen=True)
class Place:
    """Somebody's place in the order of turns."""

    who: Who
    up: Action | None = None
    down: Action | None = None


@dataclass(frozen=True)
class Row:
    """All who take turns in a rotation, or in one of its layers."""

    title: str
    says: str  # "Incident responders take turns of 7 days, handed over at 09:00 (Europe/Vienna), on Saturday …"
    order: tuple[Place, ...]


@dataclass(frozen=True)
class Turns:
    """One rotation: who is on call now and next, its calendar, its gaps, its layers with the order of turns, how to cover."""

    id: str
    title: str
    says: str  # "Incident responders take turns of 7 days, handed over at 09:00 (Europe/Vienna)."
    now: Duty
    then: Duty | None
    calendar: tuple[Duty, ...]  # of the next four weeks
    gaps: tuple[str, ...]  # sentences
    cover: Action | None = None
    later: tuple[Duty, ...] = ()  # covers after the calendar's end, or the rest of one that goes on
    rows: tuple[Row, ...] = ()  # the highest layer first; the turns that are always on, last
    unable: tuple[str, ...] = ()  # sentences about people in it who may not answer an incident


@dataclass(frozen=True)
class OnCall:
    """on_call.html: every rotation, and the reader's own shifts."""

    rotations: tuple[Turns, ...]
    mine: tuple[Duty, ...]
    history: tuple[HistoryEntry, ...] = ()  # of who covered for whom
    empty: Empty | None = None  # the programme has no rotation
    problems: tuple[Problem, ...] = ()
    title: str = "On call"
