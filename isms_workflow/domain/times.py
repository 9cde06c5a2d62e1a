"""Instants: aware, UTC, microseconds. Time is an argument; nothing here asks what time it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from isms_workflow.errors import IsmsError


class NaiveInstant(IsmsError):
    """An instant without a zone stood at a boundary."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return f"{self.value} has no time zone: an instant is given with one, e.g. {self.value}+00:00."


FIRST_YEAR, LAST_YEAR = 1900, 2999
"""What lies further away is nobody's instant, and near the ends of the calendar some zones couldn't show it."""


class FarInstant(IsmsError):
    """An instant of another age stood at a boundary."""

    status = 422

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return f"{self.value} can't be meant: give an instant of the years {FIRST_YEAR} to {LAST_YEAR}."


@dataclass(frozen=True, slots=True)
class When:
    """Two instants, aware, UTC: what the record says, and when a process got round to it."""

    happened: datetime
    noticed: datetime

    @classmethod
    def at(cls, now: datetime) -> When:
        """Something that a person does now: it happened when it was noticed."""
        return cls(utc(now), utc(now))


def utc(value: datetime) -> datetime:
    """The same instant in UTC. Raises `NaiveInstant` if `value` has no zone, `FarInstant` if it is of another age."""
    if value.tzinfo is None:
        raise NaiveInstant(value.isoformat())
    try:
        found = value if value.tzinfo is UTC else value.astimezone(UTC)
    except OverflowError:
        raise FarInstant(value.isoformat()) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise FarInstant(value.isoformat())
    return found


@lru_cache(maxsize=4096)
def iso(value: datetime) -> str:
    """RFC 3339 in UTC with microseconds and `Z`, e.g. `2026-03-12T13:00:00.000000Z`."""
    return utc(value).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_iso(text: str) -> datetime:
    """The instant that `iso` wrote. Raises `NaiveInstant` if the text names no zone."""
    return utc(datetime.fromisoformat(text))
