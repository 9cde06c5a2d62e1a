"""Who was told, by which way, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.portal.views.parts import Reference, Who


@dataclass(frozen=True)
class TellingLine:
    """One message to one person."""

    decided: datetime
    who: Who
    what: str  # "the report", "level 2"
    by: str  # "mail", or a way of the settings
    state: str  # sent, delivered, failed, not sent, held, retrying, queued
    at: datetime | None  # when that was; of a held one until when
    says: str  # why, or what the receiver answered


@dataclass(frozen=True)
class TellingTry:
    """One attempt that failed, or several that did so alike."""

    who: Who
    what: str
    by: str
    at: datetime  # the first
    often: str  # "once", "12 times, the last Mon 9 Mar 2026 12:00 CET"
    says: str


@dataclass(frozen=True)
class Tellings:
    """told.html: everybody who was told of an incident."""

    reference: Reference
    told: tuple[TellingLine, ...]
    failed: tuple[TellingTry, ...] = ()
    title: str = "Who was told"
