"""The clock: what falls due happens, to the second, whether or not anything else runs.

Any number of these processes may run; each claims the cases it works on.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from isms_workflow.domain.plan import Plan
from isms_workflow.domain.records import AuditRecord, DeadlineRecord, Scalar
from isms_workflow.domain.rules.common import LADDER, LAPSE
from isms_workflow.domain.rules.expiry import expire
from isms_workflow.domain.rules.ladder import LATE, Deadline
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import notices, offices, outbox, reading
from isms_workflow.engine.health import BEAT
from isms_workflow.engine.seams import Seam, reach
from isms_workflow.engine.writer import write
from isms_workflow.errors import IsmsError
from isms_workflow.store import audit
from isms_workflow.store.database import DatabaseGone, Store, Transaction
from isms_workflow.store.statements import deadlines as questions
from isms_workflow.store.statements import housekeeping

log = logging.getLogger(__name__)

LIMIT = 500
"""Deadlines a batch: large enough to hide the cost of a commit, small enough not to keep people waiting."""

HANDS = 2
"""Batches of a backlog that are worked on at once on PostgreSQL: the last of 10,000 is done in two thirds of the time."""

BREATH = 0.005
"""Seconds between batches: without them a person's decision waited up to 1.9 s beside a clock that caught up."""


def turn(store: Store, now: datetime, limit: int = LIMIT) -> bool:
    """Settle one batch of due deadlines. True: more is due, come back after a breath; False: sleep until the next.

    A batch is decided and written whole. If it fails it is taken one by one: a deadline whose event
    raises is set aside and logged with its case; one whose case moved meanwhile is read again.
    """
    try:
        found, settled = settle(store, now, limit)
    except Exception as error:  # noqa: BLE001 - whatever one of them raises, the others go on
        log.warning("A batch of deadlines failed (%s); taking them one by one.", error,
                    extra={"action": "deadline.batch_failed"})
        found = settled = sum(settle_or_set_aside(store, now) for _ in range(limit))
    return found == limit or found > settled


def settle(store: Store, now: datetime, limit: int) -> tuple[int, int]:
    """Carries out a batch in one transaction. Returns how many were due, and how many were carried out."""
    with uncollected(), store.write() as tx:
        rows = tx.execute(questions.due(now, limit)).all()
        batch = _one_a_case([_deadline(row) for row in rows])
        if not batch:
            return 0, 0
        reach(Seam.CLAIMED)
        _carry_out(tx, batch, now)
    reach(Seam.COMMITTED)
    return len(rows), len(batch)


def _carry_out(tx: Transaction, batch: Sequence[Deadline], now: datetime) -> None:
    write(tx, _decided(tx, batch, now), now, fired=[d.id for d in batch])


@contextmanager
def uncollected() -> Iterator[None]:
    """A batch makes tens of thousands of objects and no cycles: looking for cycles amid it costs a quarter of its time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def settle_or_set_aside(store: Store, now: datetime) -> bool:
    """The earliest due deadline: carried out, or set aside with its error and told to the operator.

    False if none is due. Raises `DatabaseGone`: that is the database's trouble, and the deadline stays due.
    """
    deadline: Deadline | None = None
    try:
        with store.write() as tx:
            row = tx.execute(questions.due(now, 1)).first()
            if row is not None:
                deadline = _deadline(row)
                _carry_out(tx, [deadline], now)
    except DatabaseGone:
        raise
    except Exception as error:
        if deadline is None:
            raise
        set_aside(store, deadline, now, str(error) if isinstance(error, IsmsError) else repr(error))
    return deadline is not None


def set_aside(store: Store, deadline: Deadline, now: datetime, error: str) -> None:
    """One that can't be carried out: it keeps its error, and the operator is told; the others go on."""
    log.error("Deadline %s of case %s is set aside: %s", deadline.id, deadline.case, error,
              extra={"action": "deadline.failed"})
    with store.write() as tx:
        if tx.execute(questions.set_aside(deadline.id, now, error[:2000])).rowcount != 1:
            return  # another clock was quicker
        about = {"what": "deadline", "deadline": deadline.id, "case": deadline.case}
        outbox.put(tx, notices.to_operators(tx, "deadline_failed", f"deadline:{deadline.id}", about, now), now)
        audit.append(tx, [AuditRecord(DeadlineRecord.FAILED, "clock", deadline.due_at, now, deadline.case,
                                      deadline.subject_id, {"deadline": deadline.id, "event": deadline.event})])


