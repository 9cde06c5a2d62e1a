"""How people want to be told, read and written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.notification import Quiet, Rule, Wishes
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import notifications as questions


def of(conn: Connection, persons: Collection[str]) -> dict[str, Wishes]:
    """What these people chose; nobody who chose nothing."""
    return {row.person: _wishes(row) for row in conn.execute(questions.of(persons))} if persons else {}


def keep(tx: Transaction, person: str, rules: Iterable[Rule], quiet: Quiet | None, now: datetime) -> None:
    """In place of what they chose before."""
    tx.execute(questions.gone(person))
    tx.execute(questions.chosen({
        "person": person, "set_at": now, "quiet_from": clock(quiet.begins) if quiet else None,
        "quiet_until": clock(quiet.ends) if quiet else None,
        "rules": [{"channel": r.channel, "delay_s": int(r.delay.total_seconds()), "what": r.what} for r in rules]}))


def clock(at: time) -> str:
    """An hour of the day as it is kept: `22:00`."""
    return f"{at:%H:%M}"


def _wishes(row: Any) -> Wishes:
    quiet = Quiet(time.fromisoformat(row.quiet_from), time.fromisoformat(row.quiet_until)) if row.quiet_from else None
    return Wishes(tuple(Rule(r["channel"], timedelta(seconds=r["delay_s"]), r["what"]) for r in row.rules), quiet, row.zone)
