"""Closing an account: everything by which somebody could still come in ends in the same transaction."""

from __future__ import annotations

from datetime import datetime

from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import accounts as statements


def lock_out(tx: Transaction, person: str, now: datetime) -> None:
    """End a person's sessions, links and API tokens, so that none revives with the account.

    For whoever deactivates or erases the person, who also writes the audit record.
    """
    tx.execute(statements.revoke_sessions(person, now))
    tx.execute(statements.withdraw_invitations(person, now))
    tx.execute(statements.revoke_tokens(person, now))
