"""The history and what stands beside it, as the first release made them. Frozen: later releases add migrations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Makes these tables with their constraints and indexes, in the order in which they refer to each other."""
    _audit()
    _audit_head()
    _audit_private()
    _checkpoints()


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(36)),
        sa.Column("subject", sa.String(36)),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
        comment="One line a record: the canonical bytes, their hash, and columns to search by.",
    )
    op.create_index(
        "audit_keys",
        "audit",
        ["seq"],
        sqlite_where=sa.text("kind IN ('chain.keyed', 'chain.rotated')"),
        postgresql_where=sa.text("kind IN ('chain.keyed', 'chain.rotated')"),
    )
    op.create_index("audit_of_case", "audit", ["case_id", "seq"])


def _audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
        comment="The lock that all writers share; taken last.",
    )


def _audit_private() -> None:
    op.create_table(
        "audit_private",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("field", sa.String(60), nullable=False),
        sa.Column("person", sa.String(36)),
        sa.Column("salt", sa.String(64)),
        sa.Column("value", sa.Text()),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(value IS NULL) = (salt IS NULL)", name=op.f("ck_audit_private_together")),
        sa.ForeignKeyConstraint(["seq"], ["audit.seq"], name=op.f("fk_audit_private_seq")),
        sa.PrimaryKeyConstraint("seq", "field", name=op.f("pk_audit_private")),
        comment="Personal data and free text beside the chain: SHA-256(salt ‖ value) stands in the record.",
    )
    op.create_index("audit_private_of", "audit_private", ["person"])


def _checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["audit.seq"], name=op.f("fk_checkpoints_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_checkpoints")),
    )
