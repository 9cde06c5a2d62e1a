"""How an incident stands with every obligation to report it: a pure function of its facts, the programme, and an instant.

    obligations = obligations_of(programme)              # once per version of the programme
    places = wheres(programme)                           # the same; from domain.periods
    facts = Facts(reported_at, answers, events)          # domain.conditions; read from the truth
    standing(obligations, facts, places, programme.organisation, at)    -> one Standing per obligation, in their order
    questions(obligations, facts, programme.organisation)               -> what triage still owes
    shortest_act_by(obligations, facts, programme.organisation, facts.reported_at, places)  -> triage's step is due then
    explain(standing)                                                   -> lines for people

*Obligation*: one stage of one regime; its id is `gdpr.notification`. *Facts*: answers by their id (`gdpr.risk_unlikely`),
and events of the kinds in `programme.obligations.EVENTS`. Whoever decides records them so:

- aware, noticed, discovered, classified, determined, … : `Event("aware", at)` for the incident as a whole, or with
  `of="nis2"` where one regime's instant differs.
- submitted: `Event("submitted", at, of="nis2.final", has_reasons=…)`. Again for the same stage is an update of it.
- not notifiable, and any other waiver: `Event("waived", at, of="gdpr.notification")`; its reason stays in the record.
- the authority asks: `Event("requested", at, of="nis2.intermediate", until=…)`; a report will be late:
  `Event("delay_foreseen", at, of="dora.initial")`.

What a Standing says, `state` by `state` (`why` has it in sentences):

- not applicable: by an answer, a fact about the organisation, its time in force, or because the report that it follows
  isn't owed. Nothing is owed, nothing to be armed.
- open: an answer is missing (`open` names them). Where its event has happened, the instants are there as if it applied.
- not started: waits for an event (`awaits`), and has no instants. Never overdue.
- running: `act_by` is the safe instant (elapsed time, no relief): it drives reminders. `latest_lawful` is the act's, None
  where the act names no figure: it decides in time or late. `overdue` says that it had passed at `at`.
- submitted: `submitted_at`, `in_time` (None where the act names no figure); `owes_reasons` where it was late, the act wants
  reasons, and none were given. It stays so, whatever else becomes known (a stage that repeats begins a new round).
- waived, replaced, ended: nothing is owed any more; `by` names what did it.

Instants are aware; what is handed out is UTC. A naive one raises `NaiveInstant` where the fact is made. Facts later than `at` are left out, so that any instant of the
past can be computed anew. `act_by` is never later than `latest_lawful`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from isms_workflow.domain.calendars import local_date
from isms_workflow.domain.conditions import OF_ORGANISATION, OF_REGIME, WAIVED, Asked, Event, Facts, Truth
from isms_workflow.domain.limits import AT_ONCE, Due, Round, began, due, earliest
from isms_workflow.domain.periods import Where, said
from isms_workflow.domain.times import utc
from isms_workflow.programme.model import Programme
from isms_workflow.programme.obligations import EVENTS, HINTS, SUBMITTED, Organisation, Regime, Stage

BEGINNINGS = tuple(HINTS)
"""Events whose instant triage owes: they lie before the report, or are it."""


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


def obligations_of(programme: Programme) -> tuple[Obligation, ...]:
    """Every stage of every regime, in the order of the files."""
    return tuple(Obligation(regime, stage) for regime in programme.obligations.values() for stage in regime.stages)


def standing(obligations: Iterable[Obligation], facts: Facts, calendars: Mapping[str, Where], organisation: Organisation,
             at: datetime) -> tuple[Standing, ...]:
    """How each obligation stands at an instant; `calendars` are the regimes' places, of `wheres`. Raises `NaiveInstant`."""
    some = tuple(obligations)
    court = _Court({o.id: o for o in some}, facts.until(utc(at)), calendars, organisation, utc(at), {})
    return tuple(court.of(each.id) for each in some)


