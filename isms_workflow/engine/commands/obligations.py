"""Commands on an incident's reports: what was asked is answered, what happened is dated, what was sent is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Missing, Wrong
from isms_workflow.domain.rules import duties as duty_rules
from isms_workflow.domain.rules import obligations as rules
from isms_workflow.domain.rules.evidence import Committed
from isms_workflow.domain.rules.obligations import Happened, Report
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.engine.commands.common import case_id
from isms_workflow.engine.commands.incidents import of_incident
from isms_workflow.engine.writer import write
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction
from isms_workflow.store.files import Stored


def answer(tx: Transaction, case: str, given: Mapping[str, bool | None], reason: str, actor: Actor, when: When) -> None:
    """Answers to questions by their ids. Raises `Wrong`, `ReasonNeeded` for a correction, `NotYours`, `Missing`, `NotAllowed`."""
    write(tx, [rules.answer(of_incident(tx, case, when), given, reason, actor, when)], when.noticed)


def date(tx: Transaction, case: str, found: Happened, reason: str, actor: Actor, when: When) -> None:
    """Something happened at an instant. Raises as `answer`, and `NaiveInstant`, `Unknown` for what it would correct."""
    write(tx, [rules.date(of_incident(tx, case, when), found, reason, actor, when)], when.noticed)


def withdraw(tx: Transaction, case: str, event: str, reason: str, actor: Actor, when: When) -> None:
    """What was recorded by mistake. Raises `Unknown`, `ReasonNeeded`, `NotYours`, `NotAllowed`."""
    write(tx, [rules.withdraw(of_incident(tx, case, when), event, reason, actor, when)], when.noticed)


def may_submit(conn: Connection, case: str, actor: Actor, when: When) -> CaseView:
    """Asked before the file is taken, so that a refused one isn't kept; `submit` asks again."""
    view = reading.view(conn, case_id(conn, case), when.noticed)
    rules.may_decide(view, actor, "submit")
    return view


def submit(tx: Transaction, case: str, obligation: str, at: datetime, stored: Stored | None, name: str, media_type: str,
           reason: str, actor: Actor, when: When) -> None:
    """A report was sent; the stored file is the report. Raises as `answer`, and `ReasonNeeded` where a late one owes reasons."""
    view = of_incident(tx, case, when)
    rules.may_decide(view, actor, "submit")
    step = duty_rules.questions_step(view)
    if step is None:
        raise Missing(f"the submission of {obligation}", "nothing was asked about the reports of this incident")
    if stored is None:
        raise Wrong("file", "none", "attach the report as it was submitted")
    salt = audit.new_salt()
    row = {"id": new_id(), "case_id": view.case.id, "step_id": step.id, "sha256": stored.sha256, "size": stored.size,
           "name": name, "commitment": audit.commitment(salt, name), "media_type": media_type[:120],
           "label": view.case.label, "added_by": actor.id, "added_at": when.happened, "checked_at": when.happened}
    found = Report(obligation, at, row, Committed(name, salt))
    write(tx, [rules.submit(view, found, reason, actor, when)], when.noticed)


def waive(tx: Transaction, case: str, obligation: str, reason: str, actor: Actor, when: When) -> None:
    """It isn't to be reported. Raises as `answer`."""
    write(tx, [rules.waive(of_incident(tx, case, when), obligation, reason, actor, when)], when.noticed)
