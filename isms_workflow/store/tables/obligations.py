"""What people said of an incident's reports: answers to questions, and events with their instants."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, String, Table, text

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Id, Instant

obligation_answers = Table(
    "obligation_answers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("question", String(130), nullable=False),
    Column("value", Boolean),
    Column("by", Id, nullable=False),
    Column("answered_at", Instant, nullable=False),
    comment="Of several answers to a question the latest counts; null takes one back.",
)

obligation_events = Table(
    "obligation_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("of", String(130)),
    Column("until", Instant),
    Column("has_reasons", Boolean, nullable=False, server_default=text("false")),
    Column("evidence_id", Id, ForeignKey("evidence.id")),
    Column("by", Id, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Column("withdrawn_by", Id),
    CheckConstraint("kind <> 'submitted' OR (evidence_id IS NOT NULL AND of IS NOT NULL)", name="submitted"),
    CheckConstraint("kind <> 'waived' OR of IS NOT NULL", name="waived"),
    CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn"),
    comment="What happened when, as far as reports depend on it; one that was withdrawn stays.",
)
