"""What people said of an incident's reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Their tables; code that knows nothing of them couldn't carry out their deadlines, and so may not go on."""
    op.create_table(
        "obligation_answers",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("question", sa.String(130), nullable=False),
        sa.Column("value", sa.Boolean()),
        sa.Column("by", sa.String(36), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_obligation_answers_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation_answers")),
        comment="Of several answers to a question the latest counts; null takes one back.",
    )
    op.create_index(op.f("ix_obligation_answers_case_id"), "obligation_answers", ["case_id"])
    _events()
    op.execute("UPDATE schema_info SET min_code = 3")


def _events() -> None:
    op.create_table(
        "obligation_events",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("of", sa.String(130)),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("has_reasons", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("evidence_id", sa.String(36)),
        sa.Column("by", sa.String(36), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("withdrawn_by", sa.String(36)),
        sa.CheckConstraint("kind <> 'submitted' OR (evidence_id IS NOT NULL AND of IS NOT NULL)",
                           name=op.f("ck_obligation_events_submitted")),
        sa.CheckConstraint("kind <> 'waived' OR of IS NOT NULL", name=op.f("ck_obligation_events_waived")),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_obligation_events_withdrawn")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_obligation_events_case_id")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_obligation_events_evidence_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation_events")),
        comment="What happened when, as far as reports depend on it; one that was withdrawn stays.",
    )
    op.create_index(op.f("ix_obligation_events_case_id"), "obligation_events", ["case_id"])
