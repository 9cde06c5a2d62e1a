"""Who is on call out of their turn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Overrides; code that knows nothing of them may go on beside."""
    op.create_table(
        "overrides",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("rotation", sa.String(60), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(36), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_overrides_dated")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_overrides_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overrides")),
        comment="Somebody is on call whoever's turn it is; why stands beside the history. One that was given back ended then.",
    )
    op.create_index("overrides_by_end", "overrides", ["ends_at"])
