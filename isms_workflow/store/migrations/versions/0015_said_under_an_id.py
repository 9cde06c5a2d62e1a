"""Another message under an id that was used is told from a repeat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Earlier code that works beside us leaves it out: such a message is taken for a repeat, as before."""
    op.add_column("hook_answers", sa.Column("request", sa.String(64), nullable=True))
