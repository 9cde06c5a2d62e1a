"""Drafts of reports, as Markdown: an incident's facts in, a text out that somebody checks, completes and sends.

    text = draft(record, standing, facts, organisation, drafted_at)

A stage has a template of its own (`templates/{regime}.{stage}.md`), or `stage.md`, which has a heading for everything
that the programme says the report contains: so a contract's file gets a draft as well. What the record doesn't know says
so in bold. Whatever people wrote is escaped: it can't make headings, links or HTML of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from isms_workflow.domain.conditions import Asked, Facts
from isms_workflow.domain.judging import asked_of
from isms_workflow.domain.limits import current
from isms_workflow.domain.obligations import Standing
from isms_workflow.domain.periods import said
from isms_workflow.domain.systems import DATA
from isms_workflow.domain.times import utc
from isms_workflow.programme.obligations import EVENTS, HINTS, SUBMITTED, Organisation

MISSING = "to be written"
"""What stands in bold where somebody has to write."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&!])")
_LEADING = re.compile(r"^(\d*)([-+=.)])")
"""What would begin a list or underline a heading."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A system of the register that the incident affects; `data` holds words of `domain.systems.DATA`."""

    name: str
    data: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened or was done, at an instant."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """What the incident's record says. `timeline` is in order; `measures` are what was done against it; `late_because` are the
    reasons that were given as the report was submitted late.
    """

    reference: str
    title: str
    description: str
    category: str
    severity: str
    reported_at: datetime
    occurred_at: datetime | None = None
    systems: tuple[Affected, ...] = ()
    timeline: tuple[Entry, ...] = ()
    measures: tuple[Entry, ...] = ()
    sender: str = ""
    contact: str = ""
    late_because: str = ""


class Written(str):
    """Text that is Markdown already."""

    __slots__ = ()


def draft(record: Record, standing: Standing, facts: Facts, organisation: Organisation, drafted_at: datetime) -> str:
    """The draft of the report that a standing asks for, as Markdown ending in a line break. Instants in the zone of the
    place where the act is due. Raises `NaiveInstant`.
    """
    found = standing.obligation
    names = _environment().list_templates()
    template = next(name for name in (f"{found.id}.md", "stage.md") if name in names)
    text = _environment().get_template(template).render(
        record=record, standing=standing, stage=found.stage, regime=found.regime, drafted_at=utc(drafted_at),
        happened=_happened(facts, standing), answers=_answers(asked_of(found.regime, facts, organisation, standing.zone)),
        data=_data(record), missing=Written(f"**{MISSING}**"), moment=lambda instant: Written(said(instant, standing.zone)))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _happened(facts: Facts, standing: Standing) -> Mapping[str, datetime]:
    """When each kind of event happened that concerns the report, submissions aside: what began the stage as it is counted from,
    of every other the first since it began anew. That the incident became known is of no round.
    """
    found = standing.obligation
    known, starts = current(found.regime, found.stage, facts), found.stage.starts.event
    events = {kind: (facts if kind in HINTS else known).happened(kind, found.id) for kind in EVENTS if kind != SUBMITTED}
    return {kind: standing.started_at if kind == starts and standing.started_at else those[0].at
            for kind, those in events.items() if those}


def _answers(asked: Asked) -> tuple[tuple[str, str], ...]:
    """What was answered to each of the regime's questions."""
    words = {True: "yes", False: "no", None: "open"}
    return tuple((each.question, words[asked.answer(each.id).value]) for each in asked.regime.questions)


def _data(record: Record) -> tuple[str, ...]:
    """The kinds of data that the affected systems hold, each once, in words."""
    return tuple(DATA.get(each, each) for each in dict.fromkeys(kind for system in record.systems for kind in system.data))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    found = Environment(loader=PackageLoader("isms_workflow.reports"), autoescape=False, trim_blocks=True,  # noqa: S701 - no HTML
                        lstrip_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined, finalize=escaped)
    found.filters["quoted"] = quoted
    found.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    return found


def escaped(value: Any) -> Any:
    """Text of people's own on one line, in which no character means anything to Markdown."""
    if isinstance(value, Written) or not isinstance(value, str):
        return value
    return _LEADING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", " ".join(value.split())))


def quoted(text: str) -> Written:
    """Text of people's own in several lines, each quoted; bold that it is missing if it is."""
    lines = [escaped(line) for line in text.strip().splitlines()]
    return Written("\n".join(f"> {line}".rstrip() for line in lines) or f"**{MISSING}**")
