"""What became of each message to a person: sent, delivered, failed, or not sent and why; and every attempt. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isms_workflow.domain.messages import Urgency

HELD = {"delay": "held, as its reader asked", "quiet": "held, because its reader's quiet hours last",
        "flood": "held, to be told with others, because there are many"}
"""Why a message doesn't leave at once."""

WHAT: Mapping[str, str] = {
    "incident_reported": "the report", "incident_acknowledged": "somebody's word", "word_asked": "whether their word holds",
    "word_lapsed": "a word that lapsed", "incident_paused": "the pause", "incident_resumed": "the end of the pause",
    "incident_reassessed": "another severity", "response_missed": "the missed response", "incident_responded": "the response",
    "incident_closed": "the end", "incident_reopened": "that it goes on", "report_answered": "how their report stands",
    "nobody_reached": "that nobody could be told",
    "step_opened": "a step", "reassigned": "a step that changed hands", "reminder": "a reminder", "overdue": "what is overdue",
    "escalated": "an escalation", "gate_opened": "an approval that is awaited",
}
"""What notices are about, in words; of others their name is said."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to tell somebody, or several that failed alike, the first and the last of them."""

    channel: str
    outcome: str
    answer: str
    first: datetime
    last: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Telling:
    """One message to one person by one channel: when it was decided, until when it is held, and what became of it."""

    person: str
    notice: str
    about: Mapping[str, Any]
    channel: str
    urgency: Urgency
    decided: datetime
    due: datetime
    held: str | None
    outcome: str | None
    why: str
    settled: datetime | None
    attempts: tuple[Attempt, ...] = ()

    @property
    def what(self) -> str:
        """What it told: `the report`, `level 2`."""
        if self.notice == "incident_escalated":
            return f"level {int(self.about.get('level', 0)) + 1}"
        return WHAT.get(self.notice, self.notice.replace("_", " "))

    @property
    def state(self) -> str:
        """One word: sent, delivered, failed, unsent, held, retrying, queued."""
        if self.outcome == "sent":
            return "delivered" if self.attempts and self.attempts[-1].outcome == "delivered" else "sent"
        if self.outcome is not None:
            return "failed" if self.outcome == "dead" else "unsent"
        if self.attempts:
            return "retrying"
        return "held" if self.held else "queued"

    def says(self) -> str:
        """Why, or what its receiver answered; empty where there is nothing to say."""
        if self.state == "held":
            return HELD[str(self.held)]
        if self.state == "retrying":
            tried = sum(each.times for each in self.attempts)
            return f"{tried} {'try' if tried == 1 else 'tries'}, the last: {self.attempts[-1].answer}"
        last = self.attempts[-1].answer if self.attempts else ""
        return last if self.outcome == "sent" else self.why