def _decided(tx: Transaction, batch: Sequence[Deadline], now: datetime) -> list[Plan]:
    light = [d for d in batch if _is_light(d)]
    heavy = [d for d in batch if not _is_light(d)]
    views: dict[str, CaseView] = {}
    if light:
        steps = [d.subject_id for d in light if d.subject == "step"]
        gates = [d.subject_id for d in light if d.subject == "gate"]
        views |= reading.partial(tx, [d.case for d in light], steps, gates, offices.directory(tx, now))
    if heavy:
        views |= reading.views(tx, [d.case for d in heavy], now)
    return [_lately(tx, expire(views[d.case], d, When(d.due_at, now)), d, now) for d in batch]


def _lately(tx: Transaction, plan: Plan, deadline: Deadline, now: datetime) -> Plan:
    """What is carried out over a minute late says so in its records, and why nobody did it in time."""
    late = now - deadline.due_at
    if late < LATE:
        return plan
    ran = tx.execute(housekeeping.ran("clock", deadline.due_at - BEAT * 2, deadline.due_at)).first()
    said: dict[str, Scalar] = {"late_s": int(late.total_seconds()),
                               "late_because": "the clock was behind" if ran else "no clock was running"}
    return replace(plan, record=tuple(replace(line, data={**line.data, **said}) for line in plan.record),
                   change=tuple(replace(c, line=replace(c.line, data={**c.line.data, **said})) for c in plan.change))


def _is_light(deadline: Deadline) -> bool:
    """Whether its case and its own step or gate are all that deciding takes."""
    return deadline.event == LAPSE or (deadline.event == LADDER and deadline.subject != "gate")


def _one_a_case(batch: Sequence[Deadline]) -> list[Deadline]:
    """The first of each case: the next one is decided on what this one wrote."""
    first: dict[str, Deadline] = {}
    for deadline in batch:
        first.setdefault(deadline.case, deadline)
    return list(first.values())


def _deadline(row: Any) -> Deadline:
    return Deadline(row.id, row.case_id, row.subject, row.subject_id, row.event, row.due_at, row.ladder, row.level,
                    row.repeat, row.rule.get("base") if row.rule else None)


def drain(store: Store, now: Callable[[], datetime], rest: Callable[[float], object] = time.sleep,
          goes_on: Callable[[], bool] = lambda: True) -> None:
    """Settles everything that is due, batch after batch, and rests for a breath between them.

    A backlog on PostgreSQL is taken with two hands: one batch is decided here while the server writes the other.
    Raises `DatabaseGone`.
    """
    def settle_on() -> None:
        while goes_on() and turn(store, now()):
            rest(BREATH)

    if not goes_on() or not turn(store, now()):
        return
    with ThreadPoolExecutor(HANDS) as hands:
        for hand in [hands.submit(settle_on) for _ in range(1 if store.is_sqlite else HANDS)]:
            hand.result()


def earliest(store: Store) -> datetime | None:
    """The next armed instant; None if nothing is armed."""
    with store.read() as conn:
        found: datetime | None = conn.execute(questions.earliest()).scalar()
    return found


def sleep_until(next_due: datetime | None, now: datetime, longest: timedelta = timedelta(seconds=30)) -> float:
    """Seconds to sleep: until the next deadline, never longer than 30 s, because a sleeping machine's wait stands still."""
    if next_due is None:
        return longest.total_seconds()
    return min(longest, max(timedelta(0), next_due - now)).total_seconds()
