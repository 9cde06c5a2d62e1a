"""What incidents teach."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, String, Table, Text, text

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Digest, Id, Instant

lessons = Table(
    "lessons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("step_id", Id, ForeignKey("steps.id"), nullable=False),
    Column("sort", String(10), nullable=False),
    Column("parent", Id, ForeignKey("lessons.id")),
    Column("at", Instant),
    Column("text", Text),
    Column("commitment", Digest, nullable=False),
    Column("author", Id, ForeignKey("people.id"), nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
    Column("erased_at", Instant),
    Column("answer", String(10)),
    Column("action_case", Id, ForeignKey("cases.id")),
    Column("answered_by", Id, ForeignKey("people.id")),
    Column("answered_at", Instant),
    Column("answered_in", Id, ForeignKey("steps.id")),
    CheckConstraint("sort IN ('event', 'well', 'improve', 'cause', 'item')", name="sort"),
    CheckConstraint("(sort = 'event') = (at IS NOT NULL)", name="dated"),
    CheckConstraint("parent IS NULL OR sort = 'cause'", name="explains"),
    CheckConstraint("answer IN ('action', 'declined')", name="answer"),
    CheckConstraint("answer IS NULL OR sort IN ('improve', 'item')", name="asked"),
    CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered"),
    CheckConstraint("(action_case IS NULL) = (answer IS NULL OR answer <> 'action')", name="named"),
    Index("lessons_of_case", "case_id"),
    Index("lessons_to_answer", "sort", sqlite_where=text("answer IS NULL AND withdrawn_at IS NULL"),
          postgresql_where=text("answer IS NULL AND withdrawn_at IS NULL")),
    comment="What was learned from an incident, and what became of it: a corrective action, or a reason why not.",
)
