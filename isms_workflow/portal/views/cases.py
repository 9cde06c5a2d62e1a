"""Gates, and cases as documents: what an auditor reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.portal.views.forms import Action, Field, Problem
from isms_workflow.portal.views.lessons import Lessons
from isms_workflow.portal.views.obligations import ObligationLine
from isms_workflow.portal.views.parts import (
    Evidence,
    Fact,
    HistoryEntry,
    Link,
    Listing,
    Reference,
    Rung,
    Wait,
    Who,
)
from isms_workflow.portal.views.work import Comment, StepLine


@dataclass(frozen=True)
class CoveredStep:
    """A step that the gate decides on, with its files."""

    title: str
    url: str
    state: str
    owner: Who | None
    at: datetime | None  # done or waived
    evidence: tuple[Evidence, ...]
    comments: tuple[Comment, ...] = ()
    note: str = ""  # "waived by Dana Weber: …", "extended twice"
    changed: bool = False  # since the reader last looked
    entries: int = 0  # of an incident's lessons, which count beside files


@dataclass(frozen=True)
class Vote:
    """What one person answered, or hasn't yet."""

    who: Who
    state: str  # "approved", "returned", "rejected", "void", "waiting"
    at: datetime | None = None
    digest: str = ""  # what it was given on
    comment: str = ""


@dataclass(frozen=True)
class CarriedOver:
    """A waived step or unfinished follow-up at the ACT gate: carried over by name, or declined."""

    title: str
    reference: Reference
    why: str  # "waived on Tue 3 Mar: no supplier changed"
    state: str  # "undecided", "carried over", "declined"
    who: Who | None = None  # to whom
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Answer:
    """The decision form: one comment, three buttons. Posts `csrf`, `round`, `digest`, `comment`, `reopen`."""

    comment: Field  # named "comment"
    reopen: Field  # checkboxes named "reopen": the steps that a return reopens
    buttons: tuple[Action, ...]  # approve (main), return, reject; each says in `then` what happens


@dataclass(frozen=True)
class Round:
    """An earlier round of the gate."""

    round: int
    state: str
    at: datetime
    says: str  # "returned by Dana Weber: the SoA misses A.5.23"
    digest: str


@dataclass(frozen=True)
class Gate:
    """gate.html: what is decided on, by whom, until when, and what happens otherwise."""

    reference: Reference
    title: str  # "approve PLAN"
    state: str
    due: datetime | None
    settled: bool  # decided, lapsed: its due date no longer counts
    round: int
    digest: str  # of what is covered, 64 hex digits
    covers: str  # "6 steps, 9 files"
    steps: tuple[CoveredStep, ...]
    needed: str  # "2 of: ISMS manager, top management"
    excluded: str  # "nobody who did, evidenced or waived a step (M. Okafor, …)"
    votes: tuple[Vote, ...]
    ladder: tuple[Rung, ...]  # if nobody decides
    history: tuple[HistoryEntry, ...]
    seen: str = ""  # "1 file replaced since you last looked (Tue 3 Mar)"
    wait: Wait | None = None
    answer: Answer | None = None  # None: the reader can't decide it, `why_not` says why
    why_not: str = ""
    relaxed: str = ""  # the programme relaxes the separation of duties here, with this reason
    undecidable: str = ""  # the people in office can't reach the quorum: who would have to be named
    carried: tuple[CarriedOver, ...] = ()  # at ACT
    rounds: tuple[Round, ...] = ()
    actions: tuple[Action, ...] = ()  # after a lapse or reject: next round, restart, cancel
    lessons: Lessons | None = None  # of an incident: what the gate covers beside files
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class DecisionLine:
    """One gate's verdict in a case's document."""

    gate: Link
    round: int
    state: str
    at: datetime | None
    votes: tuple[Vote, ...]
    digest: str = ""


@dataclass(frozen=True)
class CasePhase:
    """A phase in a case's document."""

    title: str
    state: str
    steps: tuple[StepLine, ...]


@dataclass(frozen=True)
class Case:
    """case.html: everything about one case as a document that prints."""

    reference: Reference
    title: str
    state: str
    says: str  # beside the state
    facts: tuple[Fact, ...]
    phases: tuple[CasePhase, ...]
    decisions: tuple[DecisionLine, ...]
    evidence: tuple[Evidence, ...]
    history: tuple[HistoryEntry, ...]
    head: str = ""  # digest of the chain's head when this was made
    size: int = 0  # records in the chain at that instant
    wait: Wait | None = None
    exports: tuple[Link, ...] = ()
    lessons: Lessons | None = None  # of an incident
    reports: tuple[ObligationLine, ...] = ()  # of an incident, that acts, contracts and insurances ask for


@dataclass(frozen=True)
class CaseLine:
    """One case in the list of cases."""

    reference: Reference
    title: str
    kind: str  # "PDCA cycle"
    state: str
    wait: str  # "2 steps, the PLAN gate"; "" when it waits for nothing
    due: datetime | None  # the earliest thing it waits for
    changed: datetime


@dataclass(frozen=True)
class Cases:
    """cases.html: every case the reader may see."""

    cases: Listing[CaseLine]  # columns: reference, title, kind, state, waits for, due, changed
    actions: tuple[Action, ...] = ()
    title: str = "Cases"
