"""The append-only history: the chain, what stands beside it, and the checkpoints that leave the computer."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Digest, Id, Instant

Sequence = BigInteger().with_variant(Integer, "sqlite")

KEYS = "kind IN ('chain.keyed', 'chain.rotated')"
"""The records that name a key; written out, because an index's condition is matched to a question's word by word."""

audit = Table(
    "audit",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=False),
    Column("kind", String(40), nullable=False),
    Column("case_id", Id),
    Column("subject", Id),
    Column("actor", Id, nullable=False),
    Column("happened_at", Instant, nullable=False),
    Column("noticed_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("hash", Digest, nullable=False),
    Index("audit_of_case", "case_id", "seq"),
    Index("audit_keys", "seq", sqlite_where=text(KEYS), postgresql_where=text(KEYS)),  # a handful, found at once
    comment="One line a record: the canonical bytes, their hash, and columns to search by.",
)

audit_private = Table(
    "audit_private",
    metadata,
    Column("seq", Sequence, ForeignKey("audit.seq"), primary_key=True),
    Column("field", String(60), primary_key=True),
    Column("person", Id),  # whose data it is, where it is somebody's: erased with them
    Column("salt", Digest),
    Column("value", Text),
    Column("erased_at", Instant),
    CheckConstraint("(value IS NULL) = (salt IS NULL)", name="together"),
    Index("audit_private_of", "person"),
    comment="Personal data and free text beside the chain: SHA-256(salt ‖ value) stands in the record.",
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", Sequence, nullable=False),
    Column("hash", Digest, nullable=False),
    Column("noticed_at", Instant),  # of the last record; null before the first
    CheckConstraint("id = 1", name="single"),
    comment="The lock that all writers share; taken last.",
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("seq", Sequence, ForeignKey("audit.seq"), primary_key=True),
    Column("hash", Digest, nullable=False),
    Column("at", Instant, nullable=False),
    Column("key", Digest, nullable=False),
    Column("signature", Text, nullable=False),
)
