"""Corrective actions: the list, opening one, and one whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.portal.views.forms import Action, Problem
from isms_workflow.portal.views.parts import Fact, HistoryEntry, Link, Listing, Reference, Rung, Wait, Who
from isms_workflow.portal.views.work import Phase


@dataclass(frozen=True)
class ActionLine:
    """One corrective action in the list."""

    reference: Reference
    title: str
    gravity: str
    state: str
    owner: Who
    opened: datetime
    due: datetime | None  # the next of what it waits for; None once it has ended
    source: Reference | None  # the incident it comes from, if the reader may see it
    says: str  # "round 2", "checked on …"


@dataclass(frozen=True)
class Actions:
    """actions.html: every corrective action that the reader may see."""

    actions: Listing[ActionLine]  # columns: reference, title, gravity, state, owner, due, opened, from
    open: Link | None  # to open one by hand, if the reader may
    title: str = "Corrective actions"


@dataclass(frozen=True)
class ActionForm:
    """action_form.html: a corrective action is opened by hand."""

    open: Action | None  # the main action; None where the reader may not, or the programme knows none: `why_not`
    why_not: str = ""
    problems: tuple[Problem, ...] = ()
    title: str = "Open a corrective action"


@dataclass(frozen=True)
class Verdict:
    """What one effectiveness check found."""

    round: int
    state: str  # "effective", "not effective"
    who: Who
    at: datetime
    reason: str


@dataclass(frozen=True)
class CorrectiveAction:
    """action.html: one corrective action, what is owed for it, and whether it was effective."""

    reference: Reference
    title: str
    state: str
    gravity: str
    says: str  # beside the state: "round 2", "checked on Mon 9 Mar 2026"
    description: str
    owner: Who
    facts: tuple[Fact, ...]
    phases: tuple[Phase, ...]
    verdicts: tuple[Verdict, ...]
    history: tuple[HistoryEntry, ...]
    wait: Wait | None = None
    ladder: tuple[Rung, ...] = ()  # what happens to the case itself: its check, management's reminders
    source: Reference | None = None
    has_source: bool = False  # it comes from a case, perhaps one that isn't shown to the reader
    main: Action | None = None
    actions: tuple[Action, ...] = ()
    document: str = ""
    problems: tuple[Problem, ...] = ()
