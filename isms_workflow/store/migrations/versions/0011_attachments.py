"""Files that came with a report: evidence of an incident itself, of no step of it, perhaps added by no person; and reports
from an IMAP folder.
"""

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
    with op.batch_alter_table("evidence", copy_from=_evidence()) as table:
        table.alter_column("step_id", existing_type=sa.String(36), nullable=True)
        table.alter_column("added_by", existing_type=sa.String(36), nullable=True)
        table.create_check_constraint(op.f("ck_evidence_of"), WITHOUT_STEP)
    op.drop_index("one_maildir", "sources")
    with op.batch_alter_table("sources", copy_from=_sources()) as table:
        table.drop_constraint(op.f("ck_sources_kind"), type_="check")
        table.create_check_constraint(op.f("ck_sources_kind"), "kind IN ('webhook', 'maildir', 'imap')")
    op.create_index("one_mailbox", "sources", ["kind"], unique=True,
                    sqlite_where=sa.text("kind <> 'webhook' AND revoked_at IS NULL"),
                    postgresql_where=sa.text("kind <> 'webhook' AND revoked_at IS NULL"))


def _evidence() -> sa.Table:
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


def _sources() -> sa.Table:
    """As it was, too."""
    return sa.Table(
        "sources",
        sa.MetaData(),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("category", sa.String(60), nullable=False),
        sa.Column("systems", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(36), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("kind IN ('webhook', 'maildir')", name=op.f("ck_sources_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.Index("one_source_of_a_name", "name", unique=True,
                 sqlite_where=sa.text("revoked_at IS NULL"), postgresql_where=sa.text("revoked_at IS NULL")),
        comment="What reports incidents by itself. Its secret is derived from a key outside the database.",
    )
