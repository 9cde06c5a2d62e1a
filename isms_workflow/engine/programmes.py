"""The programme in force, and every version that was: kept in full beside the cases that run under them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from isms_workflow.domain.calendars import WorkingCalendar, build, years_known
from isms_workflow.domain.messages import Message, Notice
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT, Actor
from isms_workflow.domain.records import AuditRecord, ProgrammeRecord
from isms_workflow.domain.refusals import Missing
from isms_workflow.domain.times import When
from isms_workflow.engine import outbox
from isms_workflow.programme.check_people import names_people, strangers
from isms_workflow.programme.errors import Problem, ProgrammeRefused
from isms_workflow.programme.load import kept
from isms_workflow.programme.model import Flood, Programme
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.statements import directory
from isms_workflow.store.tables import programmes

YEARS = range(2020, 2041)
"""The years in which working days are counted, as far as the country's holidays are known."""


@dataclass(frozen=True)
class InForce:
    """A version of the programme with the calendar that goes with it."""

    programme: Programme
    calendar: WorkingCalendar


_known: dict[str, InForce] = {}
"""By digest: a version never changes, so a process reads it once."""


def version(tx: Transaction, digest: str) -> InForce:
    """A version by its digest. Raises `Missing` if it was never applied."""
    if digest not in _known:
        files: dict[str, str] | None = tx.execute(questions.programme(digest)).scalar()
        if files is None:
            raise Missing(f"programme {digest[:12]}", "it was never applied here; run `isms programme apply`")
        programme = kept(files)
        _known[digest] = InForce(programme, build(programme.calendar, years_known(programme.calendar, YEARS)))
    return _known[digest]


def in_force(tx: Transaction) -> InForce:
    """The version under which new cases start. Raises `Missing` before set-up."""
    return applied(tx, tx.execute(questions.programme_in_force()).scalar())


def applied(tx: Transaction, digest: str | None) -> InForce:
    """The version that stands as the one in force, None if none does. Raises `Missing` before set-up."""
    if digest is None:
        raise Missing("the programme", "none is in force yet; finish set-up, or run `isms programme apply`")
    return version(tx, digest)


def flood(tx: Transaction) -> Flood | None:
    """What the version in force says of very many messages for one person; nothing before set-up."""
    try:
        return in_force(tx).programme.flood
    except Missing:
        return None


def apply(tx: Transaction, programme: Programme, actor: Actor, when: When) -> bool:
    """Puts a checked version in force, keeps its full text, and tells ISMS manager and top management.

    Open cases keep the version they started with. False if it is in force already. Raises `ProgrammeRefused` if it
    names a person who has no account.
    """
    unknown = unknown_people(tx, programme, when.noticed)
    if unknown:
        raise ProgrammeRefused(tuple(unknown))
    before = tx.execute(questions.programme_in_force()).scalar()
    if before == programme.digest:
        return False
    tx.execute(update(programmes).where(programmes.c.replaced_at.is_(None)).values(replaced_at=when.happened))
    known = tx.execute(select(programmes.c.digest).where(programmes.c.digest == programme.digest)).scalar()
    if known:
        tx.execute(update(programmes).where(programmes.c.digest == known).values(
            replaced_at=None, applied_at=when.happened, applied_by=actor.id))
    else:
        tx.execute(insert(programmes).values(digest=programme.digest, files=dict(programme.files),
                                             applied_at=when.happened, applied_by=actor.id))
    outbox.put(tx, _notices(tx, programme.digest, before, when), when.noticed)
    audit.append(tx, [AuditRecord(ProgrammeRecord.APPLIED, actor.id, when.happened, when.noticed,
                                  data={"digest": programme.digest, "before": before, "channel": actor.channel})])
    return True


def unknown_people(tx: Transaction, programme: Programme, now: datetime) -> list[Problem]:
    """The persons whom it names, and who have no account in use."""
    if not names_people(programme):
        return []
    return strangers(programme, {
        row.email for row in tx.execute(directory.all_people())
        if row.email and row.deactivated_at is None and (row.ends_at is None or row.ends_at > now)})


def _notices(tx: Transaction, digest: str, before: str | None, when: When) -> list[Message]:
    held: list[Any] = [h.person for h in tx.execute(directory.holdings())
                       if h.responsibility in (ISMS_MANAGER, TOP_MANAGEMENT)]
    occasion = f"{digest[:16]}:{int(when.happened.timestamp())}"
    return [Notice("programme_applied", person, {"digest": digest, "before": before}).message(occasion, None)
            for person in dict.fromkeys(held)]

