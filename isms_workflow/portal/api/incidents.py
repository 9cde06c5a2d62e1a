"""Incidents: everybody reports one and hears how it stands; responders see it through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.rules.incidents import Report
from isms_workflow.domain.times import When
from isms_workflow.engine import reading
from isms_workflow.engine.commands import incidents as commands
from isms_workflow.engine.commands.common import case_id
from isms_workflow.portal.api import incident_models as im
from isms_workflow.portal.api import incident_shapes, shapes
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api.caller import Caller, Follows, Match, Reads, Reports, Writes, tagged
from isms_workflow.portal.api.cases import BATCH, Limit, by_name, carry_out, seen_of
from isms_workflow.portal.asking import Route
from isms_workflow.portal.incidents import Terms
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import incidents as questions

router = APIRouter(prefix="/incidents", tags=["incidents"], route_class=Route)

KIND = "incident"
State = Literal["reported", "triaged", "responding", "resolved", "lessons_learned", "closed", "false_positive", "merged"]
Named = Annotated[str | None, Query(max_length=60)]


@router.post("", status_code=201, response_model=im.Reported,
             responses={200: {"model": im.Reported, "description": "It was open already, and counts an occurrence"}})
def report(body: im.NewReport, caller: Reports) -> Response:
    """An incident from now on, with its clocks running; the response team is told.

    The same `external_key` of yours again, while its incident is open, is an occurrence of it, answered with 200.
    """
    found = Report(body.title, body.description, body.category, (), body.occurred_at, body.external_key, body.exercise)

    def taken(tx: Transaction, when: When) -> im.Reported:
        view, is_new = commands.report(tx, found, body.systems, caller.actor, when)
        return incident_shapes.just_reported(view, found) if is_new else incident_shapes.reported(tx, view.case.id)

    return caller.write(body, taken, lambda done: 201 if done.new else 200)


@router.get("")
def incidents(caller: Reads, state: State | None = None, severity: Named = None, category: Named = None,
              limit: Limit = 50, after: str = "") -> m.Page[im.Incident]:
    """The incidents that you may see, oldest first; of a severity or category of the programme in force, or of one before it."""
    found: list[im.Incident] = []
    with caller.reading() as conn:
        _known(conn, "severity", severity)
        _known(conn, "category", category)
        behind = after
        while len(found) <= limit:
            ids = list(conn.execute(questions.listed(behind, BATCH, state, severity, category)).scalars())
            if not ids:
                break
            found += incident_shapes.incidents(conn, seen_of(conn, caller, ids))
            behind = ids[-1]
    return shapes.page(found[:limit + 1], limit, lambda each: each.id, caller)


@router.get("/{incident}")
def incident(incident: str, caller: Reads, response: Response) -> im.IncidentWhole:
    """One incident by its reference or id."""
    with caller.reading() as conn:
        found = incident_shapes.whole(conn, caller, by_name(conn, caller, incident, KIND))
    tagged(response, found.version)
    return found


@router.get("/{incident}/report")
def how_it_stands(incident: str, caller: Follows) -> im.Reported:
    """How a report of your own stands, whatever its incident's label; of others', if you may see the incident."""
    with caller.reading() as conn:
        case = case_id(conn, incident)
        if not conn.execute(questions.reported_by(case, caller.token.person.id)).first():
            by_name(conn, caller, incident, KIND)
        return incident_shapes.reported(conn, case)


@router.post("/{incident}/acknowledge", response_model=im.IncidentWhole)
def acknowledge(incident: str, caller: Writes, _match: Match = None) -> Response:
    """You see to it: the escalation stands still while your word holds. Responders, ISMS manager, top management."""
    return _write(caller, incident, None, commands.acknowledge)


@router.post("/{incident}/triage", response_model=im.IncidentWhole)
def triage(incident: str, body: im.Triage, caller: Writes, _match: Match = None) -> Response:
    """It is an incident, and this is its severity. Responders and the ISMS manager, as for all that follows."""
    return _write(caller, incident, body, commands.triage, body.severity, body.reason)


@router.post("/{incident}/respond", response_model=im.IncidentWhole)
def respond(incident: str, caller: Writes, _match: Match = None) -> Response:
    """You are at it: the escalation ends, and the steps of the response are owed."""
    return _write(caller, incident, None, commands.respond)


@router.post("/{incident}/reassess", response_model=im.IncidentWhole)
def reassess(incident: str, body: im.Reassess, caller: Writes, _match: Match = None) -> Response:
    """Another severity: its clocks count anew from the report; what would have been told by now is told at once."""
    return _write(caller, incident, body, commands.reassess, body.severity, body.reason)


@router.post("/{incident}/escalate", response_model=im.IncidentWhole)
def escalate(incident: str, body: m.Why, caller: Writes, _match: Match = None) -> Response:
    """The next level is told now, also while somebody's word holds."""
    return _write(caller, incident, body, commands.escalate, body.reason)


