"""What reports incidents by itself, under a credential of its own and never a person's."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, text

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Digest, Id, Instant

sources = Table(
    "sources",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("category", String(60), nullable=False),
    Column("systems", JSON, nullable=False),
    Column("made_by", Id, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    CheckConstraint("kind IN ('webhook', 'maildir', 'imap')", name="kind"),
    Index("one_source_of_a_name", "name", unique=True,
          sqlite_where=text("revoked_at IS NULL"), postgresql_where=text("revoked_at IS NULL")),
    Index("one_mailbox", "kind", unique=True,  # of each sort
          sqlite_where=text("kind <> 'webhook' AND revoked_at IS NULL"),
          postgresql_where=text("kind <> 'webhook' AND revoked_at IS NULL")),
    comment="What reports incidents by itself. Its secret is derived from a key outside the database.",
)

hook_answers = Table(
    "hook_answers",
    metadata,
    Column("source_id", Id, ForeignKey("sources.id"), primary_key=True),
    Column("message", String(200), primary_key=True),
    Column("status", Integer),
    Column("body", Text),
    Column("answered_at", Instant, nullable=False),
    Column("request", Digest),
    comment="What a webhook's message was answered, to take each once and answer its repeat alike; kept one day.",
)
