"""Messages to people: whom, how urgent, why held; every attempt to tell them; how they want to be told; in which order
they are on call.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New columns that may be left out, and a table of its own; code that knows nothing of them may go on beside."""
    op.add_column("outbox", sa.Column("person", sa.String(36)))
    op.add_column("outbox", sa.Column("urgency", sa.String(10), nullable=False, server_default="ordinary"))
    op.add_column("outbox", sa.Column("held", sa.String(10)))
    op.create_table(
        "tries",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("answer", sa.Text()),
        sa.Column("letter", sa.String(64)),
        sa.Column("bundled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False, server_default="1"),
        sa.CheckConstraint("outcome IN ('sent', 'delivered', 'failed', 'dead', 'unsent')", name=op.f("ck_tries_outcome")),
        sa.CheckConstraint("times > 0 AND first_at <= last_at", name=op.f("ck_tries_counted")),
        sa.ForeignKeyConstraint(["message_id"], ["outbox.id"], name=op.f("fk_tries_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tries")),
        comment="Attempts that failed alike are one row, which counts them; those that left together share a letter.",
    )
    op.create_index("tries_lately", "tries", ["channel", "last_at"])
    op.create_index("tries_of", "tries", ["message_id", "first_at"])
    op.create_table(
        "notification_rules",
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("quiet_from", sa.String(5)),
        sa.Column("quiet_until", sa.String(5)),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name=op.f("ck_notification_rules_quiet")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_notification_rules_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_notification_rules")),
        comment="How somebody wants to be told; without a row: by mail at once.",
    )
    op.create_table(
        "rotation_orders",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("turns", sa.String(121), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("set_by", sa.String(36), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_orders")),
        comment="In which order people take turns, from the next hand-over on; earlier orders hold for the shifts before.",
    )
    op.create_index("rotation_orders_of", "rotation_orders", ["turns", "set_at"])
