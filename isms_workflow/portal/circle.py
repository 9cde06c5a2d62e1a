"""The people of a case: whom its label lets in whatever their role."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from isms_workflow.domain import sight
from isms_workflow.domain.views import CaseView
from isms_workflow.store.statements import mails as questions


def people_of(conn: Connection, view: CaseView, now: datetime) -> frozenset[str]:
    """As `domain.sight.people_of` says, with whom the case's ladders have reached until now."""
    return sight.people_of(view, frozenset(conn.execute(questions.reached_of(view.case.id)).scalars()), now)
