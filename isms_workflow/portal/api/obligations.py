"""The reports of an incident for programs: how they stand, and what is said about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Query, Response, UploadFile
from pydantic import AwareDatetime, Field

from isms_workflow.domain.obligations import Owed, Standing, explain
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.rules.obligations import DECISIONS, Happened
from isms_workflow.domain.times import NaiveInstant, When, from_iso
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.engine.commands import obligations as commands
from isms_workflow.portal import uploads
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api.caller import Caller, Decides, Reads, Scoped, Writes, require_scope
from isms_workflow.portal.api.cases import by_name
from isms_workflow.portal.asking import Route
from isms_workflow.portal.drafting import draft_of
from isms_workflow.portal.texts import KEEPABLE, attachment, file_name, media_type, storable
from isms_workflow.programme.obligations import PERMISSIONS
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import obligations as questions

router = APIRouter(prefix="/incidents/{incident}/obligations", tags=["obligations"], route_class=Route)
Named = Annotated[str, Field(max_length=130)]
Says = Annotated[Caller, Depends(Scoped("write", "decide"))]
"""Which of the two it takes is known once it is known what it is about."""


class Obligation(m.Said):
    """How one report stands; instants are there once what starts it has happened."""

    id: str = Field(examples=["gdpr.notification"])
    title: str
    article: str
    recipient: str
    state: str
    act_by: datetime | None = Field(description="Safe: elapsed time, no relief.")
    latest_lawful: datetime | None = Field(description="As the act counts; null where it names no figure.")
    overdue: bool
    started_at: datetime | None
    submitted_at: datetime | None
    in_time: bool | None
    owes_reasons: bool
    open: list[str] = Field(description="Questions that are unanswered, by their ids.")
    explained: list[str] = Field(description="How it stands and how each instant was computed, a line each.")


class Question(m.Said):
    """What is asked: an answer, or when something happened."""

    id: str
    about: str = Field(description="`incident` or `organisation`: answer it; `event`: say when it happened.")
    text: str
    hint: str
    needed_by: list[str]


class Recorded(m.Said):
    """Something that was recorded, by whose id it is corrected or withdrawn."""

    id: m.Id
    kind: str
    at: datetime
    of: str | None
    by: m.Id


class Obligations(m.Said):
    """The reports of one incident; none where its programme names none, or it is an exercise."""

    incident: str
    questions: list[Question] = Field(description="What triage still owes; none of an incident that has ended.")
    offered: list[Question] = Field(description="What may be answered besides: while it is open the stricter instant counts.")
    obligations: list[Obligation]
    events: list[Recorded]


class Answers(m.Taken):
    """Answers by the questions' ids; null takes one back. What was answered before is corrected with a reason."""

    answers: Annotated[dict[Named, bool | None], Field(min_length=1, max_length=200)]
    reason: m.Reason = ""


class NewEvent(m.Taken):
    """Something happened at an instant, which has a zone: a bare date is refused."""

    kind: Annotated[str, Field(max_length=40, examples=["aware"])]
    at: AwareDatetime
    of: Named | None = Field(default=None, description="The regime or obligation that it concerns alone.")
    until: AwareDatetime | None = Field(default=None, description="Of a request: until when the authority asks for the report; of a permission: until when it puts it off.")
    replaces: m.Id | None = Field(default=None, description="The event that it corrects.")
    reason: m.Reason = ""


class Decision(m.Taken):
    """It isn't to be reported, and why."""

    reason: m.Reason


@router.get("")
def obligations(incident: str, caller: Reads) -> Obligations:
    """Which reports are owed, by when, and how each instant was computed."""
    with caller.reading() as conn:
        return _shape(by_name(conn, caller, incident, "incident"))


@router.get("/{obligation}/draft", response_class=Response)
def draft(incident: str, obligation: str, caller: Reads,
          form: Annotated[Literal["markdown", "pdf"], Query(alias="format")] = "markdown") -> Response:
    """A draft of one report from the incident's record, to check and to complete; as an attachment."""
    with caller.reading() as conn:
        view = by_name(conn, caller, incident, "incident")
        found = draft_of(conn, view, obligation, caller.now)
    ends, sort, content = (("md", "text/markdown; charset=utf-8", found.text.encode()) if form == "markdown"
                           else ("pdf", "application/pdf", found.pdf()))
    headers = {"Content-Disposition": attachment(f"{view.case.reference}-{obligation}.{ends}")}
    return Response(content, media_type=sort, headers=headers)


@router.post("/answers", response_model=Obligations)
def answer(incident: str, body: Answers, caller: Writes) -> Response:
    """What was asked is answered. Whoever the programme names, by default responders, compliance officer and ISMS manager."""
    return _write(caller, incident, body, lambda tx, case, when: commands.answer(
        tx, case, body.answers, body.reason, caller.actor, when))


