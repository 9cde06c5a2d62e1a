"""When the last record was noticed, beside the chain's end; and a case's files and dispositions, found without looking at all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from isms_workflow.store.types import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whoever appends has the chain's end locked, and need not look the last record up for its instant."""
    op.add_column("audit_head", sa.Column("noticed_at", Instant()))
    op.create_index("evidence_of_case", "evidence", ["case_id"])
    op.create_index("dispositions_of_case", "dispositions", ["case_id"])
    op.execute("UPDATE audit_head SET noticed_at = (SELECT noticed_at FROM audit WHERE audit.seq = audit_head.seq)")
