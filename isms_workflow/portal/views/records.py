"""What is kept and what runs: evidence, audit, programme, system, mail, and the pages for when things go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from isms_workflow.portal.views.forms import Action, Problem
from isms_workflow.portal.views.parts import (
    Empty,
    Evidence,
    Fact,
    HistoryEntry,
    Link,
    Listing,
    Reference,
    Who,
)


@dataclass(frozen=True)
class EvidencePage:
    """evidence.html: every file the reader may see."""

    files: Listing[Evidence]  # columns: file, belongs to, label, size, digest, added, last checked
    title: str = "Evidence"


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement of the chain's size and head."""

    size: int
    head: str
    at: datetime
    left: str  # where it went: "digest to 3 people, checkpoints.jsonl"; "" when it hasn't left yet


@dataclass(frozen=True)
class Access:
    """One line of the access log."""

    at: datetime
    who: Who
    resource: str
    action: str
    state: str  # "granted", "denied"


@dataclass(frozen=True)
class Audit:
    """audit.html: the chain and its checkpoints, or (on its own tab) the access log."""

    tab: Literal["chain", "access"]
    chain_url: str
    access_url: str
    state: str  # "verified", "broken", "not verified"
    says: str  # "48,211 records verified Mon 9 Mar 2026 02:00 CET in 0.8 s"
    facts: tuple[Fact, ...]
    records: Listing[HistoryEntry] | None = None  # columns: sequence, when, who, what, digest
    checkpoints: tuple[Checkpoint, ...] = ()
    access: Listing[Access] | None = None  # columns: when, person, resource, action, answer
    verify: Action | None = None
    exports: tuple[Link, ...] = ()
    title: str = "Audit"


@dataclass(frozen=True)
class ProgrammeVersion:
    """A version of the programme that was in force."""

    digest: str
    since: datetime
    by: Who
    state: str  # "in force", "superseded"
    link: Link | None = None


@dataclass(frozen=True)
class ProgrammeFile:
    """One file of the version shown, whole."""

    name: str
    text: str


@dataclass(frozen=True)
class DiffLine:
    """One line of a difference."""

    sign: Literal["+", "-", " ", "@"]
    text: str


@dataclass(frozen=True)
class Programme:
    """programme.html: the version in force, its text, and what would change."""

    state: str
    says: str
    facts: tuple[Fact, ...]
    files: tuple[ProgrammeFile, ...]
    versions: tuple[ProgrammeVersion, ...]
    diff: tuple[DiffLine, ...] = ()  # folder against the version in force, or version against version
    diff_says: str = ""
    faults: tuple[str, ...] = ()  # what `isms programme check` says of the folder
    apply: Action | None = None
    title: str = "Programme"


@dataclass(frozen=True)
class Service:
    """One process of this installation."""

    name: str
    state: str  # "up", "starting", "late", "down"
    seen: datetime | None  # its last sign of life
    lateness: str  # "median 8 ms, p99 31 ms"; "" when it has none
    says: str = ""


@dataclass(frozen=True)
class DeadlineLine:
    """A deadline that is late, set aside, or next."""

    reference: Reference
    what: str  # "escalate: train personnel"
    due: datetime
    state: str  # "armed", "late", "set aside"
    says: str = ""  # the error it was set aside with
    again: Action | None = None


@dataclass(frozen=True)
class OutboxChannel:
    """One channel of the outbox."""

    name: str
    state: str  # "up", "paused", "down"
    queued: int
    sent_today: int
    oldest: datetime | None
    says: str = ""


@dataclass(frozen=True)
class DeadLetter:
    """A message that was refused."""

    key: str
    channel: str
    what: str  # subject, never a body
    to: str
    refused: datetime
    says: str  # the refusal
    again: Action | None = None  # "Send again"


@dataclass(frozen=True)
class System:
    """system.html: the operator's page."""

    state: str
    says: str
    services: tuple[Service, ...]
    deadlines: tuple[DeadlineLine, ...]
    deadlines_say: str  # "1,204 armed, next Mon 9 Mar 17:00"
    outbox: tuple[OutboxChannel, ...]
    dead: tuple[DeadLetter, ...]
    findings: tuple[str, ...] = ()  # the watchdog's: waits without an end, deadlines nobody took
    facts: tuple[Fact, ...] = ()  # version, database, schema, data folder, disk
    links: tuple[Link, ...] = ()  # Prefect UI, mail written as files
    problems: tuple[Problem, ...] = ()
    title: str = "System"


@dataclass(frozen=True)
class MailLine:
    """A mail written as a file because no server is configured. Those with links that sign in are never shown."""

    at: datetime
    to: str
    subject: str
    text: str
    reference: Reference | None = None


@dataclass(frozen=True)
class Mail:
    """mail.html: what would have been sent."""

    says: str  # "No SMTP server is configured: mails are written to data/mail. 4 with sign-in links aren't shown."
    mails: tuple[MailLine, ...]
    empty: Empty
    title: str = "Mail"


@dataclass(frozen=True)
class Fault:
    """error.html: what, where, what next, and a reference that the operator finds in the log."""

    title: str  # "That step isn't yours"
    what: str
    where: str
    next: str
    code: int
    reference: str
    links: tuple[Link, ...] = ()
    typed: tuple[Fact, ...] = ()  # what was sent with the form, so that it isn't lost


@dataclass(frozen=True)
class Clash:
    """One field of a stale form."""

    label: str
    yours: str
    now: str


@dataclass(frozen=True)
class Stale:
    """stale.html: somebody was quicker; what was typed, and what is there now."""

    reference: Reference
    says: str  # "Dana Weber extended this step at 14:02, after you opened the form."
    clashes: tuple[Clash, ...]
    again: Action | None  # posts what was typed, on the version that is there now; None: no longer possible
    back: Link  # "Keep what is there"
    title: str = "Somebody was quicker"
