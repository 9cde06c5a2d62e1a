"""What incidents teach: entries, what becomes of action items, and what the cycle makes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, Field
from sqlalchemy import Connection

from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.domain.rules.corrective import LONGEST_TITLE
from isms_workflow.domain.rules.lessons import LONGEST, Entry
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine.commands import lessons as commands
from isms_workflow.engine.commands.lessons import Becomes
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api.caller import Caller, Reads, Writes
from isms_workflow.portal.api.cases import by_name
from isms_workflow.portal.api.steps import by_id
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import lessons as questions

router = APIRouter(tags=["lessons"], route_class=Route)
SortName = Literal["event", "well", "improve", "cause", "item"]


class LessonSaid(m.Said):
    """One entry; `answer` says what became of an action item, or of what can improve."""

    id: m.Id
    sort: SortName
    text: str | None = Field(description="Null once erased.")
    at: datetime | None = Field(description="Of an event: when it happened.")
    parent: m.Id | None = Field(description="Of a cause: the cause that it explains.")
    author: m.Id
    written_at: datetime
    answer: Literal["action", "declined"] | None
    action: m.Id | None = Field(description="The corrective action that it became.")


class NewEntry(m.Taken):
    """What is added: an event has an instant, a cause may explain another."""

    sort: SortName
    text: Annotated[str, Field(max_length=LONGEST)]
    at: AwareDatetime | None = None
    parent: m.Id | None = None


class TakeUp(m.Taken):
    """The corrective action that it becomes; without a title, as the entry says."""

    owner: m.Id
    gravity: Annotated[str, Field(max_length=60)]
    title: Annotated[str, Field(max_length=LONGEST_TITLE)] = ""


class Applied(m.Taken):
    """What the cycle makes of it: an existing corrective action by reference, a new one, or a reason why none."""

    action: Annotated[str | None, Field(max_length=60)] = None
    becomes: TakeUp | None = None
    reason: m.Reason = ""


@router.get("/incidents/{incident}/lessons")
def of_incident(incident: str, caller: Reads) -> list[LessonSaid]:
    """Everything that was written down of an incident and counts, oldest first."""
    with caller.reading() as conn:
        return _of(conn, by_name(conn, caller, incident, "incident").case.id)


@router.post("/incidents/{incident}/lessons", status_code=201, response_model=list[LessonSaid])
def add(incident: str, body: NewEntry, caller: Writes) -> Response:
    """Adds an entry: responders and the ISMS manager. An open gate covers it from then on."""
    found = Entry(body.sort, body.text, body.at, body.parent)
    return _write(caller, incident, body, lambda tx, case, when: commands.add(tx, case, found, caller.actor, when), 201)


@router.post("/incidents/{incident}/lessons/{lesson}/withdraw", response_model=list[LessonSaid])
def withdraw(incident: str, lesson: str, body: m.Why, caller: Writes) -> Response:
    """An entry no longer counts."""
    return _write(caller, incident, body, lambda tx, case, when: commands.withdraw(
        tx, _its(tx, case, lesson), body.reason, caller.actor, when))


@router.post("/incidents/{incident}/lessons/{lesson}/take-up", response_model=list[LessonSaid])
def take_up(incident: str, lesson: str, body: TakeUp, caller: Writes) -> Response:
    """An action item becomes a corrective action with an owner, in one transaction."""
    return _write(caller, incident, body, lambda tx, case, when: commands.take_up(
        tx, _its(tx, case, lesson), Becomes(body.owner, body.gravity, body.title), caller.actor, when))


@router.post("/incidents/{incident}/lessons/{lesson}/decline", response_model=list[LessonSaid])
def decline(incident: str, lesson: str, body: m.Why, caller: Writes) -> Response:
    """An action item isn't carried out, with a reason."""
    return _write(caller, incident, body, lambda tx, case, when: commands.decline(
        tx, _its(tx, case, lesson), body.reason, caller.actor, when))


@router.get("/steps/{step}/lessons")
def asked(step: str, caller: Reads) -> list[LessonSaid]:
    """Of the cycle's step that applies what was learned: what still waits for an answer, as far as you may see it."""
    with caller.reading() as conn:
        view, found = by_id(conn, caller, step)
        rows = commands.unanswered(conn, caller.actor, When.at(caller.now)) if commands.applies(view, found) else []
        return [_said(row) for row in rows]


@router.post("/steps/{step}/lessons/{lesson}", response_model=list[LessonSaid])
def apply(step: str, lesson: str, body: Applied, caller: Writes) -> Response:
    """A corrective action is named or opened for what an incident taught, or it is declined: the step's owner, the ISMS manager."""
    if body.action is not None and body.becomes is not None:
        raise Wrong("action", body.action, "name one, or say what a new one is to be, not both")
    with caller.reading() as conn:
        by_id(conn, caller, step)

    def done(tx: Transaction, when: When) -> list[dict[str, Any]]:
        if body.becomes is not None:
            becomes = Becomes(body.becomes.owner, body.becomes.gravity, body.becomes.title)
            commands.apply_new(tx, step, lesson, becomes, caller.actor, when)
        else:
            commands.apply(tx, step, lesson, body.action, body.reason, caller.actor, when)
        return [_said(row).model_dump(mode="json") for row in commands.unanswered(tx, caller.actor, when)]

    return caller.write(body, done)


def _its(tx: Transaction, case: str, lesson: str) -> str:
    """The entry, if it is this incident's. Raises `Unknown`."""
    if tx.execute(questions.case_of(lesson)).scalar() != case:
        raise Unknown("lesson", lesson)
    return lesson


def _write(caller: Caller, incident: str, body: m.Taken, deed: Callable[[Transaction, str, When], object],
           status: int = 200) -> Response:
    """A command on the lessons of an incident that the caller may see; answered with all of them."""
    with caller.reading() as conn:
        view: CaseView = by_name(conn, caller, incident, "incident")

    def done(tx: Transaction, when: When) -> list[dict[str, Any]]:
        deed(tx, view.case.id, when)
        return [each.model_dump(mode="json") for each in _of(tx, view.case.id)]

    return caller.write(body, done, status)


def _of(conn: Connection, case: str) -> list[LessonSaid]:
    return [_said(row) for row in conn.execute(questions.of_case(case))]


def _said(row: Any) -> LessonSaid:
    return LessonSaid(id=row.id, sort=row.sort, text=row.text, at=row.at, parent=row.parent, author=row.author,
                      written_at=row.written_at, answer=row.answer, action=row.action_case)
