"""Which directory of people a copy was made of."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own with its one row; triggers see that earlier code that works beside us changes it too."""
    table = op.create_table(
        "directory_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(36), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_directory_version_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_version")),
        comment="Another token after every change of what a directory of people is read from; triggers see to it.",
    )
    op.bulk_insert(table, [{"id": 1, "token": str(uuid4())}])
