"""What an incident is beside its case, and the times during which its clocks stand still."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Id, Instant

incidents = Table(
    "incidents",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("category", String(60), nullable=False),
    Column("severity", String(60), nullable=False),
    Column("reported_by", Id, ForeignKey("people.id")),
    Column("source", String(60), nullable=False),
    Column("title", Text),
    Column("description", Text),
    Column("occurred_at", Instant),
    Column("external_key", String(200)),
    Column("response_due", Instant, nullable=False),
    Column("responded_at", Instant),
    Column("breached_at", Instant),
    Column("climbed", Integer, nullable=False, server_default="-1"),
    Column("repeats", Integer, nullable=False, server_default="0"),
    Column("is_exercise", Boolean, nullable=False, server_default=text("false")),
    Column("merged_into", Id, ForeignKey("cases.id")),
    Column("follows", Id, ForeignKey("cases.id")),
    CheckConstraint("climbed >= -1", name="climbed"),
    CheckConstraint("merged_into IS NULL OR merged_into <> case_id", name="merged"),
    Index("incidents_of_key", "source", "external_key"),  # asked by every report that names one
    Index("incidents_of_category", "category", "severity"),
    Index("incidents_reported_by", "reported_by"),
)

incident_systems = Table(
    "incident_systems",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("system_id", Id, ForeignKey("systems.id"), primary_key=True),
    Index("incidents_of_system", "system_id"),
    comment="The systems that a report says are affected.",
)

occurrences = Table(
    "occurrences",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("occurred_at", Instant, nullable=False),
    Column("from_case", Id, ForeignKey("cases.id")),
    comment="The same again, while the incident was open: reported under its key, or merged into it.",
)

stops = Table(
    "stops",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("what", String(10), nullable=False),
    Column("by", Id, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("until", Instant),
    Column("ended_at", Instant),
    CheckConstraint("what IN ('word', 'pause', 'end')", name="what"),
    CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name="in_order"),
    CheckConstraint("what <> 'pause' OR until IS NOT NULL", name="ends"),
    Index("one_stop_of_a_sort", "case_id", "what", unique=True,
          sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
    comment="During a stop an incident's clocks stand still: all of them, or, for a word, the escalation.",
)

mail_links = Table(
    "mail_links",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token", String(64), nullable=False, unique=True),
    Column("person", Id, ForeignKey("people.id"), nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("level", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    CheckConstraint("level >= -1", name="level"),
    comment="By which the reader of one mail acknowledges its incident once; the secret's digest only.",
)
