"""Who was told of an incident: every message, by which way, what became of it, and every attempt."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.responses import Response

from isms_workflow.domain.telling import Attempt, Telling
from isms_workflow.engine import telling
from isms_workflow.engine.mailing.of_incident import REPORTERS
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.names import Names, reference
from isms_workflow.portal.one_case import seen
from isms_workflow.portal.rendering import local_instant
from isms_workflow.portal.tellings import lines
from isms_workflow.portal.visit import Reader

router = APIRouter(route_class=Route)


@router.get("/incidents/{name}/told")
def show(visit: Reader, name: str) -> Response:
    """All of them, oldest first."""
    with visit.portal.store.read() as conn:
        view = seen(conn, visit, name, "incident")
        names = Names(conn, visit.person)
        found = [each for each in telling.of_case(conn, view.case.id) if each.notice not in REPORTERS]
        page = v.Tellings(reference(view), lines(found, names), _failed(found, names, visit.person.zone))
    return visit.page("told.html", page, "Incidents")


def _failed(found: Sequence[Telling], names: Names, zone: str) -> tuple[v.TellingTry, ...]:
    """What isn't said by the last outcome of each: attempts that failed before."""
    return tuple(v.TellingTry(names.who(each.person), each.what, attempt.channel, attempt.first, _often(attempt, zone), attempt.answer)
                 for each in found for attempt in each.attempts if attempt.outcome == "failed")


def _often(attempt: Attempt, zone: str) -> str:
    return "once" if attempt.times == 1 else f"{attempt.times:,} times, the last {local_instant(attempt.last, zone)}"