def questions(obligations: Iterable[Obligation], facts: Facts, organisation: Organisation) -> tuple[Owed, ...]:
    """What triage owes: conditions that are open, and when awareness began for what may apply. Each once, in order."""
    found: dict[str, tuple[Obligation, list[str]]] = {}
    for each in obligations:
        truth = _applies(each, _asked(each, facts, organisation, "UTC"))
        if truth.value is False or facts.submitted(each.id) or facts.happened(WAIVED, each.id):
            continue
        kind = each.stage.starts.event
        missing = (kind,) if kind in BEGINNINGS and not facts.happened(kind, each.id) else ()
        for name in (*truth.open, *missing):
            found.setdefault(name, (each, []))[1].append(each.id)
    return tuple(_owed(name, each, tuple(needed), organisation) for name, (each, needed) in found.items())


def shortest_act_by(obligations: Iterable[Obligation], facts: Facts, organisation: Organisation, reported_at: datetime,
                    calendars: Mapping[str, Where]) -> datetime | None:
    """The earliest `act_by` that could apply, were everything that may start at once to start with the report, UTC.

    None if nothing may apply. Raises `NaiveInstant`.
    """
    instants = [earliest(each.stage, utc(reported_at), calendars[each.regime.regime]) for each in obligations
                if each.stage.starts.event in AT_ONCE and _applies(each, _asked(each, facts, organisation, "UTC")).value is not False
                and not facts.submitted(each.id) and not facts.happened(WAIVED, each.id)]
    return min((instant for instant in instants if instant), default=None)


def explain(found: Standing) -> tuple[str, ...]:
    """How it stands and how each instant was computed, a line each."""
    stage = found.obligation.stage
    head = f"{found.obligation.id}: {found.obligation.regime.title}, {stage.article}: {stage.title}, to {stage.recipient}"
    return (head, *(f"  {line}" for line in _told(found)))


def _told(found: Standing) -> Iterator[str]:
    yield f"{found.state}{f' ({found.by})' if found.by else ''}"
    yield from found.why
    yield from found.lines
    if found.act_by is not None:
        yield f"act by {said(found.act_by, found.zone)}"
        yield (f"latest lawful {said(found.latest_lawful, found.zone)}" if found.latest_lawful else
               "the act names no figure: without undue delay")
    for note in (found.obligation.regime.note, found.obligation.stage.note):
        if note and found.act_by is not None:
            yield f"note: {note}"


def _asked(each: Obligation, facts: Facts, organisation: Organisation, zone: str) -> Asked:
    """Who is asked; the organisation as it was on the day of the report."""
    return Asked(each.regime, facts, organisation, local_date(facts.reported_at, zone))


def _applies(each: Obligation, asked: Asked) -> Truth:
    """Whether it applies, by what has been answered."""
    force = asked.in_force()
    return asked.holds(each.stage.applies) if force.value else force


def _owed(name: str, each: Obligation, needed: tuple[str, ...], organisation: Organisation) -> Owed:
    if name.startswith(OF_REGIME):
        return Owed(name, "organisation", f"Does {each.regime.title} hold for the organisation?", each.regime.source, needed)
    if name.startswith(OF_ORGANISATION):
        texts = {fact.id: fact.question for fact in organisation.facts}
        plain = name.removeprefix(OF_ORGANISATION)
        return Owed(name, "organisation", texts.get(plain, plain), "", needed)
    question = next((q for q in each.regime.questions if f"{each.regime.regime}.{q.id}" == name), None)
    if question is None:
        return Owed(name, "event", f"When was it that {EVENTS[name]}?", HINTS[name], needed)
    return Owed(name, "incident", question.question, question.hint, needed)


@dataclass(frozen=True, slots=True)
class _Matter:
    """What is known of one obligation before it is judged."""

    each: Obligation
    where: Where
    asked: Asked
    this: Round
    truth: Truth

    def is_(self, state: State, *why: str, **more: Any) -> Standing:
        """The verdict on it."""
        return Standing(self.each, state, self.where.zone, why, **more)

    def said(self, instant: datetime) -> str:
        """An instant at its place."""
        return said(instant, self.where.zone)


