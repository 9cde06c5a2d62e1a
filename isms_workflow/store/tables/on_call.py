"""Who is on call out of their turn."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Id, Instant

overrides = Table(
    "overrides",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rotation", String(60), nullable=False),
    Column("person", Id, ForeignKey("people.id"), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("made_by", Id, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("returned_at", Instant),
    CheckConstraint("starts_at < ends_at", name="dated"),
    Index("overrides_by_end", "ends_at"),
    comment="Somebody is on call whoever's turn it is; why stands beside the history. One that was given back ended then.",
)
