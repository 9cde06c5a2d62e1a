"""What every page shows around its content, whatever the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from isms_workflow.portal.views.parts import Link, Tone


@dataclass(frozen=True)
class MenuEntry:
    """A section of the menu, or one entry of a section: a page that exists and that the reader's access role may see."""

    label: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class Alive:
    """The status line: "ISMS alive ● 9 of 24 steps done · DO · day 112"."""

    state: str  # "alive", "late", "paused", "planned": one of `looks.LOOKS`
    says: str  # "9 of 24 steps done · DO · day 112"
    url: str = "/cycle"


@dataclass(frozen=True)
class Flash:
    """What the last action did, said once."""

    tone: Tone
    says: str
    link: Link | None = None


@dataclass(frozen=True)
class Frame:
    """The request's surroundings: instant, reader, menu. Without a reader there is no menu."""

    now: datetime  # aware; every relative time is counted from it
    zone: str  # the reader's zone, an IANA name
    organisation: str  # "" before set-up
    csrf: str  # the hidden field of every form
    reader: Link | None = None  # the reader's name, and where their own page is
    menu: tuple[MenuEntry, ...] = ()  # sections
    alive: Alive | None = None
    flash: Flash | None = None
    notices: tuple[str, ...] = ()  # "Prefect is still starting: runs follow by themselves."
    within: tuple[MenuEntry, ...] = ()  # the entries of the current section, where it has several
    report: Link | None = None  # where an incident is reported; None: nobody is signed in
    search_url: str = ""  # GET with ?q=; empty: no search
    events_url: str = ""  # server-sent events; empty: none
    sign_out_url: str = "/logout"  # posted to
