"""Links by which an incident is acknowledged from the mail that told of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own; code that knows nothing of it may go on beside."""
    op.create_table(
        "mail_links",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("level >= -1", name=op.f("ck_mail_links_level")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_mail_links_case_id")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_mail_links_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_links")),
        sa.UniqueConstraint("token", name=op.f("uq_mail_links_token")),
        comment="By which the reader of one mail acknowledges its incident once; the secret's digest only.",
    )
