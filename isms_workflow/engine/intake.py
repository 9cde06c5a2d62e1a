"""Reports that come in by themselves: under a source's credential, never a person's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from isms_workflow.connectors.signatures import TOLERANCE
from isms_workflow.domain.people import Actor
from isms_workflow.domain.rules.incidents import LONGEST_TEXT, Report
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import programmes, register
from isms_workflow.engine.accounts import throttle
from isms_workflow.engine.commands import attachments, incidents
from isms_workflow.engine.commands.attachments import Sent
from isms_workflow.errors import IsmsError
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.store.database import Store, Transaction
from isms_workflow.store.statements import sources as questions

MOST_A_MINUTE = 60
"""Reports of one source that are taken in a minute: a storm of alerts is one incident, under one key."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a source says has happened; systems by the names that it knows. Empty: as the source was made."""

    title: str
    description: str = ""
    category: str = ""
    systems: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    key: str | None = None
    files: tuple[Sent, ...] = ()


class IdReused(IsmsError):
    """Another message came under an id that was used; it would be lost if it were taken for a repeat."""

    status = 422

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"The webhook-id {self.message!r} was used for another message: give each message an id of its own."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a message is answered; `again` says that it was before."""

    status: int
    body: dict[str, Any]
    again: bool = False


def source(conn: Connection, name: str, kind: str) -> Any:
    """The row of a source in use of a kind; None if there is none."""
    row = conn.execute(questions.of_id(name)).first()
    return row if row is not None and row.kind == kind and row.revoked_at is None else None


def count(store: Store, source: str, now: datetime) -> None:
    """Count a message before it is looked into. Raises `TooMany`."""
    with store.write() as tx:
        throttle.bound(tx, "source", source, MOST_A_MINUTE, timedelta(minutes=1), now)


def message(store: Store, source: Any, message: str, found: Incoming, now: datetime, digest: str | None = None) -> Answer:
    """Takes a message once, with its answer in the same transaction; a repeat is answered alike and writes nothing.

    `digest`: by which a repeat is told from another message under the same id; None where that can't be. Raises `IdReused`,
    and as `report` does; one that was refused left nothing behind.
    """
    with store.write() as tx:
        row = {"source_id": source.id, "message": message, "answered_at": now, "request": digest}
        if tx.execute(questions.take(), row).first() is None:
            before = tx.execute(questions.answer(source.id, message)).one()
            if None not in (digest, before.request) and digest != before.request:
                raise IdReused(message)
            return Answer(before.status, json.loads(before.body), again=True)
        view, is_new = report(tx, source, found, now)
        answer = Answer(201 if is_new else 200, {"id": view.case.id, "reference": view.case.reference, "new": is_new})
        tx.execute(questions.answered(source.id, message).values(status=answer.status, body=json.dumps(answer.body)))
    return answer


def report(tx: Transaction, source: Any, found: Incoming, now: datetime) -> tuple[CaseView, bool]:
    """An incident, or an occurrence of the one that is open under the key. Returns as `commands.incidents.report`.

    Systems that the register doesn't have are named in the description: a report is never dropped for them.
    """
    ids, unknown = register.named(tx, found.systems)
    told = Report(found.title, _description(found.description, unknown), found.category or _category(tx, source), (),
                  _occurred(found.occurred_at, now), found.key)
    systems = ids if found.systems else source.systems
    actor, when = Actor(source.id, source.kind), When.at(now)
    view, is_new = incidents.report(tx, told, systems, actor, when)
    if found.files:
        attachments.attach(tx, view.case.id, found.files[:attachments.room(tx, view.case.id)], actor, when)
    return view, is_new


def _category(tx: Transaction, source: Any) -> str:
    """The source's own; where the programme in force has it no more, its last one, which is for something else."""
    workflow = programmes.in_force(tx).programme.workflows.get("incident")
    known = [each.id for each in workflow.categories] if isinstance(workflow, IncidentWorkflow) else [source.category]
    return str(source.category) if source.category in known else known[-1]


def _description(text: str, unknown: Sequence[str]) -> str:
    if not unknown:
        return text
    more = f"\n\nNamed, and not in the register: {', '.join(unknown)}"[:2000]
    return text[:LONGEST_TEXT - len(more)] + more


def _occurred(at: datetime | None, now: datetime) -> datetime | None:
    """The sender's clock may be a little ahead of ours."""
    return now if at is not None and now < at <= now + TOLERANCE else at
