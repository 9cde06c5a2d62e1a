"""A believable organisation on Monday 9 March 2026: who is there, and what surrounds the pages they read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from isms_workflow.portal import views as v
from isms_workflow.portal.surroundings import SECTIONS

NOW = datetime(2026, 3, 9, 9, 30, tzinfo=UTC)
ZONE = "Europe/Berlin"


def at(days: float, hour: int = 8, minute: int = 12) -> datetime:
    """An instant that many days from now, at this hour of UTC."""
    return (NOW + timedelta(days=days)).replace(hour=hour, minute=minute)


def digest(text: str) -> str:
    """A SHA-256 as it looks on pages."""
    return sha256(text.encode()).hexdigest()


MIRIAM = v.Who("Miriam Okafor", "/people/1")  # ISMS manager
DANA = v.Who("Dana Weber", "/people/2")  # top management
ARON = v.Who("Aron Novak", "/people/3")  # control owner
LUCIA = v.Who("Lucía Prado", "/people/4")  # human resources
TOMAS = v.Who("Tomas Lindqvist", "/people/5")  # internal auditor
INES = v.Who("Ines Haddad", "/people/6")  # risk owner
PIET = v.Who("Piet de Vries", "/people/7")  # process owner
SOFIA = v.Who("Sofia Marchetti", "/people/8")  # asset owner
YOU = v.Who("Ines Haddad", "/people/6", you=True)
CLOCK = v.Who("the clock")

CYCLE = v.Reference("PDCA-2026-0001", "/cycles/PDCA-2026-0001", "ISMS cycle 2026")
RISK = v.Reference("RSK-2026-0017", "/cases/RSK-2026-0017", "Backup restore untested", label="confidential")
FOLLOW_UP = v.Reference("CAP-2026-0003", "/cases/CAP-2026-0003", "Shared accounts on the line")


def frame(current: str = "", **changes: object) -> v.Frame:
    """What surrounds a page that Ines reads on Monday morning, in a menu with every section that there is."""
    rows = tuple(tuple(v.MenuEntry(label, url, label == current) for label, url, _ in section) for section in SECTIONS)
    menu = tuple(replace(row[0], current=any(each.current for each in row)) for row in rows)
    inside = next((row for row in rows if len(row) > 1 and any(each.current for each in row)), ())
    whole = v.Frame(
        NOW, ZONE, "Halden Instruments", "csrf-of-this-session", v.Link("Ines Haddad", "/people/6"), menu,
        v.Alive("alive", "9 of 24 steps done · DO · day 112"),
        within=inside, report=v.Link("Report an incident", "/incidents/report"), search_url="/search", events_url="/events",
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


OUTSIDE = v.Frame(NOW, ZONE, "Halden Instruments", "csrf-before-sign-in")
FIRST_RUN = replace(OUTSIDE, organisation="")


def file(name: str, size: int, by: v.Who, when: datetime, **more: object) -> v.Evidence:
    """A file as evidence, its digest made from its name."""
    return v.Evidence(name, f"/evidence/{digest(name)[:8]}", digest(name), size, by, when, **more)  # type: ignore[arg-type]


def entry(sequence: int, when: datetime, who: v.Who, what: str, **more: object) -> v.HistoryEntry:
    """A record of the history, its digest made from its number."""
    return v.HistoryEntry(when, who, what, sequence, digest(str(sequence)), **more)  # type: ignore[arg-type]


def columns(*labels: str, numeric: str = "") -> tuple[v.Column, ...]:
    """Heads, the first of them sorted by, the others sortable."""
    return tuple(
        v.Column(each, f"?sort={each.lower()}", "descending" if each == labels[0] else "", each == numeric)
        for each in labels
    )
