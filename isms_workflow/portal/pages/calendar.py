"""`/calendar/….ics`: one person's deadlines for their calendar, by an address that nobody can guess."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from isms_workflow.domain.refusals import Unknown
from isms_workflow.engine import agenda
from isms_workflow.engine.accounts import throttle, tokens
from isms_workflow.portal.asking import Route
from isms_workflow.portal.pages.tokens import CALENDAR
from isms_workflow.portal.surroundings import organisation
from isms_workflow.portal.visit import Anybody
from isms_workflow.reports import ics

router = APIRouter(route_class=Route)
MOST, WITHIN = 30, timedelta(minutes=10)
"""Calendars look every few minutes at most, and several devices may share an address."""


@router.get("/calendar/{secret}.ics")
def feed(visit: Anybody, secret: str) -> Response:
    """What the person has to do, and by when; no session is needed. Raises `Unknown`, `TooMany`.

    The token opens this and nothing else, nor does one for the API open this.
    """
    store = visit.portal.store
    with store.read() as conn:
        found = tokens.token(conn, secret, visit.now)
    if found is None or found.scopes != {CALENDAR} or not found.allows(CALENDAR):
        visit.request.state.denied = True
        raise Unknown("calendar", "of this address")
    visit.request.state.person = found.person.id
    with store.write() as tx:
        throttle.bound(tx, "calendar", found.id, MOST, WITHIN, visit.now)
    with store.read() as conn:
        entries, name = agenda.of_person(conn, found.person.id, visit.now), organisation(conn)
    text = ics.calendar(f"ISMS deadlines: {name}", entries, visit.portal.settings.public_url, visit.now)
    return Response(text, media_type="text/calendar; charset=utf-8")
