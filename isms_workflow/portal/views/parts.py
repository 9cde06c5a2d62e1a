"""The nouns that every page is composed of. All instants are aware; pages show them in the reader's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from isms_workflow.portal.views.forms import Action, Field

Row = TypeVar("Row")
Label = Literal["internal", "confidential", "restricted"]
Tone = Literal["good", "attention", "danger", "information"]


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere; nothing happens on GET."""

    label: str
    url: str


@dataclass(frozen=True)
class Reference:
    """A case by its human reference, e.g. PDCA-2026-0001."""

    reference: str
    url: str
    title: str = ""  # the case's name, said in the link's tooltip
    label: Label = "internal"  # confidential and restricted show a lock and the word


@dataclass(frozen=True)
class Who:
    """A person (or the clock, or a vacancy) as named on a page."""

    name: str
    url: str = ""  # empty: the reader may not see people, or it isn't a person
    note: str = ""  # beside the name, e.g. "deputy", "for Dana Weber", "deactivated"
    you: bool = False  # the reader: shown as "you"


@dataclass(frozen=True)
class Wait:
    """The four things that whatever waits must say."""

    whom: str  # "Dana Weber", "1 of 2 approvals: Dana Weber"
    since: datetime
    until: datetime | None  # None: no date, only what happens then
    then: str  # "escalates to top management"


@dataclass(frozen=True)
class Rung:
    """One level of a ladder: what happens when, if nobody acts."""

    at: datetime
    says: str  # "reminds Aron Novak"
    fired: bool = False  # it has happened


@dataclass(frozen=True)
class Meter:
    """How much of a whole is done; drawn as one segment a piece, told in words."""

    done: int
    total: int
    late: int = 0  # of those not done
    noun: str = "steps done"


@dataclass(frozen=True)
class Empty:
    """What a list says when there is nothing in it: what it would hold, and how something gets there."""

    title: str  # "No incidents."
    teach: str  # "Report one, or connect a mailbox."
    link: Link | None = None


@dataclass(frozen=True)
class Evidence:
    """A file, by name and digest."""

    name: str
    url: str  # sends it as an attachment; empty: not for this reader, or erased
    digest: str  # SHA-256, 64 hex digits
    size: int  # bytes
    by: Who
    at: datetime
    label: Label = "internal"
    note: str = ""  # "replaced v2 on 4 Mar: approvals void"
    belongs: Link | None = None  # the step it serves, where the page isn't that step's
    reference: Reference | None = None  # its case, where the page isn't that case's
    checked: datetime | None = None  # when it was last re-hashed
    state: str = ""  # "verified", "damaged", "superseded"; empty: not said
    remove: Action | None = None  # only of an upload not yet used


@dataclass(frozen=True)
class HistoryEntry:
    """One audit record as a person reads it."""

    at: datetime  # when it happened
    who: Who
    what: str  # a sentence: "extended the step to Fri 20 Mar"
    sequence: int  # its place in the audit chain
    digest: str  # of the record, 64 hex digits
    reason: str = ""  # the reason or comment given
    evidence: tuple[Evidence, ...] = ()
    noticed: datetime | None = None  # when it was carried out, where that was later
    reference: Reference | None = None  # on pages about more than one case
    url: str = ""  # the record itself, for those who may audit
    about: Link | None = None  # the step that it is about, where the page isn't that step's


@dataclass(frozen=True)
class Fact:
    """One line of a description list."""

    label: str
    text: str
    url: str = ""
    state: str = ""  # a state word shown before the text


@dataclass(frozen=True)
class Column:
    """A table's column head."""

    label: str
    sort_url: str = ""  # sorts by it (or turns the order round); empty: can't be sorted by
    sorted: Literal["", "ascending", "descending"] = ""
    numeric: bool = False


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """A table of one kind of row: sortable by link, filter state in the URL, 50 rows a page by keyset."""

    name: str  # id of the table, and what it is called for those who can't see it
    columns: tuple[Column, ...]  # the template's cells come in this order
    rows: tuple[Row, ...]
    empty: Empty
    filter_url: str = ""  # where the filter form goes (GET); empty: no filter
    filters: tuple[Field, ...] = ()  # text or select; the first text also filters as one types
    exports: tuple[Link, ...] = ()  # CSV, XLSX of exactly what is seen
    older: str = ""  # URL of the next page
    newer: str = ""  # URL of the page before
    says: str = ""  # "50 of 1,204 cases"
    further: str = "Older"  # what the link to the next page says
