"""Cases and what they wait for: steps, gates, deadlines, and the history of their states."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Digest, Id, Instant

machine_states = Table(
    "machine_states",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("state", String(40), primary_key=True),
    comment="Filled from the machines at upgrade: a new state is a row, not a rebuilt table.",
)

counters = Table(
    "counters",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("reference", String(40), nullable=False, unique=True),
    Column("state", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("machine_version", Integer, nullable=False),
    Column("programme", Digest, ForeignKey("programmes.digest"), nullable=False),
    Column("label", String(20), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("phase_opened_at", Instant),
    Column("paused_at", Instant),
    Column("paused_until", Instant),
    Column("closed_at", Instant),
    Column("wake_wanted", Integer, nullable=False, server_default="0"),
    Column("wake_seen", Integer, nullable=False, server_default="0"),
    Column("wake_at", Instant),
    Column("flow_run_id", Id),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("lease", Id),
    Column("lease_until", Instant),
    ForeignKeyConstraint(["kind", "state"], ["machine_states.kind", "machine_states.state"], name="fk_cases_state"),
    CheckConstraint("label IN ('internal', 'confidential', 'restricted')", name="label"),
    CheckConstraint("wake_seen <= wake_wanted", name="wake"),
    Index(  # one cycle is open at a time
        "one_open_cycle",
        "kind",
        unique=True,
        sqlite_where=text("kind = 'pdca' AND closed_at IS NULL"),
        postgresql_where=text("kind = 'pdca' AND closed_at IS NULL"),
    ),
    Index("cases_with_work", "wake_at", sqlite_where=text("wake_wanted > wake_seen"),
          postgresql_where=text("wake_wanted > wake_seen")),  # read by the deliverer
    Index("cases_leased", "lease_until", sqlite_where=text("lease IS NOT NULL"),
          postgresql_where=text("lease IS NOT NULL")),
)

BY_PEOPLE = "length(actor) = 36"
"""What people did: their ids have 36 characters, agents a short word. Written out, for a question matches it word by word."""

transitions = Table(
    "transitions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("subject", String(10), nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("event", String(40), nullable=False),
    Column("from_state", String(40), nullable=False),
    Column("to_state", String(40), nullable=False),
    Column("actor", Id, nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("noticed_at", Instant, nullable=False),
    Column("audit_seq", Integer, nullable=False),
    CheckConstraint("subject IN ('case', 'step', 'gate')", name="subject"),
    Index("transitions_of_case", "case_id", "audit_seq"),
    Index("transitions_by_people", "actor", "happened_at",  # for those who look at what they did; the clock writes none of it
          sqlite_where=text(BY_PEOPLE), postgresql_where=text(BY_PEOPLE)),
)

steps = Table(
    "steps",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("phase", String(40), nullable=False),
    Column("key", String(80), nullable=False),
    Column("position", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("responsibility", String(60), nullable=False),
    Column("owner", Id, ForeignKey("people.id")),
    Column("due_at", Instant),
    Column("due_rule", JSON),
    Column("opened_at", Instant),
    Column("settled_at", Instant),
    Column("settled_by", Id),
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("carried_from", Id, ForeignKey("steps.id")),
    UniqueConstraint("case_id", "key"),
    CheckConstraint("state IN ('waiting', 'open', 'done', 'waived', 'cancelled')", name="state"),
    CheckConstraint("(state IN ('done', 'waived', 'cancelled')) = (settled_at IS NOT NULL)", name="settled"),
    CheckConstraint("state <> 'open' OR (owner IS NOT NULL AND due_at IS NOT NULL)", name="owed"),
    Index("steps_of_owner", "owner", "state"),
)

comments = Table(
    "comments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("step_id", Id, ForeignKey("steps.id"), nullable=False, index=True),
    Column("author", Id, ForeignKey("people.id"), nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("text", Text),
    Column("commitment", Digest, nullable=False),
    Column("erased_at", Instant),
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("step_id", Id, ForeignKey("steps.id"), index=True),
    Column("sha256", Digest, nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("name", Text),
    Column("commitment", Digest, nullable=False),
    Column("media_type", String(120), nullable=False),
    Column("label", String(20), nullable=False),
    Column("added_by", Id, ForeignKey("people.id")),
    Column("added_at", Instant, nullable=False),
    Column("replaces", Id, ForeignKey("evidence.id")),
    Column("withdrawn_at", Instant),
    Column("checked_at", Instant),
    Column("damaged_at", Instant),
    CheckConstraint("size > 0", name="size"),
    CheckConstraint("label IN ('internal', 'confidential', 'restricted')", name="label"),
    CheckConstraint(  # what came with a report is of no step; what isn't a person's came with a report
        "(step_id IS NULL AND replaces IS NULL) OR (step_id IS NOT NULL AND added_by IS NOT NULL)", name="of"),
    Index("evidence_to_check", "checked_at"),
    Index("evidence_of_case", "case_id"),
)

gates = Table(
    "gates",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("name", String(40), nullable=False),
    Column("round", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", Digest, nullable=False),
    Column("quorum", Integer, nullable=False),
    Column("relaxed", Text),
    Column("opened_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("due_rule", JSON),
    Column("closed_at", Instant),
    Column("answered_at", Instant),  # after a reject or lapse: when its wait ended
    UniqueConstraint("case_id", "name", "round"),
    CheckConstraint(
        "state IN ('open', 'passed', 'returned', 'rejected', 'lapsed', 'withdrawn', 'superseded')", name="state"
    ),
    CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    Index("one_open_gate", "case_id", "name", unique=True,  # a case never waits twice for one gate
          sqlite_where=text("closed_at IS NULL"), postgresql_where=text("closed_at IS NULL")),
    Index("one_passed_gate", "case_id", "name", unique=True,  # and passes it once
          sqlite_where=text("state = 'passed'"), postgresql_where=text("state = 'passed'")),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("gate_id", Id, ForeignKey("gates.id"), nullable=False),
    Column("digest", Digest, nullable=False),
    Column("person", Id, ForeignKey("people.id"), nullable=False),
    Column("for_person", Id, ForeignKey("people.id")),
    Column("responsibility", String(60), nullable=False),
    Column("answer", String(10), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("voided_at", Instant),
    CheckConstraint("answer IN ('approve', 'return', 'reject')", name="answer"),
    CheckConstraint("for_person IS NULL OR for_person <> person", name="delegation"),
    Index("one_person_once", "gate_id", "person", unique=True,  # whatever hats; once voided, again
          sqlite_where=text("voided_at IS NULL"), postgresql_where=text("voided_at IS NULL")),
)

dispositions = Table(
    "dispositions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("step_id", Id, ForeignKey("steps.id"), nullable=False, unique=True),
    Column("answer", String(10), nullable=False),
    Column("to_person", Id, ForeignKey("people.id")),
    Column("decided_by", Id, ForeignKey("people.id"), nullable=False),
    Column("decided_at", Instant, nullable=False),
    CheckConstraint("answer IN ('carried', 'declined')", name="answer"),
    CheckConstraint("(answer = 'carried') = (to_person IS NOT NULL)", name="by_name"),
    Index("dispositions_of_case", "case_id"),
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("subject", String(10), nullable=False),
    Column("subject_id", Id, nullable=False),
    Column("event", String(40), nullable=False),
    Column("ladder", String(60)),
    Column("level", Integer),
    Column("repeat", Integer, nullable=False, server_default="0"),
    Column("due_at", Instant, nullable=False),
    Column("rule", JSON),
    Column("armed_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("outcome", String(10)),
    Column("noticed_at", Instant),
    Column("error", Text),
    CheckConstraint("subject IN ('case', 'step', 'gate')", name="subject"),
    CheckConstraint("outcome IN ('fired', 'cancelled', 'failed')", name="outcome"),
    CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name="settled"),
    Index("deadlines_due", "due_at", "id",  # the clock's only question
          sqlite_where=text("settled_at IS NULL"), postgresql_where=text("settled_at IS NULL")),
    Index("one_armed_level", "subject_id", "event", unique=True,  # a wait has one next level; asked by subject, too
          sqlite_where=text("settled_at IS NULL"), postgresql_where=text("settled_at IS NULL")),
    Index("deadlines_of_case", "case_id"),
    Index("deadlines_failed", "settled_at", sqlite_where=text("outcome = 'failed'"),
          postgresql_where=text("outcome = 'failed'")),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String(200), nullable=False, unique=True),
    Column("channel", String(20), nullable=False),
    Column("case_id", Id, ForeignKey("cases.id")),
    Column("payload", JSON, nullable=False),
    Column("sensitive", Boolean, nullable=False, server_default=text("false")),
    Column("queued_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("claimed_until", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("settled_at", Instant),
    Column("outcome", String(10)),
    Column("error", Text),
    Column("person", Id),  # whom it tells
    Column("urgency", String(10), nullable=False, server_default="ordinary"),
    Column("held", String(10)),  # why it doesn't leave at once: delay, quiet, flood
    CheckConstraint("outcome IN ('sent', 'dead', 'unsent')", name="outcome"),
    CheckConstraint("(outcome IS NULL) = (settled_at IS NULL)", name="settled"),
    Index("outbox_due", "channel", "due_at", "id",  # read by the deliverer
          sqlite_where=text("settled_at IS NULL"), postgresql_where=text("settled_at IS NULL")),
    Index("outbox_dead", "settled_at", sqlite_where=text("outcome = 'dead'"),
          postgresql_where=text("outcome = 'dead'")),
)

channels = Table(
    "channels",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("failing_since", Instant),
    Column("paused_until", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("noticed_at", Instant),
    Column("error", Text),
    comment="A service that can't be reached pauses its channel as a whole.",
)

reached = Table(
    "reached",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("person", Id, ForeignKey("people.id"), primary_key=True),
    Column("since", Instant, nullable=False),
    comment="Whom a ladder has reached: people of the case from that instant.",
)

planned_starts = Table(
    "planned_starts",
    metadata,
    Column("schedule", String(60), primary_key=True),
    Column("planned_at", Instant, primary_key=True),
    Column("handled_at", Instant, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("case_id", Id, ForeignKey("cases.id")),
)
