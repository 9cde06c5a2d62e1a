"""A body at work holds a lease on its case, so that others can tell a living run from a lost one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.refusals import Unknown
from isms_workflow.errors import IsmsError
from isms_workflow.store.database import Store, Transaction
from isms_workflow.store.statements import among
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.tables import cases

LEASE = timedelta(seconds=30)
"""How long a lease holds without being renewed."""

RENEWAL = timedelta(seconds=10)
"""How often a body at work renews it."""


class NotCurrent(IsmsError):
    """A run that isn't its case's current one: started by hand, a retry, a duplicate. It says so and completes."""

    status = 409

    def __init__(self, case: str, current: str) -> None:
        super().__init__(case, current)
        self.case, self.current = case, current

    def __str__(self) -> str:
        return f"Nothing to do: {self.case} is led by flow run {self.current}."


def take(store: Store, case: str, run: str | None, now: datetime) -> str | None:
    """The body begins: it reads the truth at the wake that is wanted now. A case without a run adopts this one.

    Returns the lease, which is this body's alone: the same run's next body has another. None outside
    Prefect, where nobody needs to look for lost bodies. Raises `NotCurrent` if another run leads the
    case, `Unknown` if there is no such case.
    """
    lease = None if run is None else new_id()
    with store.write() as tx:
        row = _locked(tx, case)
        if run is not None and row.flow_run_id is not None and row.flow_run_id != run:
            raise NotCurrent(row.reference, row.flow_run_id)
        tx.execute(update(cases).where(cases.c.id == case).values(
            flow_run_id=run or row.flow_run_id, wake_seen=row.wake_wanted, lease=lease,
            lease_until=None if run is None else now + LEASE))
    return lease


def renew(store: Store, case: str, lease: str, now: datetime) -> None:
    """The body is still at work."""
    with store.write() as tx:
        tx.execute(update(cases).where(cases.c.id == case, cases.c.lease == lease).values(lease_until=now + LEASE))


def give_back(store: Store, case: str, lease: str) -> None:
    """The body ends, suspended or completed, knowingly: nobody needs to look for it."""
    with store.write() as tx:
        tx.execute(update(cases).where(cases.c.id == case, cases.c.lease == lease).values(lease=None, lease_until=None))


def saw(tx: Transaction, case: str, wanted: int) -> None:
    """The body has read the truth at this wake."""
    tx.execute(update(cases).where(cases.c.id == case, cases.c.wake_seen < wanted).values(wake_seen=wanted))


def _locked(tx: Transaction, case: str) -> Any:
    row = tx.execute(questions.locked(), among.ids((case,))).first()
    if row is None:
        raise Unknown("case", case)
    return row
