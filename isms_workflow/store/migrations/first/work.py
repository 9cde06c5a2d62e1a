"""Cases, steps, gates and what was decided, as the first release made them. Frozen: later releases add migrations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create() -> None:
    """Makes these tables with their constraints and indexes, in the order in which they refer to each other."""
    _counters()
    _machine_states()
    _cases()
    _gates()
    _steps()
    _transitions()
    _comments()
    _decisions()
    _dispositions()
    _evidence()


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "year", name=op.f("pk_counters")),
    )


def _machine_states() -> None:
    op.create_table(
        "machine_states",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("kind", "state", name=op.f("pk_machine_states")),
        comment="Filled from the machines at upgrade: a new state is a row, not a rebuilt table.",
    )


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("machine_version", sa.Integer(), nullable=False),
        sa.Column("programme", sa.String(64), nullable=False),
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("phase_opened_at", sa.DateTime(timezone=True)),
        sa.Column("paused_at", sa.DateTime(timezone=True)),
        sa.Column("paused_until", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("wake_wanted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wake_seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wake_at", sa.DateTime(timezone=True)),
        sa.Column("flow_run_id", sa.String(36)),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lease", sa.String(36)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "label IN ('internal', 'confidential', 'restricted')", name=op.f("ck_cases_label")
        ),
        sa.CheckConstraint("wake_seen <= wake_wanted", name=op.f("ck_cases_wake")),
        sa.ForeignKeyConstraint(
            ["kind", "state"], ["machine_states.kind", "machine_states.state"], name="fk_cases_state"
        ),
        sa.ForeignKeyConstraint(["programme"], ["programmes.digest"], name=op.f("fk_cases_programme")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("reference", name=op.f("uq_cases_reference")),
    )
    op.create_index(
        "cases_leased",
        "cases",
        ["lease_until"],
        sqlite_where=sa.text("lease IS NOT NULL"),
        postgresql_where=sa.text("lease IS NOT NULL"),
    )
    op.create_index(
        "cases_with_work",
        "cases",
        ["wake_at"],
        sqlite_where=sa.text("wake_wanted > wake_seen"),
        postgresql_where=sa.text("wake_wanted > wake_seen"),
    )
    op.create_index(
        "one_open_cycle",
        "cases",
        ["kind"],
        unique=True,
        sqlite_where=sa.text("kind = 'pdca' AND closed_at IS NULL"),
        postgresql_where=sa.text("kind = 'pdca' AND closed_at IS NULL"),
    )


def _gates() -> None:
    op.create_table(
        "gates",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("relaxed", sa.Text()),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_rule", sa.JSON()),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("answered_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name=op.f("ck_gates_closed")),
        sa.CheckConstraint(
            "state IN ('open', 'passed', 'returned', 'rejected', 'lapsed', 'withdrawn', 'superseded')",
            name=op.f("ck_gates_state"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_gates_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gates")),
        sa.UniqueConstraint("case_id", "name", "round", name=op.f("uq_gates_case_id_name_round")),
    )
    op.create_index(
        "one_open_gate",
        "gates",
        ["case_id", "name"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "one_passed_gate",
        "gates",
        ["case_id", "name"],
        unique=True,
        sqlite_where=sa.text("state = 'passed'"),
        postgresql_where=sa.text("state = 'passed'"),
    )


def _steps() -> None:
    op.create_table(
        "steps",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("phase", sa.String(40), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("responsibility", sa.String(60), nullable=False),
        sa.Column("owner", sa.String(36)),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("due_rule", sa.JSON()),
        sa.Column("opened_at", sa.DateTime(timezone=True)),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("settled_by", sa.String(36)),
        sa.Column("extensions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("carried_from", sa.String(36)),
        sa.CheckConstraint(
            "(state IN ('done', 'waived', 'cancelled')) = (settled_at IS NOT NULL)",
            name=op.f("ck_steps_settled"),
        ),
        sa.CheckConstraint(
            "state <> 'open' OR (owner IS NOT NULL AND due_at IS NOT NULL)", name=op.f("ck_steps_owed")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'open', 'done', 'waived', 'cancelled')", name=op.f("ck_steps_state")
        ),
        sa.ForeignKeyConstraint(["carried_from"], ["steps.id"], name=op.f("fk_steps_carried_from")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_steps_case_id")),
        sa.ForeignKeyConstraint(["owner"], ["people.id"], name=op.f("fk_steps_owner")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
        sa.UniqueConstraint("case_id", "key", name=op.f("uq_steps_case_id_key")),
    )
    op.create_index("steps_of_owner", "steps", ["owner", "state"])


def _transitions() -> None:
    op.create_table(
        "transitions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("subject", sa.String(10), nullable=False),
        sa.Column("subject_id", sa.String(36), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("from_state", sa.String(40), nullable=False),
        sa.Column("to_state", sa.String(40), nullable=False),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audit_seq", sa.Integer(), nullable=False),
        sa.CheckConstraint("subject IN ('case', 'step', 'gate')", name=op.f("ck_transitions_subject")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_transitions_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transitions")),
    )
    op.create_index("transitions_of_case", "transitions", ["case_id", "audit_seq"])


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("step_id", sa.String(36), nullable=False),
        sa.Column("author", sa.String(36), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(["author"], ["people.id"], name=op.f("fk_comments_author")),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name=op.f("fk_comments_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_step_id"), "comments", ["step_id"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("gate_id", sa.String(36), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("person", sa.String(36), nullable=False),
        sa.Column("for_person", sa.String(36)),
        sa.Column("responsibility", sa.String(60), nullable=False),
        sa.Column("answer", sa.String(10), nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("answer IN ('approve', 'return', 'reject')", name=op.f("ck_decisions_answer")),
        sa.CheckConstraint(
            "for_person IS NULL OR for_person <> person", name=op.f("ck_decisions_delegation")
        ),
        sa.ForeignKeyConstraint(["for_person"], ["people.id"], name=op.f("fk_decisions_for_person")),
        sa.ForeignKeyConstraint(["gate_id"], ["gates.id"], name=op.f("fk_decisions_gate_id")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_decisions_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(
        "one_person_once",
        "decisions",
        ["gate_id", "person"],
        unique=True,
        sqlite_where=sa.text("voided_at IS NULL"),
        postgresql_where=sa.text("voided_at IS NULL"),
    )


def _dispositions() -> None:
    op.create_table(
        "dispositions",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("step_id", sa.String(36), nullable=False),
        sa.Column("answer", sa.String(10), nullable=False),
        sa.Column("to_person", sa.String(36)),
        sa.Column("decided_by", sa.String(36), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(answer = 'carried') = (to_person IS NOT NULL)", name=op.f("ck_dispositions_by_name")
        ),
        sa.CheckConstraint("answer IN ('carried', 'declined')", name=op.f("ck_dispositions_answer")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_dispositions_case_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["people.id"], name=op.f("fk_dispositions_decided_by")),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name=op.f("fk_dispositions_step_id")),
        sa.ForeignKeyConstraint(["to_person"], ["people.id"], name=op.f("fk_dispositions_to_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispositions")),
        sa.UniqueConstraint("step_id", name=op.f("uq_dispositions_step_id")),
    )


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("case_id", sa.String(36), nullable=False),
        sa.Column("step_id", sa.String(36), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(120), nullable=False),
        sa.Column("label", sa.String(20), nullable=False),
        sa.Column("added_by", sa.String(36), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaces", sa.String(36)),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("damaged_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "label IN ('internal', 'confidential', 'restricted')", name=op.f("ck_evidence_label")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_evidence_size")),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name=op.f("fk_evidence_added_by")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_evidence_case_id")),
        sa.ForeignKeyConstraint(["replaces"], ["evidence.id"], name=op.f("fk_evidence_replaces")),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name=op.f("fk_evidence_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index("evidence_to_check", "evidence", ["checked_at"])
    op.create_index(op.f("ix_evidence_sha256"), "evidence", ["sha256"])
    op.create_index(op.f("ix_evidence_step_id"), "evidence", ["step_id"])
