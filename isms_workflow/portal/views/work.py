"""The pages on which the work is done: My work, Cycle, step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.portal.views.forms import Action, Problem
from isms_workflow.portal.views.lessons import LessonEntry
from isms_workflow.portal.views.parts import Evidence, HistoryEntry, Link, Meter, Reference, Rung, Wait, Who


@dataclass(frozen=True)
class WorkItem:
    """One thing the reader owes or decides, on one row of My work."""

    title: str  # "Train personnel"
    url: str
    reference: Reference
    open: Link  # the button: "Review and decide", "Add evidence", "Open"
    due: datetime | None = None
    since: datetime | None = None
    said: str = ""  # "asked by M. Okafor", "needs: attendance list", "waits for: deploy controls"
    then: str = ""  # "escalates to top management"
    main: bool = False  # the one row whose button is the page's main action
    severity: str = ""  # of an incident


@dataclass(frozen=True)
class ReportLine:
    """One of the reader's reports, on My work."""

    link: Link  # reference, and the report's own page
    title: str
    state: str
    at: datetime


@dataclass(frozen=True)
class MyWork:
    """my_work.html: what do I owe, what waits for my decision, is the ISMS alive?"""

    decisions: tuple[WorkItem, ...]  # most urgent first
    owed: tuple[WorkItem, ...]  # most urgent first
    lately: str  # "3 this week"; "" when nothing
    history_url: str = ""
    reports: tuple[ReportLine, ...] = ()  # incidents that the reader reported
    next_up: str = ""  # said when nothing is owed: what comes next, and when
    late: Link | None = None  # to management: corrective actions that are overdue
    title: str = "My work"


@dataclass(frozen=True)
class StepLine:
    """One step, as a row of its phase's table."""

    title: str
    url: str
    state: str
    clause: str  # "7.2", "6.1.3 d)"
    owner: Who | None  # None: nobody holds the responsibility
    due: datetime | None = None  # None: its phase isn't open
    done_at: datetime | None = None  # done or waived
    files: int = 0
    waits_for: tuple[str, ...] = ()  # titles of steps not done yet
    note: str = ""  # "extended once", "reopened in round 2"


@dataclass(frozen=True)
class GateLine:
    """A phase's gate, as the last row of its table."""

    title: str  # "Gate: approve PLAN"
    url: str  # "" while it can't be opened yet
    state: str
    says: str  # "1 of 2 approvals; waits for Dana Weber"
    due: datetime | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True)
class Phase:
    """One phase with its steps and its gate."""

    key: str  # "plan"; the id of its section
    title: str  # "PLAN"
    state: str
    meter: Meter
    steps: tuple[StepLine, ...]
    gate: GateLine | None  # None: it goes on by itself
    says: str = ""  # "open since Mon 9 Mar, ends Thu 30 Apr", "opens when PLAN is approved"
    ahead: str = ""  # of steps not owed yet: when they will be, if not "when DO opens"


@dataclass(frozen=True)
class Missing:
    """A responsibility nobody holds: the cycle can't start before somebody does."""

    responsibility: str
    needed_for: str  # "conduct the risk assessment, and the PLAN gate"
    name: Link | None = None  # where somebody can be named, if the reader may


@dataclass(frozen=True)
class Cycle:
    """cycle.html: four phases, 24 steps, who and when."""

    reference: Reference
    state: str
    says: str  # beside the state: "started Mon 17 Nov 2025 · day 112"
    meter: Meter
    phases: tuple[Phase, ...]
    programme: Link  # the version it was started with
    wait: Wait | None = None
    missing: tuple[Missing, ...] = ()
    start: Action | None = None  # the main action of a planned cycle, or why not
    actions: tuple[Action, ...] = ()  # pause, resume, extend, cancel, restart a phase
    history_url: str = ""  # the case as a document
    earlier: tuple[Reference, ...] = ()
    problems: tuple[Problem, ...] = ()
    title: str = "Cycle"


@dataclass(frozen=True)
class Comment:
    """What somebody wrote on a step; part of what its gate decides on."""

    who: Who
    at: datetime
    text: str


@dataclass(frozen=True)
class StepLink:
    """Another step that this one depends on, or that depends on it."""

    title: str
    url: str
    state: str
    note: str = ""  # owner or due date


@dataclass(frozen=True)
class Step:
    """step.html: one step, what good looks like, and everything its owner can do."""

    reference: Reference
    title: str
    phase: str  # "DO"
    state: str
    clause: str  # "ISO/IEC 27001:2022, 7.2"
    responsibility: str
    owner: Who | None
    deputies: tuple[Who, ...]
    due: datetime | None
    settled: bool  # done or waived: its due date no longer counts
    effort: str  # "about 2 days"
    guidance: tuple[str, ...]  # lines, each a sentence or two
    example: str  # of evidence
    needs: str  # "at least 1 file: attendance list"; "" when none is required
    evidence: tuple[Evidence, ...]
    comments: tuple[Comment, ...]
    depends_on: tuple[StepLink, ...]
    leads_to: tuple[StepLink, ...]
    ladder: tuple[Rung, ...]
    history: tuple[HistoryEntry, ...]
    wait: Wait | None = None
    complete: Action | None = None  # the main action, or why not
    upload: Action | None = None
    comment: Action | None = None
    actions: tuple[Action, ...] = ()  # extend, reassign, waive, reopen
    entries: Link | None = None  # of an incident's lessons: what counts beside files, where it is written
    taught: tuple[LessonEntry, ...] = ()  # of the cycle's step that applies what was learned
    asks: bool = False  # whether it is that step
    onward: Link | None = None  # where it is seen to, if that isn't here
    frozen: str = ""  # "Approved with PLAN on Tue 10 Mar 2026: a correction reopens it by a recorded decision."
    about: str = ""  # what its case is called, where that isn't the cycle
    problems: tuple[Problem, ...] = ()
