"""Commands on files that come with an incident's report; their bytes are stored before the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.rules import attachments as rules
from isms_workflow.domain.rules.attachments import Attachment
from isms_workflow.domain.rules.evidence import Committed
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.engine.commands.common import case_id
from isms_workflow.engine.commands.incidents import of_incident
from isms_workflow.engine.writer import write
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction
from isms_workflow.store.files import Stored
from isms_workflow.store.statements import incidents as questions


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that is safely on the disk, what its sender calls it, and what they say it is."""

    stored: Stored
    name: str
    media_type: str


def may_attach(conn: Connection, case: str, actor: Actor, when: When, new: int = 1) -> None:
    """Asked before so many files are taken, so that refused ones aren't kept; `attach` asks again."""
    view = reading.view(conn, case_id(conn, case), when.noticed)
    if view.incident is None:
        raise Unknown("incident", case)
    rules.may(view, actor)
    rules.enough(new, _kept(conn, view.case.id))


def attach(tx: Transaction, case: str, files: Sequence[Sent], actor: Actor, when: When) -> tuple[str, ...]:
    """Files of whoever reported it; returns their ids as evidence. Raises `NotYours`, `NotAllowed`, `Wrong`."""
    if not files:
        return ()
    view = of_incident(tx, case, when)
    kept = _kept(tx, view.case.id)
    found = tuple(_attachment(view, each, actor, when) for each in files)
    write(tx, [rules.attach(view, found, kept, actor, when)], when.noticed)
    return tuple(str(each.row["id"]) for each in found)


def room(conn: Connection, case: str) -> int:
    """How many files more the incident takes at once: what is above it stays where a mailbox has it."""
    return min(rules.AT_ONCE, max(0, rules.MOST - _kept(conn, case)))


def _kept(conn: Connection, case: str) -> int:
    return int(conn.execute(questions.attachments_kept(case)).scalar_one())


def _attachment(view: CaseView, file: Sent, actor: Actor, when: When) -> Attachment:
    salt = audit.new_salt()
    row = {"id": new_id(), "case_id": view.case.id, "step_id": None, "sha256": file.stored.sha256, "size": file.stored.size,
           "name": file.name, "commitment": audit.commitment(salt, file.name), "media_type": file.media_type[:120],
           "label": view.case.label, "added_by": actor.id if actor.id in view.directory.people else None,
           "added_at": when.happened, "checked_at": when.happened}
    return Attachment(row, Committed(file.name, salt))
