"""People, what they may do, what they owe, and how they sign in."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Digest, Id, Instant

people = Table(
    "people",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email", String(320), unique=True),  # null once erased
    Column("name", Text),
    Column("role", String(10), nullable=False),
    Column("zone", String(60), nullable=False),
    Column("version", Integer, nullable=False),
    Column("password", Text),
    Column("added_at", Instant, nullable=False),
    Column("ends_at", Instant),
    Column("deactivated_at", Instant),
    Column("erased_at", Instant),
    Column("digested_on", Date),
    CheckConstraint("role IN ('admin', 'user', 'auditor', 'guest')", name="role"),
)

responsibilities = Table(
    "responsibilities",
    metadata,
    Column("id", Id, primary_key=True),
    Column("responsibility", String(60), nullable=False),
    Column("person", Id, ForeignKey("people.id"), nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("granted_by", Id, nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_by", Id),
    Index("held_once", "responsibility", "person", unique=True,
          sqlite_where=text("revoked_at IS NULL"), postgresql_where=text("revoked_at IS NULL")),
    comment="Who holds what; the holder granted first owns the steps, the others are deputies.",
)

deputies = Table(
    "deputies",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person", Id, ForeignKey("people.id"), nullable=False),
    Column("deputy", Id, ForeignKey("people.id"), nullable=False),
    Column("named_by", Id, nullable=False),
    Column("named_at", Instant, nullable=False),
    Column("ended_at", Instant),
    CheckConstraint("person <> deputy", name="other"),
    Index("one_deputy", "person", unique=True,
          sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
)

delegations = Table(
    "delegations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person", Id, ForeignKey("people.id"), nullable=False),
    Column("delegate", Id, ForeignKey("people.id"), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("given_by", Id, nullable=False),
    Column("revoked_at", Instant),
    CheckConstraint("person <> delegate", name="other"),
    CheckConstraint("starts_at < ends_at", name="dated"),
    Index("delegations_to", "delegate"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("person", Id, ForeignKey("people.id")),
    Column("purpose", String(10), nullable=False),
    Column("token", Digest, nullable=False, unique=True),
    Column("made_by", Id, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("handed_over", String(10), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("withdrawn_at", Instant),
    CheckConstraint("purpose IN ('setup', 'invite', 'reset')", name="purpose"),
    CheckConstraint("handed_over IN ('mail', 'link')", name="handed_over"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token", Digest, primary_key=True),
    Column("person", Id, ForeignKey("people.id"), nullable=False, index=True),
    Column("csrf", Digest, nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token", Digest, nullable=False, unique=True),
    Column("person", Id, ForeignKey("people.id"), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

answers = Table(
    "answers",
    metadata,
    Column("person", Id, ForeignKey("people.id"), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("request", Digest, nullable=False),
    Column("status", Integer),
    Column("body", Text),
    Column("answered_at", Instant, nullable=False),
    comment="What a write under an idempotency key was answered, to answer its repeat alike.",
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subject", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Index("attempts_of", "subject", "at"),
    comment="Failed sign-ins, by a hash of account or address, for throttling; kept one day.",
)

accesses = Table(
    "accesses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
    Column("person", Id),
    Column("action", String(10), nullable=False),
    Column("resource", String(200), nullable=False),
    Column("outcome", String(10), nullable=False),
    CheckConstraint("outcome IN ('GRANTED', 'DENIED')", name="outcome"),
    Index("accesses_of", "person", "at"),
)

organisation = Table(
    "organisation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("zone", String(60), nullable=False),
    Column("founded_at", Instant, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

programmes = Table(
    "programmes",
    metadata,
    Column("digest", Digest, primary_key=True),
    Column("files", JSON, nullable=False),
    Column("applied_at", Instant, nullable=False),
    Column("applied_by", Id, nullable=False),
    Column("replaced_at", Instant),
    comment="Every version that was ever in force, in full.",
)
Index(
    "one_programme_in_force",
    programmes.c.replaced_at.is_(None),
    unique=True,
    sqlite_where=programmes.c.replaced_at.is_(None),
    postgresql_where=programmes.c.replaced_at.is_(None),
)

services = Table(
    "services",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("process", String(80), primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("facts", JSON, nullable=False),
    comment="Heartbeats of clock, deliverer, worker and portal, for the health page.",
)

schema_info = Table(
    "schema_info",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("min_code", Integer, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

directory_version = Table(
    "directory_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token", String(36), nullable=False),
    CheckConstraint("id = 1", name="single"),
    comment="Another token after every change of what a directory of people is read from; triggers see to it.",
)
