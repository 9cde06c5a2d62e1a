"""The register of information systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Its table; code that knows nothing of it would leave systems with owners who have left, and so may not go on."""
    op.create_table(
        "systems",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(36), nullable=False),
        sa.Column("confidentiality", sa.String(10), nullable=False),
        sa.Column("integrity", sa.String(10), nullable=False),
        sa.Column("availability", sa.String(10), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("availability IN ('low', 'medium', 'high')", name=op.f("ck_systems_availability")),
        sa.CheckConstraint("confidentiality IN ('low', 'medium', 'high')", name=op.f("ck_systems_confidentiality")),
        sa.CheckConstraint("integrity IN ('low', 'medium', 'high')", name=op.f("ck_systems_integrity")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_systems_named")),
        sa.ForeignKeyConstraint(["owner"], ["people.id"], name=op.f("fk_systems_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_systems")),
        comment="What the organisation runs; one that is retired stays for what refers to it.",
    )
    op.create_index(
        "one_system_of_a_name",
        "systems",
        ["folded"],
        unique=True,
        sqlite_where=sa.text("retired_at IS NULL"),
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.execute("UPDATE schema_info SET min_code = 2")
