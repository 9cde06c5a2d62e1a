"""What incidents were imported from."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, String, Table

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Id, Instant

veris = Table(
    "veris",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("incident_id", String(200), nullable=False, unique=True),
    Column("document", JSON(none_as_null=True)),
    Column("imported_at", Instant, nullable=False),
    comment="The VERIS document that an incident was imported from, with all that we have no field for; null once erased.",
)
