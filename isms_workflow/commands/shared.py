"""What every command needs: the settings, the store, who acts, and how things are printed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection

from isms_workflow import services
from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.times import When
from isms_workflow.engine.context import utc_now
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store, Transaction
from isms_workflow.store.statements import accounts

OPERATOR = Actor("operator", "cli")
"""Whoever has a shell beside the database: no person, and so without a part in any decision."""


@contextmanager
def reading() -> Iterator[Connection]:
    """One look at the database of these settings."""
    with services.ready(Settings()) as store, store.read() as conn:
        yield conn


@contextmanager
def writing() -> Iterator[tuple[Transaction, When]]:
    """One command of the operator, now."""
    with services.ready(Settings()) as store, store.write() as tx:
        yield tx, When.at(utc_now())


@contextmanager
def using() -> Iterator[tuple[Settings, Store]]:
    """Settings and store, for what takes more than one transaction."""
    settings = Settings()
    with services.ready(settings) as store:
        yield settings, store


def person_id(conn: Connection, who: str) -> str:
    """The id of somebody named by mail address or id. Raises `Unknown`."""
    found: str | None = conn.execute(accounts.named_by(who)).scalar()
    if found is None:
        raise Unknown("person", who)
    return found


def say(text: str) -> None:
    """A line for whoever sits there, or for the next program in the pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Columns under their heads; `empty` is said where there is nothing."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        say(empty)
        return
    widths = [max(len(line[n]) for line in [heads, *cells]) for n in range(len(heads))]
    for line in [list(heads), *cells]:
        say("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def instant(value: datetime | None) -> str:
    """An instant for people, in UTC to the minute; a dash if there is none."""
    return "-" if value is None else f"{value:%Y-%m-%d %H:%M} UTC"


def line(text: str) -> str:
    """A text of a stranger's on one line, without what a terminal would take for an order."""
    return "".join(c if c.isprintable() else "\ufffd" for c in " ".join(text.split()))


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return instant(value)
    return "-" if value is None else line(str(value))
