"""Wake-ups are not lost: a case with work to do gets a run that reads the truth, whatever became of the last one.

Plain code in the deliverer; the Prefect flow `reconciliation` only calls it: what heals Prefect must
not need Prefect.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import update

from isms_workflow.domain.effects import Busy, EffectError
from isms_workflow.engine.prefect.gateway import RunState
from isms_workflow.store.database import Store
from isms_workflow.store.statements import among
from isms_workflow.store.statements import cases as case_questions
from isms_workflow.store.statements import outbox as questions
from isms_workflow.store.tables import cases

log = logging.getLogger(__name__)


class Runs(Protocol):
    """What healing asks of Prefect; `engine.prefect.gateway.PrefectGateway` answers."""

    def start(self, kind: str, case_id: str, reference: str, phase: str | None, attempt: int) -> str:
        """Starts the run of this attempt, or finds it; its id."""

    def state(self, run_id: str) -> RunState:
        """What became of a run."""

    def resume(self, run_id: str) -> None:
        """Lets a suspended run's body begin again."""

    def cancel(self, run_id: str, message: str) -> None:
        """Ends a run that isn't needed any more."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is known of a case and its current run."""

    id: str
    kind: str
    reference: str
    state: str
    wanted: int
    seen: int
    run: str | None
    attempt: int
    lease_until: datetime | None

    def is_there(self, now: datetime) -> bool:
        """A wake that no body has read, or a lease that was never given back."""
        return self.wanted > self.seen or (self.lease_until is not None and self.lease_until < now)


def work(store: Store, case: str) -> Work | None:
    """The case as it is now; None if there is no such case."""
    with store.read() as conn:
        row: Any = conn.execute(case_questions.found(), among.ids((case,))).first()
    if row is None:
        return None
    return Work(row.id, row.kind, row.reference, row.state, row.wake_wanted, row.wake_seen, row.flow_run_id,
                row.attempt, row.lease_until)


def heal(store: Store, runs: Runs, case: str, now: datetime) -> None:
    """Sees to it that some body will read the truth. Returns once one has; raises `Busy` until then.

    A suspended run is resumed. One that is pending, or running under a live lease, is left to it. One
    that has ended, is unknown, has no deployment any more, or whose lease ran out gets a successor
    under the next attempt, and is cancelled with a message. Raises `Unreachable` as Prefect does.
    """
    found = work(store, case)
    if found is None or not found.is_there(now):
        return
    state = runs.state(found.run) if found.run else RunState.MISSING
    if state is RunState.SUSPENDED and found.run:
        runs.resume(found.run)
    elif state is RunState.PENDING or (state is RunState.RUNNING and not _is_lost(found, now)):
        raise Busy(f"{found.reference}: its run is {state}")
    else:
        succeed(store, runs, found, state)
    raise Busy(f"{found.reference}: its run was woken and has not read the truth yet")


def _is_lost(found: Work, now: datetime) -> bool:
    return found.lease_until is not None and found.lease_until < now


def succeed(store: Store, runs: Runs, found: Work, state: RunState) -> None:
    """A new run for the case, under the key `case:attempt+1`; whoever comes second finds the same one."""
    run = runs.start(found.kind, found.id, found.reference, found.state, found.attempt + 1)
    with store.write() as tx:
        tx.execute(update(cases).where(cases.c.id == found.id, cases.c.attempt == found.attempt).values(
            attempt=found.attempt + 1, flow_run_id=run, lease=None, lease_until=None))
    log.info("%s has the new run %s, attempt %d: the one before was %s.", found.reference, run, found.attempt + 1,
             state, extra={"action": "case.run_started", "case": found.reference})
    if found.run and state in (RunState.RUNNING, RunState.ORPHANED):
        runs.cancel(found.run, f"Superseded by run {run}: this one was lost.")


def heal_all(store: Store, runs: Runs, now: datetime) -> int:
    """Looks at every case with work to do; how many still have some. One that can't be healed doesn't stop the rest."""
    with store.read() as conn:
        ids: list[str] = list(conn.execute(questions.cases_to_heal(now)).scalars())
    busy = 0
    for case in ids:
        try:
            heal(store, runs, case, now)
        except Busy:
            busy += 1
        except EffectError as error:
            log.warning("%s", error, extra={"action": "case.not_healed", "case": case})
            raise
    return busy
