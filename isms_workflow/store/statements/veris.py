"""Questions about what incidents were imported from."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from isms_workflow.store.statements.among import named
from isms_workflow.store.tables import cases, incidents, veris


def imported() -> Select[Any]:
    """For imports: the incidents that these documents, by their own ids, became before, and of what; its parameter is `among.ids`."""
    return (select(veris.c.incident_id, veris.c.document, cases.c.reference).join(cases, cases.c.id == veris.c.case_id)
            .where(named(veris.c.incident_id)))


def is_imported(case: str) -> Select[Any]:
    """For an incident's page: a row if it came from a file."""
    return select(veris.c.case_id).where(veris.c.case_id == case)


def source(case: str) -> Select[Any]:
    """For exports: what the incident says of itself, and the document that it came from; null if none, or erased."""
    return (select(incidents, veris.c.incident_id, veris.c.document)
            .outerjoin(veris, veris.c.case_id == incidents.c.case_id).where(incidents.c.case_id == case))
