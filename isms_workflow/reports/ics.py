"""Deadlines as a calendar to subscribe to (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from isms_workflow.domain.agenda import Entry

AGAIN = timedelta(minutes=30)
"""How often a calendar is asked to look again (RFC 7986, 5.7); most do so when they like."""


def calendar(name: str, entries: Iterable[Entry], url: str, now: datetime) -> bytes:
    """Each entry is an event at its instant, in UTC, that makes nobody busy; one with an end lasts until then.

    An entry keeps its UID, so that a calendar moves it rather than showing it twice.
    """
    found = Calendar()
    found.add("prodid", "-//isms-workflow//deadlines//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", name)
    found.add("refresh-interval", AGAIN, {"VALUE": "DURATION"})
    for entry in entries:
        event = Event()
        event.add("uid", f"{entry.id}@isms-workflow")
        event.add("dtstamp", now)
        event.add("dtstart", entry.starts)
        if entry.ends is not None:
            event.add("dtend", entry.ends)
        event.add("summary", entry.says)
        event.add("url", f"{url}{entry.path}")
        event.add("transp", "TRANSPARENT")
        found.add_component(event)
    return bytes(found.to_ical())
