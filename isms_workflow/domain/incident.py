"""Information security incidents (ISO/IEC 27001:2022, A.5.24 to A.5.28; after ISO/IEC 27035)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from isms_workflow.domain.machine import CLOCK, FLOW, OPERATOR, Machine, rule
from isms_workflow.domain.people import INCIDENT_RESPONDER, ISMS_MANAGER, TOP_MANAGEMENT

RESPONDING, LEARNING = "responding", "lessons_learned"
PHASES = (RESPONDING, LEARNING)

UNANSWERED = {"reported", "triaged"}
"""Nobody is at it yet: its internal clocks run."""

OPEN = UNANSWERED | {RESPONDING}
ANY = OPEN | {"resolved", LEARNING}
HANDLING = (INCIDENT_RESPONDER, ISMS_MANAGER)
ANSWERING = (*HANDLING, TOP_MANAGEMENT)

FILE = "file"
"""Only an import does it, in the transaction that makes the case: nobody ends a report of ours so."""

MACHINE = Machine("incident", version=1, initial="reported", final=frozenset({"closed", "false_positive", "merged"}), rules=(
    #    event           from                          to                by
    rule("triage",       {"reported"},                 "triaged",        *HANDLING),
    rule("respond",      {"triaged"},                  RESPONDING,       *HANDLING),
    rule("resolve",      {RESPONDING},                 "resolved",       FLOW),
    rule(FILE,           {"reported"},                 "closed",         *HANDLING, OPERATOR),
    rule("learn",        {"resolved"},                 LEARNING,         FLOW),
    rule("close",        {"resolved"},                 "closed",         FLOW),
    rule("conclude",     {LEARNING},                   "closed",         FLOW, gates={LEARNING}),
    rule("dismiss",      UNANSWERED,                   "false_positive", *HANDLING),
    rule("merge",        UNANSWERED,                   "merged",         *HANDLING),
    rule("take back",    {"false_positive"},           "triaged",        *HANDLING),
    rule("reopen",       {"resolved", LEARNING, "closed"}, RESPONDING,   *HANDLING),
    rule("acknowledge",  UNANSWERED,                   None,             *ANSWERING),
    rule("lapse",        UNANSWERED,                   None,             CLOCK),
    rule("escalate",     UNANSWERED,                   None,             *HANDLING),
    rule("pause",        UNANSWERED,                   None,             *HANDLING),
    rule("resume",       UNANSWERED,                   None,             *HANDLING, CLOCK),
    rule("breach",       UNANSWERED,                   None,             CLOCK),
    rule("reassess",     ANY,                          None,             *HANDLING),
    rule("re-plan",      ANY,                          None,             ISMS_MANAGER),
))


@dataclass(frozen=True, slots=True)
class Stop:
    """A time during which internal clocks stand still: somebody's word that they see to it stops the escalation, a
    pause or an end that was taken back stops every internal clock. `until` is when it ends by itself.
    """

    id: str
    what: Literal["word", "pause", "end"]
    by: str
    began_at: datetime
    until: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Incident:
    """What an incident is beside its case. `climbed` is the highest level of its ladder that was told, -1 for none;
    `source` is the person or the agent who reported it; `systems` are ids of the register, `stops` are in the order in which they began.
    """

    category: str
    severity: str
    reported_by: str | None
    source: str
    response_due: datetime
    responded_at: datetime | None
    breached_at: datetime | None
    climbed: int
    repeats: int
    is_exercise: bool
    merged_into: str | None
    follows: str | None
    systems: tuple[str, ...] = ()
    stops: tuple[Stop, ...] = ()

    @property
    def word(self) -> Stop | None:
        """The acknowledgement that holds now."""
        return self._running("word")

    @property
    def pause(self) -> Stop | None:
        """The pause that goes on now."""
        return self._running("pause")

    def _running(self, what: str) -> Stop | None:
        return next((s for s in self.stops if s.what == what and s.ended_at is None), None)
