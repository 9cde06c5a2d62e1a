"""Dates that people type: days of the organisation's zone, instants of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta

from sqlalchemy import select

from isms_workflow.domain.calendars import instant_of, zone_of
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.times import FIRST_YEAR, LAST_YEAR, FarInstant, utc
from isms_workflow.store.database import Transaction
from isms_workflow.store.tables import organisation

AGE = f"of the years {FIRST_YEAR} to {LAST_YEAR}"
"""What lies further away can be typed, and is a date: whoever did reads why it isn't taken."""


def zone(tx: Transaction) -> str:
    """The organisation's zone."""
    return str(tx.execute(select(organisation.c.zone)).scalar_one())


def start_of_day(tx: Transaction, text: str, field: str) -> datetime | None:
    """The start of a local day; None for an empty field. Raises `Wrong`."""
    return _midnight(tx, text, field, days_on=0)


def end_of_day(tx: Transaction, text: str, field: str) -> datetime | None:
    """The end of a local day; None for an empty field. Raises `Wrong`."""
    return _midnight(tx, text, field, days_on=1)


def instant(text: str, zone: str, field: str) -> datetime | None:
    """The instant of a local date and time, as a browser sends it; None for an empty field. Of an hour that occurs twice it is
    the first. Raises `Wrong`, also for an hour that the clocks leave out.
    """
    if not text.strip():
        return None
    try:
        there = datetime.fromisoformat(text.strip())
        if there.tzinfo is None and "T" in text.strip().replace(" ", "T"):
            found = utc(instant_of(there.date(), there.time(), zone))
            if found.astimezone(zone_of(zone)).replace(tzinfo=None) == there:
                return found
            raise Wrong(field, text.replace("T", " "), f"the clocks in {zone} go forward then, and leave that time out: give another")
    except (ValueError, OverflowError, FarInstant):
        pass
    raise Wrong(field, text, f"give a date and a time {AGE}, such as 2026-03-12T14:00")


def hour(text: str, field: str) -> time | None:
    """Hours and minutes on the wall; None for an empty field. Raises `Wrong`."""
    if not text.strip():
        return None
    try:
        found = time.fromisoformat(text.strip().zfill(5))
        if found.tzinfo is None and len(text.strip()) <= 5:
            return found.replace(second=0, microsecond=0)
    except ValueError:
        pass
    raise Wrong(field, text, "give hours and minutes such as 22:00")


@contextmanager
def as_typed(text: str, field: str) -> Iterator[None]:
    """Whoever typed an instant reads their own words in what is wrong with it."""
    try:
        yield
    except Wrong as error:
        raise (Wrong(field, text.replace("T", " "), error.right) if error.field == field else error) from None


def _midnight(tx: Transaction, text: str, field: str, days_on: int) -> datetime | None:
    if not text.strip():
        return None
    try:
        day = datetime.strptime(text.strip(), "%Y-%m-%d").date()  # noqa: DTZ007  # a local date; its zone follows
        return utc(instant_of(day + timedelta(days=days_on), time(0), zone(tx)))
    except (ValueError, OverflowError, FarInstant):
        raise Wrong(field, text, f"give a date {AGE}, such as 2026-03-12") from None
