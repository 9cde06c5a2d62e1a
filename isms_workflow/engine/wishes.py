"""How people want to be told, as it is written down; it is read with all else that stands (`engine.offices`)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from isms_workflow.domain.notification import Quiet, Rule
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import notifications as questions


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
