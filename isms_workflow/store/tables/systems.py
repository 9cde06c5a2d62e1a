"""The register of information systems."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Id, Instant

systems = Table(
    "systems",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("folded", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("owner", Id, ForeignKey("people.id"), nullable=False),
    Column("confidentiality", String(10), nullable=False),
    Column("integrity", String(10), nullable=False),
    Column("availability", String(10), nullable=False),
    Column("data", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("retired_at", Instant),
    CheckConstraint("name <> ''", name="named"),
    CheckConstraint("confidentiality IN ('low', 'medium', 'high')", name="confidentiality"),
    CheckConstraint("integrity IN ('low', 'medium', 'high')", name="integrity"),
    CheckConstraint("availability IN ('low', 'medium', 'high')", name="availability"),
    Index("one_system_of_a_name", "folded", unique=True,
          sqlite_where=text("retired_at IS NULL"), postgresql_where=text("retired_at IS NULL")),
    comment="What the organisation runs; one that is retired stays for what refers to it.",
)
