"""What the operator beside the database may do: have something tried again, and say that a backup came back."""

from __future__ import annotations

from datetime import datetime

from isms_workflow.domain.people import Actor
from isms_workflow.domain.records import AuditRecord, ChainRecord, DeadlineRecord, Scalar
from isms_workflow.domain.refusals import Unknown
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction, notify
from isms_workflow.store.statements import deadlines as questions
from isms_workflow.store.statements import mails


def retry_deadline(tx: Transaction, deadline: str, actor: Actor, now: datetime) -> None:
    """A deadline that was set aside is tried again, at once. Raises `Unknown` if it isn't one."""
    row = tx.execute(mails.deadline(deadline)).first()
    if row is None or tx.execute(questions.armed_again(deadline)).rowcount != 1:
        raise Unknown("deadline that was set aside", deadline)
    facts = {"deadline": deadline, "event": row.event, "channel": actor.channel}
    audit.append(tx, [AuditRecord(DeadlineRecord.RETRIED, actor.id, now, now, row.case_id, row.subject_id, facts)])
    notify(tx)


def restored(tx: Transaction, made_at: str, records: int, actor: Actor, now: datetime) -> None:
    """The history goes on in a database that came back from a backup: it says so."""
    facts: dict[str, Scalar] = {"made_at": made_at, "records": records, "channel": actor.channel}
    audit.append(tx, [AuditRecord(ChainRecord.RESTORED, actor.id, now, now, data=facts)])
