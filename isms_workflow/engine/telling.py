"""Who was told of a case, by which way, and what became of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.telling import Attempt, Telling
from isms_workflow.store.statements import tries as questions


def of_case(conn: Connection, case: str) -> list[Telling]:
    """Every message about a case to a person, oldest first, with its attempts in order."""
    attempts: dict[str, list[Attempt]] = {}
    for row in conn.execute(questions.of_case(case)):
        attempts.setdefault(row.message_id, []).append(
            Attempt(row.channel, row.outcome, row.answer or "", row.first_at, row.last_at, row.times))
    return [_telling(row, tuple(sorted(attempts.get(row.id, ()), key=lambda each: each.last)))
            for row in conn.execute(questions.told(case)) if row.payload.get("to")]


def _telling(row: Any, attempts: tuple[Attempt, ...]) -> Telling:
    return Telling(row.payload["to"], str(row.payload.get("notice")), row.payload.get("about") or {}, row.channel, row.urgency,
                   row.queued_at, row.due_at, row.held, row.outcome, row.error or "", row.settled_at, attempts)
