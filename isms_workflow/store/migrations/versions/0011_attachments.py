"""Files that came with a report: evidence of an incident itself, of no step of it, perhaps added by no person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WITHOUT_STEP = "(step_id IS NULL AND replaces IS NULL) OR (step_id IS NOT NULL AND added_by IS NOT NULL)"


def upgrade() -> None:
    """Two columns may be empty; SQLite rebuilds the table for it, from the words of its first migration."""
    with op.batch_alter_table("evidence", copy_from=_before()) as table:
        table.alter_column("step_id", existing_type=sa.String(36), nullable=True)
        table.alter_column("added_by", existing_type=sa.String(36), nullable=True)
        table.create_check_constraint(op.f("ck_evidence_of"), WITHOUT_STEP)


def _before() -> sa.Table:
    """The table as it was: what SQLite tells of it names no CHECK."""
    return sa.Table(
        "evidence",
        sa.MetaData(),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("step_id", sa.String(36), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(120), nullable=False),
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("added_by", sa.String(36), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaces", sa.String(36)),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("damaged_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("label IN ('internal', 'confidential', 'restricted')", name=op.f("ck_evidence_label")),
        sa.CheckConstraint("size > 0", name=op.f("ck_evidence_size")),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name=op.f("fk_evidence_added_by")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_evidence_case_id")),
        sa.ForeignKeyConstraint(["replaces"], ["evidence.id"], name=op.f("fk_evidence_replaces")),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name=op.f("fk_evidence_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.Index("evidence_to_check", "checked_at"),
        sa.Index("ix_evidence_sha256", "sha256"),
        sa.Index("ix_evidence_step_id", "step_id"),
    )
