"""The nightly round: the chain is verified, a share of the evidence re-hashed, and what is old enough forgotten."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from isms_workflow.domain.machine import ENGINE
from isms_workflow.domain.records import AuditRecord, ChainRecord, EvidenceRecord, Scalar
from isms_workflow.engine import accesslog, programmes
from isms_workflow.engine.accounts import sessions, throttle
from isms_workflow.engine.hourly import tell
from isms_workflow.store import audit
from isms_workflow.store.audit import Checkpoint, Verdict
from isms_workflow.store.database import Store
from isms_workflow.store.files import EvidenceFiles
from isms_workflow.store.statements import cases as case_questions
from isms_workflow.store.statements import housekeeping as questions

log = logging.getLogger(__name__)

WITHIN_NIGHTS = 28
"""Every file is looked at within 30 days, two missed nights allowed."""

ANSWERS_KEPT = timedelta(days=7)
"""A program that repeats a write under the same key does so within minutes; a week spans an outage."""

MAIL_LINKS_KEPT = timedelta(days=30)
"""So long a link that is pressed after its time still says which incident it was of."""

HOOK_ANSWERS_KEPT = timedelta(days=1)
"""A message's own timestamp lets it be taken for five minutes."""

MAILS_KEPT = timedelta(days=90)
"""A mail that became a report, and couldn't be moved because its server was away since, is none again when it is back."""

SERVICES_KEPT = timedelta(days=7)
UPLOADS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Night:
    """What a night's round found and did."""

    verdict: Verdict
    hours: int
    checked: int
    damaged: int
    forgotten: int

    def __str__(self) -> str:
        log_says = f"{self.hours} hours of the access log were changed" if self.hours else "the access log is intact"
        return (f"{self.verdict} {self.checked} files looked at, {self.damaged} damaged; {log_says}; "
                f"{self.forgotten} old rows forgotten.")


def run(store: Store, files: EvidenceFiles, data: Path, now: datetime) -> Night:
    """The whole round. What is wrong is told to the operators; the other parts go on.

    The file for checkpoints that the programme names is relative to `data`.
    """
    verdict = verify(store, data, now)
    hours = _check_access_log(store, now)
    checked, damaged = check_files(store, files, now)
    return Night(verdict, hours, checked, damaged, forget(store, files, now))


def verify(store: Store, data: Path, now: datetime) -> Verdict:
    """Verifies the chain from the first record to the last, and against the file outside; writes down that it was done."""
    outside = _outside(store, data, now)  # before the look at the chain, so that it knows nothing that came later
    with store.read() as conn:
        verdict = audit.verify(conn, outside)
    facts: dict[str, Scalar] = {"records": verdict.records, "head": verdict.head, "intact": verdict.ok}
    if verdict.broken:
        facts["first_bad"] = verdict.broken.seq
        tell(store, "chain_broken", f"the first bad record is {verdict.broken.seq}", now, error=str(verdict.broken))
    with store.write() as tx:
        audit.append(tx, [AuditRecord(ChainRecord.CHECKED, ENGINE, now, now, data=facts)])
    return verdict


def _outside(store: Store, data: Path, now: datetime) -> list[Checkpoint]:
    """What stands in the file for checkpoints that the programme names; one that can't be read is told."""
    with store.read() as conn:
        if conn.execute(case_questions.programme_in_force()).scalar() is None:
            return []
        file = programmes.in_force(conn).programme.checkpoint_file
    try:
        return audit.kept_checkpoints(data / file) if file else []
    except audit.CheckpointUnreadable as error:
        tell(store, "watchdog", "the file for checkpoints can't be read", now, "checkpoints", str(error))
        return []


def _check_access_log(store: Store, now: datetime) -> int:
    with store.read() as conn:
        hours = accesslog.damaged(conn, now)
    if hours:
        first = f"{min(hours):%Y-%m-%d %H:%M} UTC"
        tell(store, "chain_broken", f"{len(hours)} hours of the access log are not as they were sealed, the first "
                                    f"that of {first}", now, occasion="accesses")
    return len(hours)


def check_files(store: Store, files: EvidenceFiles, now: datetime) -> tuple[int, int]:
    """Re-hashes a share of the evidence, the longest unseen first; how many files, and how many are damaged.

    A file that was damaged and has its content back is well again.
    """
    with store.read() as conn:
        total = conn.execute(questions.files_kept()).scalar_one()
        overdue = conn.execute(questions.files_overdue(now - timedelta(days=WITHIN_NIGHTS))).scalar_one()
        share = list(conn.execute(questions.files_to_check(max(ceil(total / WITHIN_NIGHTS), overdue))).scalars())
    bad = [sha256 for sha256 in share if not files.rehash(sha256)]
    well = [sha256 for sha256 in share if sha256 not in bad]
    with store.write() as tx:
        for start in range(0, len(well), 500):
            tx.execute(questions.checked(well[start:start + 500], now))
    _damaged(store, bad, now)
    return len(share), len(bad)


def _damaged(store: Store, files: Iterable[str], now: datetime) -> None:
    """One record for each evidence that has lost its file, at its first finding; told as long as it lasts."""
    for sha256 in files:
        log.error("Evidence file %s is lost or was changed.", sha256, extra={"action": "evidence.damaged"})
        with store.write() as tx:
            rows = tx.execute(questions.damaged(sha256, now)).all()
            tx.execute(questions.still_damaged(sha256, now))
            audit.append(tx, [AuditRecord(EvidenceRecord.DAMAGED, ENGINE, now, now, row.case_id, row.step_id or row.case_id,
                                          {"evidence": row.id, "sha256": sha256}) for row in rows])
        tell(store, "evidence_damaged", f"the file with the digest {sha256[:16]}…", now, occasion=sha256[:16])


def forget(store: Store, files: EvidenceFiles, now: datetime) -> int:
    """Deletes what nobody needs any more: old answers, attempts, sessions, accesses, heartbeats, half uploads."""
    with store.write() as tx:
        gone = tx.execute(questions.forget_answers(now - ANSWERS_KEPT)).rowcount
        gone += tx.execute(questions.forget_mail_links(now - MAIL_LINKS_KEPT)).rowcount
        gone += tx.execute(questions.forget_hook_answers(now - HOOK_ANSWERS_KEPT, now - MAILS_KEPT)).rowcount
        gone += tx.execute(questions.forget_services(now - SERVICES_KEPT)).rowcount
        gone += throttle.purge(tx, now) + sessions.purge(tx, now)
    if files.folder.is_dir():
        gone += files.sweep((now - UPLOADS_KEPT).timestamp())
    return gone + accesslog.purge(store, now)
