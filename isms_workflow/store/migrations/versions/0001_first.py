"""The first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from isms_workflow.store.migrations.first import audit, deadlines, people, work

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every table, an empty chain, and the oldest code that may work on it."""
    people.create()
    work.create()
    deadlines.create()
    audit.create()
    head = sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("hash"))
    op.execute(head.insert().values(id=1, seq=0, hash="0" * 64))
    op.execute("INSERT INTO schema_info (id, min_code) VALUES (1, 1)")
