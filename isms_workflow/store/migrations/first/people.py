"""People, accounts, programmes and services, as the first release made them. Frozen: later releases add migrations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Makes these tables with their constraints and indexes, in the order in which they refer to each other."""
    _accesses()
    _attempts()
    _organisation()
    _people()
    _programmes()
    _schema_info()
    _services()
    _answers()
    _delegations()
    _deputies()
    _invitations()
    _responsibilities()
    _sessions()
    _tokens()


def _accesses() -> None:
    op.create_table(
        "accesses",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.String(36)),
        sa.Column("action", sa.String(10), nullable=False),
        sa.Column("resource", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.CheckConstraint("outcome IN ('GRANTED', 'DENIED')", name=op.f("ck_accesses_outcome")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accesses")),
    )
    op.create_index("accesses_of", "accesses", ["person", "at"])
    op.create_index(op.f("ix_accesses_at"), "accesses", ["at"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        comment="Failed sign-ins, by a hash of account or address, for throttling; kept one day.",
    )
    op.create_index("attempts_of", "attempts", ["subject", "at"])


def _organisation() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("founded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_organisation_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("email", sa.String(320)),
        sa.Column("name", sa.Text()),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("zone", sa.String(60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("password", sa.Text()),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True)),
        sa.Column("deactivated_at", sa.DateTime(timezone=True)),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.Column("digested_on", sa.Date()),
        sa.CheckConstraint("role IN ('admin', 'user', 'auditor', 'guest')", name=op.f("ck_people_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
    )


def _programmes() -> None:
    op.create_table(
        "programmes",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_by", sa.String(36), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_programmes")),
        comment="Every version that was ever in force, in full.",
    )
    op.create_index(
        "one_programme_in_force",
        "programmes",
        [sa.literal_column("(replaced_at IS NULL)")],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )


def _schema_info() -> None:
    op.create_table(
        "schema_info",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("min_code", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_schema_info_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schema_info")),
    )


def _services() -> None:
    op.create_table(
        "services",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("process", sa.String(80), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", "process", name=op.f("pk_services")),
        comment="Heartbeats of clock, deliverer, worker and portal, for the health page.",
    )


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.Text()),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_answers_person")),
        sa.PrimaryKeyConstraint("person", "key", name=op.f("pk_answers")),
        comment="What a write under an idempotency key was answered, to answer its repeat alike.",
    )


def _delegations() -> None:
    op.create_table(
        "delegations",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("delegate", sa.String(36), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.String(36), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("person <> delegate", name=op.f("ck_delegations_other")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_delegations_dated")),
        sa.ForeignKeyConstraint(["delegate"], ["people.id"], name=op.f("fk_delegations_delegate")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_delegations_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    op.create_index("delegations_to", "delegations", ["delegate"])


def _deputies() -> None:
    op.create_table(
        "deputies",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("deputy", sa.String(36), nullable=False),
        sa.Column("named_by", sa.String(36), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("person <> deputy", name=op.f("ck_deputies_other")),
        sa.ForeignKeyConstraint(["deputy"], ["people.id"], name=op.f("fk_deputies_deputy")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_deputies_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputies")),
    )
    op.create_index(
        "one_deputy",
        "deputies",
        ["person"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("person", sa.String(36)),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("made_by", sa.String(36), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handed_over", sa.String(10), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("handed_over IN ('mail', 'link')", name=op.f("ck_invitations_handed_over")),
        sa.CheckConstraint("purpose IN ('setup', 'invite', 'reset')", name=op.f("ck_invitations_purpose")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_invitations_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token", name=op.f("uq_invitations_token")),
    )


def _responsibilities() -> None:
    op.create_table(
        "responsibilities",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("responsibility", sa.String(60), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_by", sa.String(36), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by", sa.String(36)),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_responsibilities_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responsibilities")),
        comment="Who holds what; the holder granted first owns the steps, the others are deputies.",
    )
    op.create_index(
        "held_once",
        "responsibilities",
        ["responsibility", "person"],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_sessions_person")),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_person"), "sessions", ["person"])


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_tokens_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token", name=op.f("uq_tokens_token")),
    )
    op.create_index(op.f("ix_tokens_person"), "tokens", ["person"])
