"""What closed incidents taught, on the page of the cycle's step that applies it; and entries beside an incident's files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.access import Action
from isms_workflow.domain.incident import LEARNING
from isms_workflow.domain.refusals import NotYours
from isms_workflow.domain.rules.common import entitled
from isms_workflow.domain.rules.lessons import APPLY
from isms_workflow.domain.views import CaseView, Step
from isms_workflow.engine.commands.lessons import applies
from isms_workflow.portal import views as v
from isms_workflow.portal.actions import source_of
from isms_workflow.portal.lessons_view import becoming, reasons, references, state
from isms_workflow.portal.names import Names, case_url
from isms_workflow.portal.sight import Sight
from isms_workflow.portal.visit import Visit
from isms_workflow.store.statements import lessons as questions


def entries(view: CaseView, step: Step) -> v.Link | None:
    """Where what counts beside files is written; None for a step that isn't one of an incident's lessons."""
    if view.incident is None or step.phase != LEARNING:
        return None
    count = sum(not each.withdrawn for each in step.lessons)
    said = "1 entry counts as well" if count == 1 else f"{count} entries count as well"
    return v.Link(f"{said if count else 'Entries count as well'}: they are written on the incident's page",
                  f"{case_url(view.case.reference)}#lessons")


def taught(conn: Connection, visit: Visit, view: CaseView, step: Step, names: Names) -> tuple[v.LessonEntry, ...]:
    """What was learned since it was last done, as far as the reader may see it: what waits for an answer first."""
    if not applies(view, step):
        return ()
    sight, since = Sight(conn, visit), conn.execute(questions.last_applied()).scalar()
    waiting = conn.execute(questions.asked()).all() if step.state in ("waiting", "open") else ()
    entries = (*waiting, *_answered(conn, step, since))
    sight.expect((row.case_id, None) for row in entries)
    rows = [row for row in entries if sight.sees(row.case_id)]
    whys, actions = reasons(conn, [row.case_id for row in rows]), references(conn, sight, rows)
    may = _may(visit, view, step)
    fields = becoming(conn, visit, names) if may else ()
    return tuple(v.LessonEntry(
        row.text or "(erased)", names.who(row.author), row.closed_at, state=state(row.answer), action=actions.get(row.action_case),
        reason=whys.get(row.id, "") if row.answer == "declined" else "", source=source_of(row),
        forms=tuple(_forms(row, step, fields)) if may and row.answer is None else ()) for row in rows)


def _answered(conn: Connection, step: Step, since: Any) -> list[Any]:
    """While it is open, what was answered since it was last done; once it is done, what was answered in it."""
    if step.state in ("waiting", "open"):
        return list(conn.execute(questions.answered_since(since)))
    return [row for row in conn.execute(questions.answered_since(None)) if row.answered_in == step.id]


def _may(visit: Visit, view: CaseView, step: Step) -> bool:
    if step.state != "open" or view.case.closed_at is not None or not visit.may(Action.WRITE):
        return False
    try:
        entitled(view, APPLY, visit.actor, step.key, step, step.phase)
    except NotYours:
        return False
    return True


def _forms(row: Any, step: Step, fields: tuple[v.Field, ...]) -> Iterator[v.Action]:
    url = f"/steps/{step.id}/lessons/{row.id}"
    yield v.Action(f"name-{row.id}", "Name a corrective action", f"{url}/name", (
        v.Field("action", "Corrective action", hint="Its reference: CAP-2026-0001.", required=True),))
    if fields:
        yield v.Action(f"open-{row.id}", "Open a corrective action", f"{url}/open", fields, then="Its owner is told.")
    yield v.Action(f"decline-{row.id}", "Decline it", f"{url}/decline", reason_required=True, then="It stays with your reason.")
