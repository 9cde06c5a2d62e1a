"""A short history of one cycle, and an attacker who gets past the triggers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from isms_workflow.domain.records import AuditRecord, CaseRecord, GateRecord, PersonRecord, StepRecord
from isms_workflow.store import audit
from isms_workflow.store.audit import Key
from isms_workflow.store.database import Store
from isms_workflow.store.triggers import GUARDING, triggers

NOW = datetime(2026, 3, 12, 13, tzinfo=UTC)
MARIA = "01960000-0000-7000-8000-00000000000a"
DANA = "01960000-0000-7000-8000-00000000000b"
CYCLE = "01960000-0000-7000-8000-0000000000c1"
STEP = "01960000-0000-7000-8000-0000000000d1"
GATE = "01960000-0000-7000-8000-0000000000e1"


def at(minutes: int) -> datetime:
    """So many minutes after the history begins."""
    return NOW + timedelta(minutes=minutes)


def line(kind, minutes: int, subject: str | None = None, about: str | None = None, private=None, **data) -> AuditRecord:
    """What Maria did at that minute; it was noticed a second later."""
    noticed = at(minutes) + timedelta(seconds=1)
    return AuditRecord(kind, MARIA, at(minutes), noticed, CYCLE, subject, data, private or {}, about)


HISTORY = (
    line(PersonRecord.ADDED, 0, DANA, about=DANA, private={"name": "Dana Weber", "email": "dana@example.org"}),
    line(CaseRecord.OPENED, 1, CYCLE, machine="pdca"),
    line(CaseRecord.MOVED, 2, CYCLE, **{"from": "planned", "to": "plan"}),
    line(StepRecord.OPENED, 3, STEP, key="scope", round=1, first=True, deputy=None),
    line(StepRecord.EXTENDED, 4, STEP, private={"reason": "Die Geschäftsführung ist verreist ✈"}),
    line(StepRecord.COMPLETED, 5, STEP),
    line(GateRecord.OPENED, 6, GATE, round=1),
    line(GateRecord.APPROVED, 7, GATE, digest="ab" * 32),
)


def write_history(store: Store, key: Key | None = None) -> None:
    """The history, in two transactions; with a key: introduced first, and a checkpoint at the end."""
    with store.write() as tx:
        if key:
            audit.introduce(tx, key, MARIA, NOW)
        audit.append(tx, HISTORY[:3])
    with store.write() as tx:
        audit.append(tx, HISTORY[3:])
        if key:
            audit.make_checkpoint(tx, key, at(60))


@contextmanager
def attacked(store: Store) -> Iterator[Connection]:
    """A connection on which every guard is gone; what was done on it is undone at the end."""
    with store.write() as conn:
        for name in triggers(conn) & GUARDING[conn.dialect.name]:
            table = name.rsplit("_no_", 1)[0].removesuffix("_once").removesuffix("_in_order")
            conn.execute(text(f"DROP TRIGGER {name}" + ("" if store.is_sqlite else f" ON {table}")))
        yield conn
        conn.rollback()
