"""Commands on a step."""

from __future__ import annotations

from sqlalchemy import Connection

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.domain.rules import evidence as evidence_rules
from isms_workflow.domain.rules import steps as rules
from isms_workflow.domain.rules.evidence import Committed
from isms_workflow.domain.times import When
from isms_workflow.domain.views import Comment, Evidence
from isms_workflow.engine import reading
from isms_workflow.engine.commands import lessons
from isms_workflow.engine.commands.common import of_step
from isms_workflow.engine.writer import write
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction
from isms_workflow.store.files import Stored
from isms_workflow.store.statements import cases as questions


def complete(tx: Transaction, step: str, seen: int | None, actor: Actor, when: When) -> None:
    """Declares the step complete. Raises `NotYours`, `Missing`, `Moved`, `NotAllowed`."""
    view, found = of_step(tx, step, when)
    plan = rules.complete(view, found, seen, actor, when)
    lessons.require_applied(tx, view, found, actor, when)
    write(tx, [plan], when.noticed)


def waive(tx: Transaction, step: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """Lets the step go, with a reason. Raises `NotYours`, `ReasonNeeded`, `Moved`, `NotAllowed`."""
    view, found = of_step(tx, step, when)
    write(tx, [rules.waive(view, found, seen, reason, actor, when)], when.noticed)


def reopen(tx: Transaction, step: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """Owes a settled step again. Raises `NotYours`, `ReasonNeeded`, `Moved`, `NotAllowed`."""
    view, found = of_step(tx, step, when)
    write(tx, [rules.reopen(view, found, seen, reason, actor, when)], when.noticed)


def extend(tx: Transaction, step: str, seen: int | None, day: str, reason: str, actor: Actor, when: When) -> None:
    """Gives the step a later date, `2026-03-12`. Raises `Wrong`, `Missing`, `NotYours`, `ReasonNeeded`, `Moved`."""
    view, found = of_step(tx, step, when)
    write(tx, [rules.extend(view, found, seen, day, reason, actor, when)], when.noticed)


def reassign(tx: Transaction, step: str, seen: int | None, to: str, reason: str, actor: Actor, when: When) -> None:
    """Gives the step to somebody else. Raises `Wrong`, `NotYours`, `ReasonNeeded`, `Moved`."""
    view, found = of_step(tx, step, when)
    write(tx, [rules.reassign(view, found, seen, to, reason, actor, when)], when.noticed)


def may_add_evidence(conn: Connection, step: str, actor: Actor, when: When) -> None:
    """Asked before the file is taken, so that a refused one isn't kept; `add_evidence` asks again."""
    case = conn.execute(questions.case_of_step(), {"step": step}).scalar()
    if case is None:
        raise Unknown("step", step)
    view = reading.view(conn, case, when.noticed)
    evidence_rules.may(view, view.step(step), actor)


def add_evidence(tx: Transaction, step: str, stored: Stored, name: str, media_type: str, label: str,
                 replaces: str | None, actor: Actor, when: When) -> str:
    """Lays a stored file before the gate; returns the evidence's id. Raises `NotYours`, `Frozen`, `Missing`."""
    view, found = of_step(tx, step, when)
    salt = audit.new_salt()
    commitment = audit.commitment(salt, name)
    item = Evidence(new_id(), step, stored.sha256, commitment, actor.id, withdrawn=False)
    row = {"id": item.id, "case_id": view.case.id, "step_id": step, "sha256": stored.sha256, "size": stored.size,
           "name": name, "commitment": commitment, "media_type": media_type[:120], "label": label,
           "added_by": actor.id, "added_at": when.happened, "checked_at": when.happened, "replaces": replaces}
    write(tx, [evidence_rules.add(view, found, item, replaces, row, Committed(name, salt), actor, when)], when.noticed)
    return item.id


def withdraw_evidence(tx: Transaction, step: str, item: str, reason: str, actor: Actor, when: When) -> None:
    """A file no longer counts; it is never deleted. Raises `Unknown`, `Wrong`, `NotYours`, `Frozen`."""
    view, found = of_step(tx, step, when)
    write(tx, [evidence_rules.withdraw(view, found, item, reason, actor, when)], when.noticed)


def comment(tx: Transaction, step: str, text: str, actor: Actor, when: When) -> str:
    """Adds a remark; returns its id. Raises `Wrong` if it is empty or over 4,000 characters, `Frozen`."""
    body = text.strip()
    if not 1 <= len(body) <= 4000:
        raise Wrong("comment", f"{len(body)} characters", "write 1 to 4,000 characters")
    view, found = of_step(tx, step, when)
    salt = audit.new_salt()
    item = Comment(new_id(), audit.commitment(salt, body))
    row = {"id": item.id, "step_id": step, "author": actor.id, "written_at": when.happened, "text": body,
           "commitment": item.commitment}
    write(tx, [evidence_rules.comment(view, found, item, row, Committed(body, salt), actor, when)], when.noticed)
    return item.id
