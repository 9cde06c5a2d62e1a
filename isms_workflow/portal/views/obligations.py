"""Reports that acts, contracts and insurances ask for: of one incident, and all that run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.portal.views.forms import Action, Problem
from isms_workflow.portal.views.parts import Empty, Evidence, HistoryEntry, Link, Listing, Reference, Who


@dataclass(frozen=True)
class ObligationLine:
    """One report, and how it stands."""

    id: str  # "gdpr.notification"
    title: str
    article: str  # "GDPR, Art. 33(1)"
    recipient: str
    state: str  # "running", "open", "not started", "submitted", "waived", …
    why: tuple[str, ...]  # sentences
    act_by: datetime | None = None
    latest: datetime | None = None
    is_counting: bool = False  # it waits: instants are shown with what is left
    is_late: bool = False  # the latest lawful instant has passed
    counted: tuple[str, ...] = ()  # how the instants came about, a line each
    reason: str = ""  # of a decision, or of a late submission
    files: tuple[Evidence, ...] = ()  # the reports as they were submitted
    draft: str = ""  # where a draft of it stands


@dataclass(frozen=True)
class Said:
    """An answer or an instant that was recorded."""

    what: str
    answer: str  # "yes", "Mon 9 Mar 2026 09:00 CET"
    who: Who
    at: datetime  # when it was recorded


@dataclass(frozen=True)
class Obligations:
    """obligations.html: which reports of one incident are owed, by when, and what has been said about them."""

    reference: Reference
    subject: str  # the incident's title
    owed: tuple[ObligationLine, ...]  # running, the next to act on first
    open: tuple[ObligationLine, ...]  # it isn't known whether they apply, or what they wait for hasn't happened
    settled: tuple[ObligationLine, ...]  # submitted, waived, replaced, ended
    others: tuple[ObligationLine, ...]  # don't apply, and why
    said: tuple[Said, ...]
    history: tuple[HistoryEntry, ...]
    step: Link | None = None  # the step of questions
    questions_due: datetime | None = None  # while a question is unanswered
    unanswered: str = ""  # what isn't known yet, as a sentence
    main: Action | None = None
    actions: tuple[Action, ...] = ()
    empty: Empty | None = None  # the incident has no reports at all, and why
    problems: tuple[Problem, ...] = ()
    rests: str = ""  # why nobody is asked any more, of an incident that has ended with questions open
    title: str = "Obligations to report"


@dataclass(frozen=True)
class RunningLine:
    """One report that runs, in the list over all incidents."""

    reference: Reference
    report: Link
    article: str
    recipient: str
    act_by: datetime | None
    latest: datetime | None


@dataclass(frozen=True)
class Running:
    """running_obligations.html: every report that runs, of whatever incident the reader sees."""

    reports: Listing[RunningLine]  # columns: incident, report, after, to, act by, latest lawful
    title: str = "Reports that run"


@dataclass(frozen=True)
class DraftPage:
    """draft.html: a draft of one report, to copy, and as files."""

    reference: Reference
    back: Link
    text: str
    files: tuple[Link, ...]
    title: str
