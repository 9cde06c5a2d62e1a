"""Corrective actions: opened by hand, and what is done with one as a whole. Its steps and gate are where all others are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy import Connection

from isms_workflow.domain.rules.corrective import LONGEST_TEXT, LONGEST_TITLE, Draft, action_of
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.waits import waits
from isms_workflow.engine import reading
from isms_workflow.engine.commands import corrective as commands
from isms_workflow.engine.mailing.look import Look
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api import shapes
from isms_workflow.portal.api.caller import Caller, Decides, Match, Reads, Writes, tagged
from isms_workflow.portal.api.cases import BATCH, Limit, by_name, carry_out, seen_of
from isms_workflow.portal.asking import Route
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import corrective as questions

router = APIRouter(prefix="/actions", tags=["corrective actions"], route_class=Route)

KIND = "corrective_action"
State = Literal["correcting", "planning", "doing", "observing", "checking", "referred", "effective", "accepted", "cancelled"]


class CorrectiveAction(m.Said):
    """A corrective action. Its gravity is an id of the programme that it keeps."""

    id: m.Id
    reference: str
    state: str
    version: int
    label: m.Label
    title: str | None = Field(description="Null once erased.")
    gravity: str
    owner: m.Id
    round: int = Field(description="How often it went through cause, plan and deed, this time included.")
    failed: int = Field(description="How many checks found it not effective.")
    from_case: m.Id | None = Field(description="The incident that it comes from; null if it was opened by hand, or isn't shown to you.")
    opened_at: datetime
    closed_at: datetime | None
    programme: str = Field(description="The digest of the programme version that it keeps.")
    waits: list[m.Wait]


class CorrectiveActionWhole(CorrectiveAction):
    """A corrective action with its steps, and what happens to it if nobody acts."""

    description: str | None
    steps: list[m.Step]
    if_nobody_acts: list[m.Coming]


class NewAction(m.Taken):
    """What is wrong, how grave it is, and who answers for it."""

    title: Annotated[str, Field(max_length=LONGEST_TITLE)]
    owner: m.Id
    gravity: Annotated[str, Field(max_length=60, description="An id of the programme's gravities, e.g. `minor`.")]
    description: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""


class Verdict(m.Taken):
    """Whether it is effective, and what shows it."""

    effective: bool
    reason: m.Reason


class GoOn(m.Taken):
    """It is tried again, perhaps by somebody else."""

    reason: m.Reason
    owner: m.Id | None = None


class Gravity(m.Taken):
    """How grave it is after all."""

    gravity: Annotated[str, Field(max_length=60, description="An id of the gravities of the programme that it keeps.")]
    reason: m.Reason


class HandOver(m.Taken):
    """Who answers for it from now on."""

    owner: m.Id
    reason: m.Reason


@router.get("")
def actions(caller: Reads, state: State | None = None, owner: Annotated[str | None, Query(max_length=36)] = None,
            limit: Limit = 50, after: str = "") -> m.Page[CorrectiveAction]:
    """The corrective actions that you may see, oldest first; `owner=me` are yours."""
    whose, behind = (caller.token.person.id if owner == "me" else owner), after
    found: list[CorrectiveAction] = []
    with caller.reading() as conn:
        while len(found) <= limit and (ids := list(conn.execute(questions.listed(behind, BATCH, state, whose)).scalars())):
            found += _shown(conn, caller, ids)
            behind = ids[-1]
    return shapes.page(found[:limit + 1], limit, lambda each: each.id, caller)


@router.get("/{action}")
def action(action: str, caller: Reads, response: Response) -> CorrectiveActionWhole:
    """One corrective action by its reference or id."""
    with caller.reading() as conn:
        found = _whole(conn, caller, by_name(conn, caller, action, KIND))
    tagged(response, found.version)
    return found


@router.post("", status_code=201, response_model=CorrectiveActionWhole)
def open_action(body: NewAction, caller: Writes) -> Response:
    """A corrective action from now on; its owner owes the correction. Whoever the programme lets open one."""
    draft = Draft(body.title, body.description, body.gravity, body.owner)

    def taken(tx: Transaction, when: When) -> CorrectiveActionWhole:
        case = commands.open_by_hand(tx, draft, caller.actor, when)
        return _whole(tx, caller, reading.view(tx, case, caller.now))

    return caller.write(body, taken, 201)


@router.post("/{action}/verdict", response_model=CorrectiveActionWhole)
def judge(action: str, body: Verdict, caller: Decides, _match: Match = None) -> Response:
    """Whether it is effective: whoever owes the check, once it carries its evidence. It can't be undone."""
    return _write(caller, action, body, commands.judge, body.effective, body.reason)


