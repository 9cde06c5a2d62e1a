"""Who may manage accounts: administrators, and the operator beside the database."""

from __future__ import annotations

from datetime import datetime

from isms_workflow.domain.access import Action, NotPermitted, permits
from isms_workflow.domain.machine import OPERATOR
from isms_workflow.domain.people import Actor
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import accounts as statements

NOBODY = "none"


def require(tx: Transaction, actor: Actor, action: Action, what: str, now: datetime) -> None:
    """Nothing, or `NotPermitted` if the actor's role, as it is now, doesn't have the right."""
    if actor.id == OPERATOR:
        return
    role = tx.execute(statements.role_in_use(actor.id, now)).scalar_one_or_none()
    if role is None or not permits(role, action):
        raise NotPermitted(role or NOBODY, action, what)
