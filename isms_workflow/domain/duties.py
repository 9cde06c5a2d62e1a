"""What is recorded of an incident's obligations to report, and what follows from it at an instant. Pure.

Nothing that can be computed is stored: answers, events and the deadlines of stages are read, the rest is
`domain.obligations`. An exercise has no duties, nor has an incident whose programme names none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from isms_workflow.domain.conditions import Answer, Event, Facts
from isms_workflow.domain.limits import AT_ONCE
from isms_workflow.domain.obligations import (
    BEGINNINGS,
    Obligation,
    Owed,
    Standing,
    State,
    in_force,
    obligations_of,
    offered,
    questions,
    shortest_act_by,
    standing,
)
from isms_workflow.domain.periods import Where, wheres
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.programme.model import Programme
from isms_workflow.programme.obligations import EVENTS, REPORTED, SUBMITTED, Organisation, Start

REMIND, ACT_BY, WARN, LAWFUL = "remind", "act_by", "warn", "lawful"
SORTS = (REMIND, ACT_BY, WARN, LAWFUL)
"""A stage's deadlines: its ladder, the safe instant, the last warning, the act's instant."""

STEP_PHASE = "obligations"
"""The phase of the step in which triage answers; no phase of the machine's."""

MOMENT = timedelta(microseconds=1)
"""What is submitted at the latest lawful instant is in time; a moment later it isn't."""


@dataclass(frozen=True, slots=True)
class Dated:
    """An event as it was recorded, with its id, who recorded it, and for a submission its file."""

    id: str
    event: Event
    by: str
    recorded_at: datetime
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """A deadline of a stage, armed or fired; `base` is the instant that it stands for, in ISO 8601."""

    event: str
    due_at: datetime
    base: str
    is_armed: bool