@router.post("/events", response_model=Obligations)
def date(incident: str, body: NewEvent, caller: Writes) -> Response:
    """Something happened; what counts from it is counted anew. What puts a report off is recorded with a reason by who decides."""
    if body.kind in PERMISSIONS:
        require_scope(caller, "decide")
    found = Happened(body.kind, body.at, body.of, body.until, body.replaces)
    return _write(caller, incident, body, lambda tx, case, when: commands.date(tx, case, found, body.reason, caller.actor, when))


@router.post("/events/{event}/withdraw", response_model=Obligations)
def withdraw(incident: str, event: str, body: m.Why, caller: Says) -> Response:
    """What was recorded by mistake counts no more; it is never deleted.

    It takes the scopes that recording it took: `decide` for a submission or a decision that it isn't to be reported, `decide`
    and `write` for what puts a report off, `write` for all else.
    """
    with caller.reading() as conn:
        case = by_name(conn, caller, incident, "incident").case.id
        kind = conn.execute(questions.kind_of(case, event)).scalar()
    if kind in DECISIONS:
        require_scope(caller, "decide")
    if kind not in DECISIONS - PERMISSIONS:  # those alone have addresses of their own; all else is posted as an event
        require_scope(caller, "write")
    return _carried_out(caller, case, body, lambda tx, when: commands.withdraw(tx, case, event, body.reason, caller.actor, when))


@router.post("/{obligation}/waive", response_model=Obligations)
def waive(incident: str, obligation: str, body: Decision, caller: Decides) -> Response:
    """Somebody accountable decides that it isn't to be reported."""
    return _write(caller, incident, body, lambda tx, case, when: commands.waive(
        tx, case, obligation, body.reason, caller.actor, when))


@router.post("/{obligation}/submit", response_model=Obligations)
def submit(incident: str, obligation: str, caller: Decides, file: Annotated[UploadFile, File()],
           at: Annotated[str, Form(description="When it was submitted, with a zone.", examples=["2026-03-12T14:00:00+01:00"])],
           reason: Annotated[str, Form(max_length=4000)] = "") -> Response:
    """Somebody accountable records that a report was sent, with the report itself; late ones with their reasons."""
    try:
        submitted_at = from_iso(at)
    except (ValueError, NaiveInstant):
        raise Wrong("at", at[:40], "an instant with its zone, e.g. 2026-03-12T14:00:00+01:00") from None
    if not storable(reason):
        raise Wrong("reason", reason[:40], KEEPABLE)
    name = file_name(file.filename or "")
    with caller.reading() as conn:
        case = by_name(conn, caller, incident, "incident").case.id
        if not caller.has_answer(conn):
            commands.may_submit(conn, case, caller.actor, When.at(caller.now))
    stored = uploads.kept(caller.portal, file)

    def done(tx: Transaction, when: When) -> Obligations:
        commands.submit(tx, case, obligation, submitted_at, stored, name, media_type(file.content_type), reason, caller.actor,
                        when)
        return _shape(reading.view(tx, case, caller.now))

    return caller.write(None, done, sha256=stored.sha256, name=name, at=at, reason=reason)


def _write(caller: Caller, name: str, body: m.Taken, command: Callable[[Transaction, str, When], None]) -> Response:
    """A command on an incident that the caller may see; answered with its reports as they stand then."""
    with caller.reading() as conn:
        case = by_name(conn, caller, name, "incident").case.id
    return _carried_out(caller, case, body, lambda tx, when: command(tx, case, when))


def _carried_out(caller: Caller, case: str, body: m.Taken, command: Callable[[Transaction, When], None]) -> Response:
    """The same on one that was found to be seen by the caller."""
    def done(tx: Transaction, when: When) -> Obligations:
        command(tx, when)
        return _shape(reading.view(tx, case, caller.now))

    return caller.write(body, done)


def _shape(view: CaseView) -> Obligations:
    duties, is_over = view.duties, view.case.closed_at is not None
    if duties is None:
        return Obligations(incident=view.case.reference, questions=[], offered=[], obligations=[], events=[])
    return Obligations(
        incident=view.case.reference, questions=[] if is_over else [_question(each) for each in duties.owed],
        offered=[] if is_over else [_question(each) for each in duties.offered],
        obligations=[_obligation(each) for each in duties.standings()],
        events=[Recorded(id=each.id, kind=each.event.kind, at=each.event.at, of=each.event.of, by=each.by) for each in duties.dated])


def _question(owed: Owed) -> Question:
    return Question(id=owed.id, about=owed.about, text=owed.text, hint=owed.hint, needed_by=list(owed.needed_by))


def _obligation(found: Standing) -> Obligation:
    regime, stage = found.obligation.regime, found.obligation.stage
    return Obligation(
        id=found.obligation.id, title=stage.title, article=f"{regime.title}, {stage.article}", recipient=stage.recipient,
        state=str(found.state), act_by=found.act_by, latest_lawful=found.latest_lawful, overdue=found.overdue,
        started_at=found.started_at, submitted_at=found.submitted_at, in_time=found.in_time, owes_reasons=found.owes_reasons,
        open=list(found.open), explained=list(explain(found)))
