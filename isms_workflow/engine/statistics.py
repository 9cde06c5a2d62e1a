"""The statistics of incidents as they are now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection

from isms_workflow.domain.statistics import Figures, Times, figures
from isms_workflow.engine import programmes
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.store.statements.statistics import times


def read(conn: Connection, seen: ColumnElement[bool] | None = None) -> list[Figures]:
    """By month in the organisation's zone, and by severity; of those that `seen` lets through, or of all."""
    query = times() if seen is None else times().where(seen)
    zone = programmes.in_force(conn).programme.calendar.zone
    return figures(map(_times, conn.execute(query)), severities(conn), zone)


def severities(conn: Connection) -> list[str]:
    """In the order of the programme in force."""
    workflow = programmes.in_force(conn).programme.workflows.get("incident")
    return [each.id for each in workflow.severities] if isinstance(workflow, IncidentWorkflow) else []


def _times(row: Any) -> Times:
    answered = [at for at in (row.word, row.responded_at) if at]
    return Times(row.severity, row.opened_at, min(answered, default=None), row.contained, row.resolved,
                 row.breached_at is not None)