@dataclass(frozen=True, slots=True)
class _Court:
    """Judges each obligation once; one may depend on how another stands."""

    obligations: Mapping[str, Obligation]
    facts: Facts
    calendars: Mapping[str, Where]
    organisation: Organisation
    at: datetime
    known: dict[str, Standing]

    def of(self, name: str) -> Standing:
        """How an obligation stands."""
        if name not in self.known:
            self.known[name] = self._judged(self._matter(self.obligations[name]))
        return self.known[name]

    def _matter(self, each: Obligation) -> _Matter:
        where = self.calendars[each.regime.regime]
        asked = _asked(each, self.facts, self.organisation, where.zone)
        return _Matter(each, where, asked, began(each.regime.regime, each.stage, self.facts), _applies(each, asked))

    def _judged(self, m: _Matter) -> Standing:
        if m.this.submitted is not None:
            return self._submitted(m, m.this.submitted)
        for judge in (self._waived, self._inapplicable, self._replaced, self._idle):
            if (found := judge(m)) is not None:
                return found
        owed, unanswered = self._due(m), m.truth.open
        overdue = not unanswered and owed.latest is not None and self.at > owed.latest
        return m.is_(State.OPEN if unanswered else State.RUNNING, *self._why(m), open=unanswered, overdue=overdue,
                     started_at=owed.started_at, act_by=owed.act_by, latest_lawful=owed.latest, lines=owed.lines)

    def _submitted(self, m: _Matter, event: Event) -> Standing:
        owed = self._due(m) if m.this.start else Due(None, None, None, ())
        in_time = None if owed.latest is None else event.at <= owed.latest
        verdict = "" if owed.latest is None else f", {'in time' if in_time else 'late'}: by {m.said(owed.latest)}"
        owes_reasons = in_time is False and m.each.stage.late_needs_reasons and not event.has_reasons
        why = (f"submitted {m.said(event.at)}{verdict}",
               *(("it was late, and the reasons for the delay are missing",) if owes_reasons else ()))
        return m.is_(State.SUBMITTED, *why, started_at=owed.started_at, act_by=owed.act_by, latest_lawful=owed.latest,
                     lines=owed.lines, submitted_at=event.at, in_time=in_time, owes_reasons=owes_reasons)

    def _waived(self, m: _Matter) -> Standing | None:
        waived = [e for e in self.facts.happened(WAIVED, m.each.id)
                  if not m.each.stage.repeats or m.this.start is None or e.at >= m.this.start.at]
        return m.is_(State.WAIVED, f"decided {m.said(waived[-1].at)}", by="a decision") if waived else None

    def _inapplicable(self, m: _Matter) -> Standing | None:
        if m.truth.value is False:
            return m.is_(State.NOT_APPLICABLE, *m.truth.because)
        day = local_date(m.this.start.at if m.this.start else self.at, m.where.zone)
        begins, ends = m.each.stage.valid_from, m.each.stage.valid_until
        if (begins and day < begins) or (ends and day > ends):
            span = " ".join(each for each in (f"from {begins}" if begins else "", f"until {ends}" if ends else "") if each)
            return m.is_(State.NOT_APPLICABLE, f"it is in force {span}, and this is of {day}")
        return None

    def _replaced(self, m: _Matter) -> Standing | None:
        """What is owed in the place of something else, or not owed because of it."""
        if (instead := m.each.stage.instead_of) is not None:
            return self._stands_in(m, self.obligations[m.each.sibling(instead.stage)], instead.if_not)
        if (needs := m.each.stage.only_if_replaced) is not None:
            other = self.of(m.each.sibling(needs))
            if other.state in OWED:
                return m.is_(State.NOT_STARTED, f"owed only if another report takes the place of: {other.obligation.stage.title}")
            if other.state is not State.REPLACED:
                return m.is_(State.NOT_APPLICABLE, f"{other.obligation.stage.title} is {other.state}, not replaced")
        return self._limited(m) or self._gave_way(m)

    def _limited(self, m: _Matter) -> Standing | None:
        """Due with another report, and nothing any more once that isn't owed, or was in time."""
        if m.each.stage.limit_of is None:
            return None
        other = self.of(m.each.sibling(m.each.stage.limit_of))
        title = other.obligation.stage.title
        if other.state not in OWED and (other.state is not State.SUBMITTED or other.in_time):
            return m.is_(State.NOT_APPLICABLE, f"{title} is {other.state}{' in time' if other.in_time else ''}")
        if m.this.start is not None and other.act_by is None:
            return m.is_(State.NOT_STARTED, f"due when this is, which has not begun: {title}", awaits=other.awaits)
        return None

    def _gave_way(self, m: _Matter) -> Standing | None:
        """Whether another stage is owed in this one's place: it was submitted, or what it is for has come about."""
        for other in self.obligations.values():
            instead = other.stage.instead_of
            if other.regime is not m.each.regime or instead is None or instead.stage != m.each.stage.id:
                continue
            if self.facts.happened(WAIVED, other.id):
                continue  # somebody decided that it takes no one's place
            if done := self.facts.submitted(other.id):
                return m.is_(State.REPLACED, f"{other.stage.title} was submitted {m.said(done[0].at)} in its place", by=other.id)
            ends = self._ends(m)
            if ends is not None and self.at > ends and not self._by(instead.if_not, m.each, ends):
                why = f"{_kind(instead.if_not)} not by {m.said(ends)}: {other.stage.title} is owed instead"
                return m.is_(State.REPLACED, why, by=other.id)
        return None

    def _stands_in(self, m: _Matter, other: Obligation, kind: str) -> Standing | None:
        state = self.of(other.id).state
        if state is State.SUBMITTED:
            return m.is_(State.REPLACED, f"{other.stage.title} was submitted", by=other.id)
        if state in GONE:
            return m.is_(State.NOT_APPLICABLE, f"{other.stage.title} is {state}")
        ends = self._ends(self._matter(other))
        if ends is None:
            return None  # as little started as the other one
        if (done := self._by(kind, other, ends)) is not None:
            return m.is_(State.NOT_APPLICABLE, f"{EVENTS[kind]} {m.said(done)}: {other.stage.title} is owed")
        if self.at <= ends:
            return m.is_(State.NOT_STARTED, f"owed instead of: {other.stage.title}, if {_kind(kind)} not by {m.said(ends)}")
        return None

    def _ends(self, m: _Matter) -> datetime | None:
        """When a stage falls due, whatever stands in its place."""
        return self._due(m).latest if m.this.start else None

    def _by(self, kind: str, each: Obligation, ends: datetime) -> datetime | None:
        return next((e.at for e in self.facts.happened(kind, each.id) if e.at <= ends), None)

    def _idle(self, m: _Matter) -> Standing | None:
        """Not started, or ended before it was submitted."""
        if m.this.ended is not None:
            return m.is_(State.ENDED, f"{EVENTS[m.this.ended.kind]} {m.said(m.this.ended.at)}", by=m.this.ended.kind)
        if m.this.start is not None:
            return None
        starts = m.each.stage.starts
        if gone := self._never_submitted(m):
            return m.is_(State.NOT_APPLICABLE, *(f"{each.obligation.stage.title} is {each.state}" for each in gone))
        if m.this.covered is not None:
            why = f"{EVENTS[m.this.covered.kind]} before {starts.once_submitted} was submitted, which could say so"
            return m.is_(State.NOT_APPLICABLE, why)
        titles = " or ".join(m.each.regime.stage(each).title for each in starts.of)
        what = f"{titles}: {_kind(starts.event)}" if starts.of else EVENTS[starts.event]
        state = State.OPEN if m.truth.open else State.NOT_STARTED
        return m.is_(state, *self._why(m), f"not started; waits for: {what}", open=m.truth.open, awaits=(starts.event,))

    def _never_submitted(self, m: _Matter) -> tuple[Standing, ...]:
        """The reports whose submission it waits for, if none of them is owed any more."""
        starts = m.each.stage.starts
        awaited = starts.of if starts.event == SUBMITTED else (starts.once_submitted,) if starts.once_submitted else ()
        found = tuple(self.of(m.each.sibling(name)) for name in awaited)
        return found if all(each.state in GONE for each in found) else ()

    def _due(self, m: _Matter) -> Due:
        assert m.this.start is not None
        if (other := m.each.stage.limit_of) is None:
            return due(m.each.regime, m.each.stage, m.this.start, self.facts, m.asked, m.where)
        found = self.of(m.each.sibling(other))
        lines = (f"due when this is: {found.obligation.stage.title}", *found.lines)
        return Due(m.this.start.at, found.act_by, found.latest_lawful, lines)

    def _why(self, m: _Matter) -> tuple[str, ...]:
        return tuple(f"unanswered: {_owed(name, m.each, (), self.organisation).text}" for name in m.truth.open)


def _kind(kind: str) -> str:
    return "submitted" if kind == SUBMITTED else kind.replace("_", " ")
