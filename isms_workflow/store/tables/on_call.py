"""Who is on call out of their turn, and in which order people take turns."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, String, Table

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

rotation_orders = Table(
    "rotation_orders",
    metadata,
    Column("id", Id, primary_key=True),
    Column("turns", String(121), nullable=False),
    Column("people", JSON, nullable=False),
    Column("set_by", Id, nullable=False),
    Column("set_at", Instant, nullable=False),
    Index("rotation_orders_of", "turns", "set_at"),
    comment="In which order people take turns, from the next hand-over on; earlier orders hold for the shifts before.",
)
