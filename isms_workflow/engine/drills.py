"""What the history says of an exercise."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Connection

from isms_workflow.domain.drill import REPORT, Drill, Line, Told, drill
from isms_workflow.domain.views import CaseView
from isms_workflow.engine.outbox import LEFT_OUT
from isms_workflow.store.statements import incidents as questions


def of(conn: Connection, view: CaseView) -> Drill:
    """How it went until now. Raises `Unknown` for an incident that is no exercise."""
    lines = [Line(row.kind, row.actor, row.happened_at, row.noticed_at, json.loads(row.body)["data"])
             for row in conn.execute(questions.history(view.case.id))]
    return drill(view, lines, _told(conn, view.case.id))


def _told(conn: Connection, case: str) -> Iterator[Told]:
    """The messages that told of it, whether they have left or not; but none that its reader's rules held or left out."""
    for row in conn.execute(questions.mails_of(case)):
        notice, about = row.payload.get("notice"), row.payload.get("about") or {}
        by_wish = row.outcome == "unsent" and (row.held is not None or row.error == LEFT_OUT)
        if notice in ("incident_reported", "incident_escalated") and not by_wish:
            yield Told(row.payload["to"], about.get("level", REPORT), row.queued_at, row.outcome, row.settled_at)