@router.post("/{incident}/pause", response_model=im.IncidentWhole)
def pause(incident: str, body: im.PauseUntil, caller: Writes, _match: Match = None) -> Response:
    """Every internal clock stands still until then."""
    return _write(caller, incident, body, commands.pause, body.until, body.reason)


@router.post("/{incident}/resume", response_model=im.IncidentWhole)
def resume(incident: str, caller: Writes, _match: Match = None) -> Response:
    """Ends a pause before its time; the clocks go on where they stood."""
    return _write(caller, incident, None, commands.resume)


@router.post("/{incident}/dismiss", response_model=im.IncidentWhole)
def dismiss(incident: str, body: m.Why, caller: Writes, _match: Match = None) -> Response:
    """It was none: a false positive, which can be taken back."""
    return _write(caller, incident, body, commands.dismiss, body.reason)


@router.post("/{incident}/take-back", response_model=im.IncidentWhole)
def take_back(incident: str, body: m.Why, caller: Writes, _match: Match = None) -> Response:
    """It was one after all; its clocks go on where they stood when it was dismissed."""
    return _write(caller, incident, body, commands.take_back, body.reason)


@router.post("/{incident}/merge", response_model=im.IncidentWhole)
def merge(incident: str, body: im.Merge, caller: Writes, _match: Match = None) -> Response:
    """It is part of another that is open, and that you may see; the other counts it as an occurrence."""
    with caller.reading() as conn:
        into = by_name(conn, caller, body.into, KIND).case.id
    return _write(caller, incident, body, commands.merge, into, body.reason)


@router.post("/{incident}/reopen", response_model=im.IncidentWhole)
def reopen(incident: str, body: im.Reopen, caller: Writes, _match: Match = None) -> Response:
    """It isn't over: the named steps of the response are owed again; of one that was imported with its end all, and none is named."""
    return _write(caller, incident, body, commands.reopen, body.steps, body.reason)


@router.post("/{incident}/re-plan", response_model=im.IncidentWhole)
def replan(incident: str, body: m.Why, caller: Writes, _match: Match = None) -> Response:
    """It goes on under the programme in force: the ISMS manager."""
    return _write(caller, incident, body, commands.replan, body.reason)


def _known(conn: Connection, field: Literal["severity", "category"], wanted: str | None) -> None:
    """Raise `Wrong` for a word that the programme in force doesn't know and no incident has: an empty list would hide a slip."""
    if wanted is None:
        return
    terms = Terms.of(conn)
    known = terms.severities if field == "severity" else tuple(terms.categories)
    if wanted not in known and not conn.execute(questions.any_of(field, wanted)).first():
        raise Wrong(field, wanted, f"one of {', '.join(known)}" if known else "the programme in force says nothing of incidents")


def _write(caller: Caller, name: str, body: m.Taken | None, command: Callable[..., None], *what: Any) -> Response:
    """A command on an incident that the caller may see; answered with the incident as it is then."""
    return carry_out(caller, KIND, name, body, lambda tx, case: incident_shapes.whole(
        tx, caller, reading.view(tx, case, caller.now)), command, *what)
