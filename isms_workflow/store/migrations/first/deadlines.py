"""Deadlines, and what leaves after commit, as the first release made them. Frozen: later releases add migrations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Makes these tables with their constraints and indexes, in the order in which they refer to each other."""
    _channels()
    _deadlines()
    _outbox()
    _planned_starts()
    _reached()


def _channels() -> None:
    op.create_table(
        "channels",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True)),
        sa.Column("paused_until", sa.DateTime(timezone=True)),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_channels")),
        comment="A service that can't be reached pauses its channel as a whole.",
    )


def _deadlines() -> None:
    op.create_table(
        "deadlines",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("subject", sa.String(10), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("ladder", sa.String(60)),
        sa.Column("level", sa.Integer()),
        sa.Column("repeat", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule", sa.JSON()),
        sa.Column("armed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(10)),
        sa.Column("noticed_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint("outcome IN ('fired', 'cancelled', 'failed')", name=op.f("ck_deadlines_outcome")),
        sa.CheckConstraint("subject IN ('case', 'step', 'gate')", name=op.f("ck_deadlines_subject")),
        sa.CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name=op.f("ck_deadlines_settled")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_deadlines_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadlines")),
    )
    op.create_index(
        "deadlines_due",
        "deadlines",
        ["due_at", "id"],
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index(
        "deadlines_failed",
        "deadlines",
        ["settled_at"],
        sqlite_where=sa.text("outcome = 'failed'"),
        postgresql_where=sa.text("outcome = 'failed'"),
    )
    op.create_index("deadlines_of_case", "deadlines", ["case_id"])
    op.create_index(
        "one_armed_level",
        "deadlines",
        ["subject_id", "event"],
        unique=True,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("case_id", sa.String(36)),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_until", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.String(10)),
        sa.Column("error", sa.Text()),
        sa.CheckConstraint("outcome IN ('sent', 'dead', 'unsent')", name=op.f("ck_outbox_outcome")),
        sa.CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name=op.f("ck_outbox_settled")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_outbox_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(
        "outbox_dead",
        "outbox",
        ["settled_at"],
        sqlite_where=sa.text("outcome = 'dead'"),
        postgresql_where=sa.text("outcome = 'dead'"),
    )
    op.create_index(
        "outbox_due",
        "outbox",
        ["channel", "due_at", "id"],
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def _planned_starts() -> None:
    op.create_table(
        "planned_starts",
        sa.Column("schedule", sa.String(60), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("case_id", sa.String(36)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_planned_starts_case_id")),
        sa.PrimaryKeyConstraint("schedule", "planned_at", name=op.f("pk_planned_starts")),
    )


def _reached() -> None:
    op.create_table(
        "reached",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_reached_case_id")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_reached_person")),
        sa.PrimaryKeyConstraint("case_id", "person", name=op.f("pk_reached")),
        comment="Whom a ladder has reached: people of the case from that instant.",
    )
