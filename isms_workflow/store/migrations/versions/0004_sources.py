"""What reports incidents by itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sources, and what their messages were answered; code that knows nothing of them may go on beside."""
    op.create_table(
        "sources",
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
        comment="What reports incidents by itself. Its secret is derived from a key outside the database.",
    )
    op.create_index("one_source_of_a_name", "sources", ["name"], unique=True,
                    sqlite_where=sa.text("revoked_at IS NULL"), postgresql_where=sa.text("revoked_at IS NULL"))
    op.create_index("one_maildir", "sources", ["kind"], unique=True,
                    sqlite_where=sa.text("kind = 'maildir' AND revoked_at IS NULL"),
                    postgresql_where=sa.text("kind = 'maildir' AND revoked_at IS NULL"))
    op.create_table(
        "hook_answers",
        sa.Column("source_id", sa.String(36), nullable=False),
        sa.Column("message", sa.String(200), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.Text()),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_hook_answers_source_id")),
        sa.PrimaryKeyConstraint("source_id", "message", name=op.f("pk_hook_answers")),
        comment="What a webhook's message was answered, to take each once and answer its repeat alike; kept one day.",
    )
