"""Corrective actions beside their cases, and what incidents teach."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Their tables; code that knows nothing of them couldn't carry out their deadlines, which 0003 says of incidents already."""
    _actions()
    _lessons()


def _actions() -> None:
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


def _lessons() -> None:
    op.create_table(
        "lessons",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("step_id", sa.String(36), nullable=False),
        sa.Column("sort", sa.String(10), nullable=False),
        sa.Column("parent", sa.String(36)),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("text", sa.Text()),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("author", sa.String(36), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.Column("answer", sa.String(10)),
        sa.Column("action_case", sa.String(36)),
        sa.Column("answered_by", sa.String(36)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.Column("answered_in", sa.String(36)),
        sa.CheckConstraint("sort IN ('event', 'well', 'improve', 'cause', 'item')", name=op.f("ck_lessons_sort")),
        sa.CheckConstraint("(sort = 'event') = (at IS NOT NULL)", name=op.f("ck_lessons_dated")),
        sa.CheckConstraint("parent IS NULL OR sort = 'cause'", name=op.f("ck_lessons_explains")),
        sa.CheckConstraint("answer IN ('action', 'declined')", name=op.f("ck_lessons_answer")),
        sa.CheckConstraint("answer IS NULL OR sort IN ('improve', 'item')", name=op.f("ck_lessons_asked")),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_lessons_answered")),
        sa.CheckConstraint("(action_case IS NULL) = (answer IS NULL OR answer <> 'action')", name=op.f("ck_lessons_named")),
        sa.ForeignKeyConstraint(["action_case"], ["cases.id"], name=op.f("fk_lessons_action_case")),
        sa.ForeignKeyConstraint(["answered_by"], ["people.id"], name=op.f("fk_lessons_answered_by")),
        sa.ForeignKeyConstraint(["answered_in"], ["steps.id"], name=op.f("fk_lessons_answered_in")),
        sa.ForeignKeyConstraint(["author"], ["people.id"], name=op.f("fk_lessons_author")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_lessons_case_id")),
        sa.ForeignKeyConstraint(["parent"], ["lessons.id"], name=op.f("fk_lessons_parent")),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name=op.f("fk_lessons_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lessons")),
        comment="What was learned from an incident, and what became of it: a corrective action, or a reason why not.",
    )
    op.create_index("lessons_of_case", "lessons", ["case_id"])
    op.create_index("lessons_to_answer", "lessons", ["sort"],
                    sqlite_where=sa.text("answer IS NULL AND withdrawn_at IS NULL"),
                    postgresql_where=sa.text("answer IS NULL AND withdrawn_at IS NULL"))
