"""Incidents beside their cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Their tables; code that knows nothing of them couldn't carry out their deadlines, and so may not go on."""
    _incidents()
    _beside()
    _stops()
    op.execute("UPDATE schema_info SET min_code = 2")


def _incidents() -> None:
    op.create_table(
        "incidents",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("category", sa.String(60), nullable=False),
        sa.Column("severity", sa.String(60), nullable=False),
        sa.Column("reported_by", sa.String(36)),
        sa.Column("source", sa.String(60), nullable=False),
        sa.Column("title", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.Column("occurred_at", sa.DateTime(timezone=True)),
        sa.Column("external_key", sa.String(200)),
        sa.Column("response_due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("responded_at", sa.DateTime(timezone=True)),
        sa.Column("breached_at", sa.DateTime(timezone=True)),
        sa.Column("climbed", sa.Integer(), server_default="-1", nullable=False),
        sa.Column("repeats", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_exercise", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("merged_into", sa.String(36)),
        sa.Column("follows", sa.String(36)),
        sa.CheckConstraint("climbed >= -1", name=op.f("ck_incidents_climbed")),
        sa.CheckConstraint("merged_into IS NULL OR merged_into <> case_id", name=op.f("ck_incidents_merged")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_incidents_case_id")),
        sa.ForeignKeyConstraint(["follows"], ["cases.id"], name=op.f("fk_incidents_follows")),
        sa.ForeignKeyConstraint(["merged_into"], ["cases.id"], name=op.f("fk_incidents_merged_into")),
        sa.ForeignKeyConstraint(["reported_by"], ["people.id"], name=op.f("fk_incidents_reported_by")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_incidents")),
    )
    op.create_index("incidents_of_key", "incidents", ["source", "external_key"])
    op.create_index("incidents_of_category", "incidents", ["category", "severity"])
    op.create_index("incidents_reported_by", "incidents", ["reported_by"])


def _beside() -> None:
    op.create_table(
        "incident_systems",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("system_id", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_incident_systems_case_id")),
        sa.ForeignKeyConstraint(["system_id"], ["systems.id"], name=op.f("fk_incident_systems_system_id")),
        sa.PrimaryKeyConstraint("case_id", "system_id", name=op.f("pk_incident_systems")),
        comment="The systems that a report says are affected.",
    )
    op.create_index("incidents_of_system", "incident_systems", ["system_id"])
    op.create_table(
        "occurrences",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_case", sa.String(36)),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_occurrences_case_id")),
        sa.ForeignKeyConstraint(["from_case"], ["cases.id"], name=op.f("fk_occurrences_from_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occurrences")),
        comment="The same again, while the incident was open: reported under its key, or merged into it.",
    )
    op.create_index(op.f("ix_occurrences_case_id"), "occurrences", ["case_id"])


def _stops() -> None:
    op.create_table(
        "stops",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("what", sa.String(10), nullable=False),
        sa.Column("by", sa.String(36), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= began_at", name=op.f("ck_stops_in_order")),
        sa.CheckConstraint("what <> 'pause' OR until IS NOT NULL", name=op.f("ck_stops_ends")),
        sa.CheckConstraint("what IN ('word', 'pause', 'end')", name=op.f("ck_stops_what")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_stops_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stops")),
        comment="During a stop an incident's clocks stand still: all of them, or, for a word, the escalation.",
    )
    op.create_index(op.f("ix_stops_case_id"), "stops", ["case_id"])
    op.create_index("one_stop_of_a_sort", "stops", ["case_id", "what"], unique=True,
                    sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"))
