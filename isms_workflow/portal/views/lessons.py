"""What an incident teaches, as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.portal.views.forms import Action
from isms_workflow.portal.views.parts import Reference, Who


@dataclass(frozen=True)
class Moment:
    """One line of the timeline: made from a transition, or added by somebody."""

    at: datetime
    who: Who
    text: str
    is_added: bool = False


@dataclass(frozen=True)
class LessonEntry:
    """What somebody wrote down, and what became of it."""

    text: str
    who: Who
    at: datetime
    depth: int = 0  # of a cause: how many others stand above it
    is_root: bool = False  # of a cause: no other explains it
    state: str = ""  # "undecided", "corrective action", "declined"; "" of what isn't asked of
    action: Reference | None = None  # the corrective action that it became, if the reader may see it
    reason: str = ""  # why it was declined
    source: Reference | None = None  # its incident, where the page isn't that one's
    forms: tuple[Action, ...] = ()  # take it up, decline it


@dataclass(frozen=True)
class Lessons:
    """Everything that was learned from one incident."""

    timeline: tuple[Moment, ...]
    well: tuple[LessonEntry, ...]
    improve: tuple[LessonEntry, ...]
    causes: tuple[LessonEntry, ...]  # each after what it explains
    items: tuple[LessonEntry, ...]
    forms: tuple[Action, ...] = ()  # add an entry, withdraw one