@router.post("/{action}/go-on", response_model=CorrectiveActionWhole)
def go_on(action: str, body: GoOn, caller: Decides, _match: Match = None) -> Response:
    """Top management has it tried again."""
    return _write(caller, action, body, commands.go_on, body.owner, body.reason)


@router.post("/{action}/accept", response_model=CorrectiveActionWhole)
def accept(action: str, body: m.Why, caller: Decides, _match: Match = None) -> Response:
    """Top management accepts what remains. It can't be undone."""
    return _write(caller, action, body, commands.accept, body.reason)


@router.post("/{action}/hand-over", response_model=CorrectiveActionWhole)
def hand_over(action: str, body: HandOver, caller: Writes, _match: Match = None) -> Response:
    """Somebody else answers for it: its owner or the ISMS manager."""
    return _write(caller, action, body, commands.hand_over, body.owner, body.reason)


@router.post("/{action}/bring-forward", response_model=CorrectiveActionWhole)
def bring_forward(action: str, body: m.Why, caller: Writes, _match: Match = None) -> Response:
    """Its effectiveness is checked now: the ISMS manager."""
    return _write(caller, action, body, commands.bring_forward, body.reason)


@router.post("/{action}/reassess", response_model=CorrectiveActionWhole)
def reassess(action: str, body: Gravity, caller: Decides, _match: Match = None) -> Response:
    """Another gravity; its check is due by that, from when it was done: the ISMS manager or top management, unless they own it."""
    return _write(caller, action, body, commands.reassess, body.gravity, body.reason)


@router.post("/{action}/replan", response_model=CorrectiveActionWhole)
def replan(action: str, body: m.Why, caller: Decides, _match: Match = None) -> Response:
    """It goes on under the programme in force: the ISMS manager or top management."""
    return _write(caller, action, body, commands.replan, body.reason)


@router.post("/{action}/cancel", response_model=CorrectiveActionWhole)
def cancel(action: str, body: m.Why, caller: Decides, _match: Match = None) -> Response:
    """It is let go: the ISMS manager or top management, unless they own it. It can't be undone."""
    return _write(caller, action, body, commands.cancel, body.reason)


def _shown(conn: Connection, caller: Caller, ids: Collection[str]) -> list[CorrectiveAction]:
    seen = seen_of(conn, caller, ids)
    rows = {row.case_id: row for row in conn.execute(questions.titles([view.case.id for view in seen]))}
    sources = _sources(conn, caller, seen)
    return [CorrectiveAction(title=rows[view.case.id].title, **_facts(view, sources)) for view in seen]


def _whole(conn: Connection, caller: Caller, view: CaseView) -> CorrectiveActionWhole:
    row = conn.execute(questions.action_of(view.case.id)).one()
    return CorrectiveActionWhole(
        title=row.title, description=row.description, **_facts(view, _sources(conn, caller, (view,))),
        steps=[shapes.step(view, each) for each in view.steps],
        if_nobody_acts=shapes.coming(Look(conn, caller.now).coming(view, view.case.id)))


def _sources(conn: Connection, caller: Caller, actions: Iterable[CaseView]) -> frozenset[str]:
    """The incidents that these come from, as far as the caller may see them."""
    ids = {found.from_case for _, found in map(action_of, actions) if found.from_case}
    if not ids:
        return frozenset()
    caller.expect(conn, ids)
    return frozenset(case for case, view in reading.views(conn, ids, caller.now).items() if caller.sees(conn, view))


def _facts(view: CaseView, sources: Collection[str]) -> dict[str, Any]:
    """What a list shows; an incident that it comes from if it is one of `sources`."""
    case, (_, found) = view.case, action_of(view)
    of_case = {name: getattr(case, name) for name in (
        "id", "reference", "state", "version", "label", "programme", "opened_at", "closed_at")}
    return {**of_case, "gravity": found.gravity, "owner": found.owner, "round": found.round, "failed": found.failed,
            "from_case": found.from_case if found.from_case in sources else None,
            "waits": [m.Wait(what=w.what, who=list(w.who), since=w.since, until=w.until) for w in waits(view)]}


def _write(caller: Caller, name: str, body: m.Taken | None, command: Callable[..., None], *what: Any) -> Response:
    """A command on an action that the caller may see; answered with the action as it is then."""
    return carry_out(caller, KIND, name, body, lambda tx, case: _whole(tx, caller, reading.view(tx, case, caller.now)), command,
                     *what)
