"""Incidents: the list, the report and its own page, and one incident whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.portal.views.forms import Action, Problem
from isms_workflow.portal.views.lessons import Lessons
from isms_workflow.portal.views.obligations import ObligationLine
from isms_workflow.portal.views.parts import (
    Empty,
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
from isms_workflow.portal.views.tellings import TellingLine
from isms_workflow.portal.views.work import Phase


@dataclass(frozen=True)
class IncidentLine:
    """One incident in the list."""

    reference: Reference
    title: str
    severity: str  # "critical"
    state: str
    category: str  # "Phishing or another deceit"
    reported: datetime
    due: datetime | None  # until when somebody has to be at it; None once somebody is, or while it stands still
    said: str  # where there is no date: "answered in time", "2 hours late", "paused until …"
    who: tuple[Who, ...]  # who sees to it; nobody yet if empty
    is_exercise: bool = False
    has_ended: bool = False  # nobody has to see to it any more


@dataclass(frozen=True)
class Incidents:
    """incidents.html: every incident that the reader may see."""

    incidents: Listing[IncidentLine]  # columns: reference, title, severity, state, category, reported, response, who
    report: Link
    title: str = "Incidents"
    more: tuple[Link, ...] = ()  # what else there is about all of them


@dataclass(frozen=True)
class Acknowledge:
    """acknowledge.html: the page behind a link in a mail. Without `form` it is done, or the link is spent: `says` which."""

    reference: str  # "" where no such link is known
    severity: str
    subject: str  # the incident's title; "" for whoever may not see it
    form: Action | None
    until: datetime | None
    says: str
    onward: Link  # to the incident itself, by way of the sign-in page
    is_exercise: bool = False
    title: str = "Acknowledge an incident"


@dataclass(frozen=True)
class ReportForm:
    """report.html: what happened, told in a minute."""

    report: Action | None  # the main action; None where the programme knows no incidents, `why_not` says so
    why_not: str = ""
    problems: tuple[Problem, ...] = ()
    title: str = "Report an incident"


@dataclass(frozen=True)
class ImportForm:
    """import.html: incidents of another register, from files."""

    take: Action | None  # None where the programme doesn't say how they are read, `why_not` says so
    why_not: str = ""
    problems: tuple[Problem, ...] = ()
    title: str = "Import incidents"


@dataclass(frozen=True)
class Report:
    """reported.html: what its reporter said, and how it stands; nothing else of the case."""

    reference: str
    title: str
    state: str
    says: str  # "The response team has been told …"
    description: str
    facts: tuple[Fact, ...]  # reported, category, systems, began, exercise
    incident: Link | None = None  # for a reporter who may see the incident itself
    files: tuple[Evidence, ...] = ()  # that they sent with it, or later
    no_files: Empty | None = None  # what is said where there are none
    attach: Action | None = None  # more of them; None after the incident's end
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Word:
    """Somebody's word that they see to it, or a pause."""

    who: Who
    since: datetime
    until: datetime | None  # a word: when they are asked after it; a pause: when it ends by itself
    why: str = ""


@dataclass(frozen=True)
class Relation:
    """Another incident that this one has to do with."""

    how: str  # "Merged from", "Follows"; "" of a likely duplicate
    reference: Reference | None  # None: it isn't shown to the reader
    at: datetime | None = None
    merge: str = ""  # of a likely duplicate: where the form to merge stands filled in


@dataclass(frozen=True)
class Incident:
    """incident.html: one incident, who sees to it, and what may be done about it."""

    reference: Reference
    title: str
    state: str
    severity: str
    why: str  # "Rule 4 of the programme: data is personal …"
    response: str  # "somebody has to be at it", "answered in time"
    due: datetime | None  # the response clock; None while it stands still, or once it was met
    description: str
    facts: tuple[Fact, ...]
    systems: tuple[Link, ...]
    phases: tuple[Phase, ...]  # the response and its lessons
    ladder: tuple[Rung, ...]  # who is told next, and when, if nobody acts
    history: tuple[HistoryEntry, ...]
    word: Word | None = None
    pause: Word | None = None
    wait: Wait | None = None
    occurrences: int = 0
    relations: tuple[Relation, ...] = ()
    alike: tuple[Relation, ...] = ()  # likely duplicates that are open
    main: Action | None = None
    actions: tuple[Action, ...] = ()
    document: str = ""  # the case as a document
    downloads: tuple[Link, ...] = ()  # the same in formats that are sent as files
    drill: str = ""  # of an exercise: how it went
    told: tuple[TellingLine, ...] = ()  # the newest messages to people about it
    all_told: Link | None = None  # to all of them, with every attempt
    is_exercise: bool = False
    lessons: Lessons | None = None
    led_to: tuple[Reference, ...] = ()  # the corrective actions that it led to
    problems: tuple[Problem, ...] = ()
    reports: tuple[ObligationLine, ...] = ()  # that are owed, may be, or were submitted
    reports_url: str = ""  # where they are seen to; empty: the incident has none
    unanswered: str = ""  # what isn't known of them yet, as a sentence
    files: tuple[Evidence, ...] = ()  # that came with the report, or were attached to it later
    no_files: Empty | None = None  # what is said where there are none
    attach: Action | None = None  # to whoever reported it, while it is open
    onward: Link | None = None  # the step or gate that is owed now


@dataclass(frozen=True)
class DrillLine:
    """One thing that happened in an exercise: a mail, an answer, a level."""

    at: datetime
    what: str  # "level 2", "acknowledged by mail"
    said: str  # "left after 1 minute", "2 hours after the report"
    who: Who | None = None


@dataclass(frozen=True)
class Drill:
    """drill.html: how an exercise went, from its history."""

    reference: Reference
    subject: str  # the incident's title
    reported: datetime
    told: tuple[DrillLine, ...]
    answers: tuple[DrillLine, ...]
    levels: tuple[DrillLine, ...]
    missed: tuple[str, ...]  # sentences; none: all went as it should
    title: str = "How the exercise went"


@dataclass(frozen=True)
class Picture:
    """A chart, made on the server."""

    title: str
    url: str
    says: str  # for whoever doesn't see it


@dataclass(frozen=True)
class StatisticsLine:
    """The incidents of a severity in a month."""

    month: str  # "2026-03"
    severity: str
    count: int
    missed: int
    times: tuple[str, ...]  # "40 minutes; 2 hours": median and 90th percentile of each measure


@dataclass(frozen=True)
class Statistics:
    """statistics.html: how quickly incidents are answered."""

    figures: Listing[StatisticsLine]  # columns: month, severity, incidents, missed, and each measure
    charts: tuple[Picture, ...] = ()  # none while there is nothing to draw
    title: str = "Incident statistics"


@dataclass(frozen=True)
class BoardColumn:
    """The incidents in one state, the gravest first."""

    state: str
    count: int
    lines: tuple[IncidentLine, ...]
    rest: Link | None = None  # the list, where there are more than fit


@dataclass(frozen=True)
class Board:
    """board.html: the incidents that are open, by state."""

    columns: tuple[BoardColumn, ...]
    empty: Empty | None = None  # in place of the columns while nothing is open
    more: tuple[Link, ...] = ()
    title: str = "Open incidents"
