"""What became of each message to a person: every attempt, by which channel, and what its receiver said."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, false

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Digest, Id, Instant

tries = Table(
    "tries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", Id, ForeignKey("outbox.id"), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("outcome", String(10), nullable=False),
    Column("answer", Text),  # null once erased
    Column("letter", Digest),
    Column("bundled", Boolean, nullable=False, server_default=false()),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),
    CheckConstraint("outcome IN ('sent', 'delivered', 'failed', 'dead', 'unsent')", name="outcome"),
    CheckConstraint("times > 0 AND first_at <= last_at", name="counted"),
    Index("tries_lately", "channel", "last_at"),  # read by the deliverer, to know a flood
    Index("tries_of", "message_id", "first_at"),
    comment="Attempts that failed alike are one row, which counts them; those that left together share a letter.",
)

notification_rules = Table(
    "notification_rules",
    metadata,
    Column("person", Id, ForeignKey("people.id"), primary_key=True),
    Column("rules", JSON, nullable=False),
    Column("quiet_from", String(5)),
    Column("quiet_until", String(5)),
    Column("set_at", Instant, nullable=False),
    CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet"),
    comment="How somebody wants to be told; without a row: by mail at once.",
)
