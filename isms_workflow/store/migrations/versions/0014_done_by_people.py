"""What somebody did is found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BY_PEOPLE = "length(actor) = 36"


def upgrade() -> None:
    """An index that what the clock and the flows do, by far the most, doesn't write to."""
    op.create_index("transitions_by_people", "transitions", ["actor", "happened_at"],
                    sqlite_where=sa.text(BY_PEOPLE), postgresql_where=sa.text(BY_PEOPLE))