@dataclass(frozen=True)
class Duties:
    """All that is known of an incident's obligations, read at the instant `at`."""

    programme: Programme
    reported_at: datetime
    at: datetime
    occurred_at: datetime | None = None
    answers: tuple[Answer, ...] = ()
    dated: tuple[Dated, ...] = ()
    clocks: tuple[Clock, ...] = ()
    _cache: dict[datetime, tuple[Standing, ...]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def obligations(self) -> tuple[Obligation, ...]:
        """Every stage of every regime."""
        return obligations_of(self.programme)

    @cached_property
    def places(self) -> Mapping[str, Where]:
        """Where each regime counts."""
        return wheres(self.programme)

    @cached_property
    def facts(self) -> Facts:
        """What the pure rules judge by."""
        return Facts(self.reported_at, self.answers, tuple(each.event for each in self.dated))

    @property
    def organisation(self) -> Organisation:
        """What the programme says of the organisation."""
        return self.programme.organisation

    def obligation(self, name: str) -> Obligation:
        """One by its id. Raises KeyError."""
        return {each.id: each for each in self.obligations}[name]

    def standings(self, at: datetime | None = None) -> tuple[Standing, ...]:
        """How each stands, now or at another instant."""
        when = at or self.at
        if when not in self._cache:
            self._cache[when] = standing(self.obligations, self.facts, self.places, self.organisation, when)
        return self._cache[when]

    def standing(self, name: str, at: datetime | None = None) -> Standing:
        """How one stands. Raises KeyError."""
        return {each.obligation.id: each for each in self.standings(at)}[name]

    def some(self, names: Collection[str]) -> tuple[Standing, ...]:
        """How those of these names stand now, and no other is judged: for lists over many incidents."""
        return standing(self.obligations, self.facts, self.places, self.organisation, self.at, names)

    @cached_property
    def possible(self) -> tuple[Obligation, ...]:
        """Those of regimes that hold for the organisation, or may."""
        regimes = in_force(self.programme.obligations.values(), self.facts.until(self.at), self.organisation, self.places)
        return tuple(Obligation(regime, stage) for regime in regimes for stage in regime.stages)

    @cached_property
    def running(self) -> tuple[Standing, ...]:
        """Those that run now, the next to act on first; of a regime that doesn't hold none does, and none is judged for it."""
        possible = {each.id for each in self.possible}
        known = self._cache.get(self.at) or (self.some(possible) if possible else ())
        return tuple(sorted((each for each in known if each.state is State.RUNNING), key=anchor))

    @cached_property
    def owed(self) -> tuple[Owed, ...]:
        """The questions that triage still owes."""
        return questions(self.possible, self.facts, self.organisation)

    @cached_property
    def offered(self) -> tuple[Owed, ...]:
        """What may be answered besides, and nothing waits for."""
        return offered(self.standings(), self.facts, self.organisation)

    @property
    def says_open(self) -> str:
        """What isn't known yet, as a sentence; empty if nothing. Instants are recorded, questions are answered."""
        asked = sum(each.about != "event" for each in self.owed)
        undated = [EVENTS[each.id] for each in self.owed if each.about == "event"]
        parts = ["a question is unanswered" if asked == 1 else f"{asked} questions are unanswered"] if asked else []
        parts += [f"it isn't recorded when {' and when '.join(undated)}"] if undated else []
        said = ", and ".join(parts)
        return f"{said[0].upper()}{said[1:]}." if said else ""

    @property
    def hold(self) -> bool:
        """Whether the incident can't end yet: something runs, or isn't known."""
        return bool(self.running or self.owed)

    def answers_before(self) -> datetime | None:
        """The shortest *act by* that could apply, were everything to start with the report."""
        return shortest_act_by(self.possible, self.facts, self.organisation, self.reported_at, self.places)

    def with_(self, answers: Iterable[Answer] = (), dated: Iterable[Dated] = (), without: str | None = None,
              at: datetime | None = None) -> Duties:
        """As they will be once these are recorded, and one event is withdrawn."""
        kept = tuple(each for each in self.dated if each.id != without)
        then = max(self.at, at or self.at)  # what was recorded a moment ago, at this very instant, counts
        return replace(self, answers=(*self.answers, *answers), dated=(*kept, *dated), at=then, _cache={})


def has_duties(programme: Programme, is_exercise: bool) -> bool:
    """Whether incidents under a programme have any: an exercise is reported to nobody."""
    workflow = programme.workflows.get("incident")
    return (not is_exercise and bool(programme.obligations) and isinstance(workflow, IncidentWorkflow)
            and workflow.reporting is not None)


def anchor(found: Standing) -> datetime:
    """What a running stage's reminders count to: *act by*, else the lawful instant, else its beginning."""
    instant = found.act_by or found.latest_lawful or found.started_at
    assert instant is not None, found.obligation.id  # what runs has begun
    return instant


def event_of(sort: str, obligation: str) -> str:
    """The event of a stage's deadline: `act_by:gdpr.notification`."""
    return f"{sort}:{obligation}"


def is_ours(event: str) -> bool:
    """Whether a deadline is one of a stage's."""
    sort, colon, _ = event.partition(":")
    return bool(colon) and sort in SORTS


def warning(found: Standing, margin: timedelta) -> datetime | None:
    """When the last warning is given: so long before the latest lawful instant, but no earlier than half-way to it."""
    if found.latest_lawful is None or found.started_at is None:
        return None
    half = found.started_at + (found.latest_lawful - found.started_at) / 2
    return max(found.latest_lawful - margin, half)


def kinds(obligations: Iterable[Obligation]) -> dict[str, tuple[str | None, ...]]:
    """The kinds of event that people may record, each with what it may be said of: an obligation's id, a regime's, or
    None for the incident as a whole. Reports and submissions are recorded in their own way.
    """
    found: dict[str, dict[str | None, None]] = {}
    for each in obligations:
        for kind in (each.stage.starts.event, *(cap.event for cap in each.stage.caps)):
            found.setdefault(kind, {}).update(dict.fromkeys(_targets(each, kind)))
        others = (each.stage.ended_by, each.stage.instead_of.if_not if each.stage.instead_of else None,
                  *(cap.unless_passed_by for cap in each.stage.caps))
        for other in filter(None, others):
            found.setdefault(other, {}).update(dict.fromkeys((None, each.regime.regime)))
        for delay in each.stage.delays:
            found.setdefault(delay.event, {})[each.id] = None
    return {kind: tuple(found[kind]) for kind in EVENTS if kind in found and kind not in (REPORTED, SUBMITTED)}


def _targets(each: Obligation, kind: str) -> tuple[str | None, ...]:
    starts: Start = each.stage.starts
    if kind == starts.event and starts.of:
        return tuple(each.sibling(stage) for stage in starts.of)
    return (None, each.regime.regime, each.id)


ONCE = AT_ONCE | frozenset(BEGINNINGS)
"""Kinds of event that happen once for whatever they are said of, unless what they began has ended: another instant is a correction."""
