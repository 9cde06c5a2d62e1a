"""What incidents were imported from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table of its own; code that knows nothing of it may go on beside."""
    op.create_table(
        "veris",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("incident_id", sa.String(200), nullable=False),
        sa.Column("document", sa.JSON()),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_veris_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_veris")),
        sa.UniqueConstraint("incident_id", name=op.f("uq_veris_incident_id")),
        comment="The VERIS document that an incident was imported from, with all that we have no field for; null once erased.",
    )
