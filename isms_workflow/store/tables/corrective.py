"""What a corrective action is beside its case, and who ever owned it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from isms_workflow.store.tables.base import metadata
from isms_workflow.store.types import Id

corrective_actions = Table(
    "corrective_actions",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("owner", Id, ForeignKey("people.id"), nullable=False),
    Column("gravity", String(60), nullable=False),
    Column("opened_by", Id, nullable=False),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("from_case", Id, ForeignKey("cases.id")),
    Column("title", Text),
    Column("description", Text),
    CheckConstraint("round >= 1 AND failed >= 0 AND failed <= round", name="rounds"),
    Index("corrective_actions_of_owner", "owner"),
    Index("corrective_actions_from", "from_case"),
)

corrective_owners = Table(
    "corrective_owners",
    metadata,
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True),
    Column("person", Id, ForeignKey("people.id"), primary_key=True),
    comment="Whoever ever owned an action: they neither decide on it nor check it.",
)
