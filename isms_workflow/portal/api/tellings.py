"""Who was told of an incident, by which way, and what became of each message."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from isms_workflow.domain.telling import Telling
from isms_workflow.engine import telling
from isms_workflow.engine.mailing.of_incident import REPORTERS
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api.caller import Reads
from isms_workflow.portal.api.cases import by_name
from isms_workflow.portal.asking import Route

router = APIRouter(prefix="/incidents", tags=["incidents"], route_class=Route)


class Attempt(m.Said):
    """An attempt to tell somebody, or several that failed alike."""

    channel: str
    outcome: Literal["sent", "delivered", "failed", "dead", "unsent"]
    answer: str = Field(description="What the receiver answered, or why it failed.")
    first_at: datetime
    last_at: datetime
    times: int


class Message(m.Said):
    """A message to one person by one way. A held one leaves at `due_at`; `says` is why, or what was answered."""

    person: m.Id
    what: str = Field(examples=["the report", "level 1"])
    channel: str
    urgency: Literal["statutory", "critical", "ordinary"]
    decided_at: datetime
    due_at: datetime
    state: Literal["queued", "held", "retrying", "sent", "delivered", "failed", "unsent"]
    says: str
    settled_at: datetime | None
    attempts: list[Attempt]


class Messages(m.Said):
    """Every message about one incident, oldest first; but none of those that tell its reporter how it stands."""

    items: list[Message]


@router.get("/{incident}/messages")
def messages(incident: str, caller: Reads) -> Messages:
    """Who was told of it, and the proof: every attempt."""
    with caller.reading() as conn:
        view = by_name(conn, caller, incident, "incident")
        found = telling.of_case(conn, view.case.id)
    return Messages(items=[_message(each) for each in found if each.notice not in REPORTERS])


def _message(each: Telling) -> Message:
    return Message.model_validate({
        "person": each.person, "what": each.what, "channel": each.channel, "urgency": each.urgency, "decided_at": each.decided,
        "due_at": each.due, "state": each.state, "says": each.says(), "settled_at": each.settled,
        "attempts": [{"channel": a.channel, "outcome": a.outcome, "answer": a.answer, "first_at": a.first, "last_at": a.last,
                      "times": a.times} for a in each.attempts]})
