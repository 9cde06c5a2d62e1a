"""How instants and names read in a mail: absolute in the reader's zone, with the relative beside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta

from isms_workflow.domain.calendars import zone_of
from isms_workflow.domain.times import utc

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
_SPACES = re.compile(r"\s+")


def day(at: datetime, zone: str) -> str:
    """`Thu 12 Mar 2026`, in English whatever the process's locale. Raises `UnknownZone`, `NaiveInstant`."""
    there = utc(at).astimezone(zone_of(zone))
    return f"{_DAYS[there.weekday()]} {there.day} {_MONTHS[there.month - 1]} {there.year}"


def instant(at: datetime, zone: str) -> str:
    """`Thu 12 Mar 2026 14:00 CET`; a zone without letters is named by its offset, `UTC+05`."""
    there = utc(at).astimezone(zone_of(zone))
    name = there.tzname() or zone
    return f"{day(at, zone)} {there:%H:%M} {f'UTC{name}' if name[0] in '+-' else name}"


def span(length: timedelta) -> str:
    """The whole days, or hours, or minutes of it: `3 days`, `1 hour`, `moments`.

    Rounded down, so that nobody is told of more time than there is.
    """
    minutes = int(length.total_seconds()) // 60
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if count := minutes // size:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "moments"


def until(at: datetime, now: datetime) -> str:
    """How far off something due is: `in 3 days`, `due now`, `2 days late`."""
    if at > now:
        return f"in {span(at - now)}"
    return "due now" if now - at < timedelta(minutes=1) else f"{span(now - at)} late"


def ago(at: datetime, now: datetime) -> str:
    """How long ago something was: `3 days ago`, `just now`; `in 3 days` if it is still ahead."""
    if at > now:
        return f"in {span(at - now)}"
    return "just now" if now - at < timedelta(minutes=1) else f"{span(now - at)} ago"


def listed(names: Sequence[str]) -> str:
    """`Dana Weber`, `Dana Weber and Aron Novak`, `a, b and c`; of none, `nobody`."""
    if len(names) < 2:
        return names[0] if names else "nobody"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def one_line(text: str) -> str:
    """The text in one line, without control characters and without marks that turn the reading direction round.

    So a name can neither begin a header of its own nor make a sentence read as another one.
    """
    return _SPACES.sub(" ", "".join(c for c in text if c.isspace() or not _is_unseen(c))).strip()


def lines(text: str) -> str:
    """Free text of several lines, each cleaned as `one_line` does; blank ones at the ends are dropped."""
    return "\n".join(one_line(line) for line in text.strip().splitlines())


def _is_unseen(character: str) -> bool:
    turns_round = unicodedata.bidirectional(character) in _TURNING
    return turns_round or unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn")
