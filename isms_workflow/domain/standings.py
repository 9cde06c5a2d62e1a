"""How an obligation can stand: the vocabulary of `domain.obligations`, which says what each state has. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from isms_workflow.domain.delays import Permission
from isms_workflow.programme.obligations import Regime, Stage


class State(StrEnum):
    """How an obligation stands."""

    NOT_APPLICABLE = "not applicable"
    OPEN = "open"
    NOT_STARTED = "not started"
    RUNNING = "running"
    SUBMITTED = "submitted"
    WAIVED = "waived"
    REPLACED = "replaced"
    ENDED = "ended"


OWED = frozenset({State.OPEN, State.NOT_STARTED, State.RUNNING})
"""States in which something may still have to be submitted."""

GONE = frozenset({State.NOT_APPLICABLE, State.WAIVED, State.ENDED})
"""States in which nothing will be submitted, and nothing else in its place."""


@dataclass(frozen=True, slots=True)
class Obligation:
    """One stage of one regime."""

    regime: Regime
    stage: Stage

    @property
    def id(self) -> str:
        """Regime and stage: `gdpr.notification`."""
        return f"{self.regime.regime}.{self.stage.id}"

    def sibling(self, stage: str) -> str:
        """The id of another stage of the same regime."""
        return f"{self.regime.regime}.{stage}"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one obligation stands at an instant; the head of this module says what each state has."""

    obligation: Obligation
    state: State
    zone: str
    why: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    awaits: tuple[str, ...] = ()
    started_at: datetime | None = None
    act_by: datetime | None = None
    latest_lawful: datetime | None = None
    lines: tuple[str, ...] = ()
    overdue: bool = False
    submitted_at: datetime | None = None
    in_time: bool | None = None
    owes_reasons: bool = False
    by: str | None = None
    permissions: tuple[Permission, ...] = ()

    @property
    def takes_report(self) -> bool:
        """Whether its submission can be recorded: what starts it has happened; or it was submitted, or waived, before."""
        return self.state in (State.SUBMITTED, State.WAIVED) or (self.state in OWED and self.started_at is not None)


@dataclass(frozen=True, slots=True)
class Owed:
    """A question that somebody still owes an answer to: about the incident, the instant of an event, or the organisation.
    `needed_by` are the obligations that depend on it.

    `id` is the question of an `Answer` (`gdpr.risk_unlikely`; of the organisation `organisation.processor`, which is best
    answered in the programme, for all incidents, and else for this one), or the kind of an `Event` (`aware`).
    """

    id: str
    about: Literal["incident", "event", "organisation"]
    text: str
    hint: str
    needed_by: tuple[str, ...]
