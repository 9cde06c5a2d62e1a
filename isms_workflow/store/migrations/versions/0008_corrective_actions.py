"""Corrective actions beside their cases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Their tables; code that knows nothing of them couldn't carry out their deadlines, which 0003 says of incidents already."""
    op.create_table(
        "corrective_actions",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(36), nullable=False),
        sa.Column("gravity", sa.String(60), nullable=False),
        sa.Column("opened_by", sa.String(36), nullable=False),
        sa.Column("round", sa.Integer(), server_default="1", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("from_case", sa.String(36)),
        sa.Column("title", sa.Text()),
        sa.Column("description", sa.Text()),
        sa.CheckConstraint("round >= 1 AND failed >= 0 AND failed <= round", name=op.f("ck_corrective_actions_rounds")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_corrective_actions_case_id")),
        sa.ForeignKeyConstraint(["from_case"], ["cases.id"], name=op.f("fk_corrective_actions_from_case")),
        sa.ForeignKeyConstraint(["owner"], ["people.id"], name=op.f("fk_corrective_actions_owner")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_corrective_actions")),
    )
    op.create_index("corrective_actions_of_owner", "corrective_actions", ["owner"])
    op.create_index("corrective_actions_from", "corrective_actions", ["from_case"])
    op.create_table(
        "corrective_owners",
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_corrective_owners_case_id")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_corrective_owners_person")),
        sa.PrimaryKeyConstraint("case_id", "person", name=op.f("pk_corrective_owners")),
        comment="Whoever ever owned an action: they neither decide on it nor check it.",
    )
