"""How an exercise went, as a page."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from isms_workflow.domain.drill import REPORT, Answer, Reached, Told
from isms_workflow.domain.rules.ladder import LATE
from isms_workflow.engine import drills
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.incident_view import Page
from isms_workflow.portal.names import Names, reference
from isms_workflow.portal.one_case import seen
from isms_workflow.portal.rendering import span
from isms_workflow.portal.visit import Reader

router = APIRouter(route_class=Route)


@router.get("/incidents/{name}/drill")
def show(visit: Reader, name: str) -> Response:
    """Who was told when, who answered after how long, and what was missed; an incident that is none has no such page."""
    with visit.portal.store.read() as conn:
        view = seen(conn, visit, name, "incident")
        found, page = drills.of(conn, view), Page(conn, visit, view)
        names, began = page.names, view.case.opened_at
        shown = v.Drill(
            reference(view), page.row.title or "(erased)", began, tuple(_told(each, names) for each in found.told),
            tuple(_answer(each, names) for each in found.answers), tuple(_level(each, began) for each in found.levels),
            found.missed)
    return visit.page("drill.html", shown, "Incidents")


def _told(told: Told, names: Names) -> v.DrillLine:
    left = {"sent": "left", "dead": "refused by its receiver", "unsent": "not sent"}.get(told.outcome or "", "waits to leave")
    after = f" after {span(told.settled - told.decided)}" if told.outcome == "sent" and told.settled else ""
    return v.DrillLine(told.decided, "the report" if told.level == REPORT else f"level {told.level + 1}", left + after,
                       names.who(told.person))


def _answer(answer: Answer, names: Names) -> v.DrillLine:
    by_mail = " from the mail" if answer.channel == "mail" else ""
    return v.DrillLine(answer.at, answer.did + by_mail, f"{span(answer.after)} after the report", names.who(answer.person))


def _level(level: Reached, began: datetime) -> v.DrillLine:
    again = f", repetition {level.repeat}" if level.repeat else ""
    late = f", told {span(level.late)} late" if level.late > LATE else ""
    people = f", {level.reached} {'person' if level.reached == 1 else 'people'}" if level.reached else ""
    return v.DrillLine(level.at, f"level {level.level + 1}{again}", f"{span(level.at - began)} after the report{late}{people}")
