"""How somebody wants to be told: read and chosen by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import Connection

from isms_workflow.domain.notification import Quiet, Rule, Wishes
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, wishes
from isms_workflow.engine.commands import notifications as commands
from isms_workflow.engine.mailing import ways
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api.caller import Caller, Reads, Writes
from isms_workflow.portal.asking import Route
from isms_workflow.portal.dates import hour
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import mails as questions

router = APIRouter(prefix="/people/me/notifications", tags=["people"], route_class=Route)

Hour = Annotated[str, Field(max_length=5, examples=["22:00"], description="Hours and minutes in the person's zone.")]


class NotificationRule(m.Taken):
    """Told by this way, so long after it was decided, of this."""

    channel: Annotated[str, Field(max_length=16, description="`mail`, or one of `ways`.")]
    delay_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    what: Literal["all", "escalations", "critical"] = "all"


class NotificationRules(m.Taken):
    """All of somebody's rules; none: by mail, at once, of everything. Both quiet hours, or neither."""

    rules: Annotated[list[NotificationRule], Field(max_length=10)]
    quiet_from: Hour | None = None
    quiet_until: Hour | None = None


class Chosen(m.Said):
    """What somebody chose, and the ways beside mail that they may choose."""

    rules: list[NotificationRule]
    quiet_from: str | None
    quiet_until: str | None
    zone: str
    ways: list[str]


@router.get("")
def rules(caller: Reads) -> Chosen:
    """How you are told."""
    with caller.reading() as conn:
        return _chosen(conn, caller)


@router.put("", response_model=Chosen)
def choose(body: NotificationRules, caller: Writes) -> Response:
    """All of your rules and your quiet hours, in place of those before."""
    def carry_out(tx: Transaction, when: When) -> Chosen:
        found = tuple(Rule(r.channel, timedelta(minutes=r.delay_minutes), r.what) for r in body.rules)
        commands.choose(tx, caller.token.person.id, found, _quiet(body), _ways(tx, caller), caller.actor, when)
        return _chosen(tx, caller)

    return caller.write(body, carry_out)


def _quiet(body: NotificationRules) -> Quiet | None:
    begins, ends = (hour(getattr(body, name) or "", name) for name in ("quiet_from", "quiet_until"))
    if (begins is None) != (ends is None):
        raise Wrong("quiet_from" if begins is None else "quiet_until", "", "both hours, or neither for no quiet hours")
    return Quiet(begins, ends) if begins is not None and ends is not None else None


def _chosen(conn: Connection, caller: Caller) -> Chosen:
    person = caller.token.person
    found = offices.standing(conn, caller.now).wishes.get(person.id) or Wishes((), None, person.zone)
    return Chosen(
        rules=[NotificationRule(channel=r.channel, delay_minutes=int(r.delay.total_seconds()) // 60, what=r.what) for r in found.rules],
        quiet_from=wishes.clock(found.quiet.begins) if found.quiet else None,
        quiet_until=wishes.clock(found.quiet.ends) if found.quiet else None, zone=found.zone, ways=list(_ways(conn, caller)))


def _ways(conn: Connection, caller: Caller) -> tuple[str, ...]:
    row = conn.execute(questions.person(caller.token.person.id)).one()
    return ways.names(caller.portal.settings, row.email or "")
