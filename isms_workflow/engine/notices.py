"""Notices that concern no single case: to whoever operates the system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from isms_workflow.domain.messages import Message, Notice
from isms_workflow.engine import offices
from isms_workflow.store.database import Transaction


def to_operators(tx: Transaction, what: str, occasion: str, about: Mapping[str, Any], now: datetime) -> list[Message]:
    """One notice to every active administrator; `what` says which of the operator's troubles it is."""
    people = offices.directory(tx, now).people.values()
    facts = {**about, "trouble": what, "at": now.isoformat()}
    return [Notice("operator_notice", p.id, facts).message(occasion, None)
            for p in people if p.active and p.role == "admin"]
