"""The judgement on each obligation, of which some depend on how others stand. Pure; asked through `domain.obligations`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from isms_workflow.domain.calendars import local_date
from isms_workflow.domain.conditions import OF_ORGANISATION, OF_REGIME, WAIVED, Asked, Event, Facts, Truth
from isms_workflow.domain.limits import Due, Round, began, current, due
from isms_workflow.domain.periods import Where, said
from isms_workflow.domain.standings import GONE, OWED, Obligation, Owed, Standing, State
from isms_workflow.programme.obligations import EVENTS, HINTS, SUBMITTED, Organisation, Regime


def asked_of(regime: Regime, facts: Facts, organisation: Organisation, zone: str) -> Asked:
    """Who is asked; the organisation as it was on the day of the report."""
    return Asked(regime, facts, organisation, local_date(facts.reported_at, zone))


def applies(each: Obligation, asked: Asked) -> Truth:
    """Whether it applies, by what has been answered."""
    force = asked.in_force()
    return asked.holds(each.stage.applies) if force.value else force


def asks_of(regime: Regime) -> str:
    """The question whether a regime holds at all."""
    return f"Does {regime.title} hold for the organisation?"


def owed_of(name: str, each: Obligation, needed: tuple[str, ...], organisation: Organisation) -> Owed:
    """A missing answer as a question to people."""
    if name.startswith(OF_REGIME):
        return Owed(name, "organisation", asks_of(each.regime), each.regime.source, needed)
    if name.startswith(OF_ORGANISATION):
        texts = {fact.id: fact.question for fact in organisation.facts}
        plain = name.removeprefix(OF_ORGANISATION)
        return Owed(name, "organisation", texts.get(plain, plain), "", needed)
    question = next((q for q in each.regime.questions if f"{each.regime.regime}.{q.id}" == name), None)
    if question is None:
        return Owed(name, "event", f"When was it that {EVENTS[name]}?", HINTS[name], needed)
    return Owed(name, "incident", question.question, question.hint, needed)


@dataclass(frozen=True, slots=True)
class Matter:
    """What is known of one obligation before it is judged; `facts` are those that count for it."""

    each: Obligation
    where: Where
    asked: Asked
    facts: Facts
    this: Round
    truth: Truth

    def is_(self, state: State, *why: str, **more: Any) -> Standing:
        """The verdict on it."""
        return Standing(self.each, state, self.where.zone, why, **more)

    def said(self, instant: datetime) -> str:
        """An instant at its place."""
        return said(instant, self.where.zone)


@dataclass(frozen=True, slots=True)
class Court:
    """Judges each obligation once; one may depend on how another stands."""

    obligations: Mapping[str, Obligation]
    facts: Facts
    calendars: Mapping[str, Where]
    organisation: Organisation
    at: datetime
    known: dict[str, Standing] = field(default_factory=dict)
    forces: dict[str, Truth] = field(default_factory=dict)
    """By regime."""

    def of(self, name: str) -> Standing:
        """How an obligation stands."""
        if name not in self.known:
            each = self.obligations[name]
            self.known[name] = self._foreign(each) or self._weighed(self._matter(each))
        return self.known[name]

    def _weighed(self, m: Matter) -> Standing:
        found, before = self._judged(m), tuple(self._before(m))
        return replace(found, why=(*found.why, *before)) if before else found

    def _foreign(self, each: Obligation) -> Standing | None:
        """Nothing is judged of a regime that doesn't hold, as most don't, unless something is recorded of the incident."""
        regime, zone = each.regime.regime, self.calendars[each.regime.regime].zone
        if self.facts.events:
            return None
        if regime not in self.forces:
            self.forces[regime] = asked_of(each.regime, self.facts, self.organisation, zone).in_force()
        force = self.forces[regime]
        return Standing(each, State.NOT_APPLICABLE, zone, force.because) if force.value is False else None

    def _matter(self, each: Obligation) -> Matter:
        where = self.calendars[each.regime.regime]
        asked = asked_of(each.regime, self.facts, self.organisation, where.zone)
        facts = current(each.regime, each.stage, self.facts)
        return Matter(each, where, asked, facts, began(each.regime.regime, each.stage, facts), applies(each, asked))

    def _before(self, m: Matter) -> Iterator[str]:
        """What was submitted before it began anew stays known."""
        if m.facts is self.facts:
            return
        counts = m.facts.submitted(m.each.id)
        for event in self.facts.submitted(m.each.id):
            if event not in counts:
                yield f"submitted {m.said(event.at)}, before it began anew"

    def _judged(self, m: Matter) -> Standing:
        if m.this.submitted is not None:
            return self._submitted(m, m.this.submitted)
        for judge in (self._waived, self._inapplicable, self._replaced, self._idle):
            if (found := judge(m)) is not None:
                return found
        owed, unanswered = self._due(m), m.truth.open
        overdue = not unanswered and owed.latest is not None and self.at > owed.latest
        return m.is_(State.OPEN if unanswered else State.RUNNING, *self._why(m), open=unanswered, overdue=overdue,
                     started_at=owed.started_at, act_by=owed.act_by, latest_lawful=owed.latest, lines=owed.lines,
                     permissions=owed.permissions)

    def _submitted(self, m: Matter, event: Event) -> Standing:
        owed = self._due(m) if m.this.start else Due(None, None, None, ())
        in_time = None if owed.latest is None else event.at <= owed.latest
        verdict = "" if owed.latest is None else f", {'in time' if in_time else 'late'}: by {m.said(owed.latest)}"
        owes_reasons = in_time is False and m.each.stage.late_needs_reasons and not event.has_reasons
        why = (f"submitted {m.said(event.at)}{verdict}",
               *(("it was late, and the reasons for the delay are missing",) if owes_reasons else ()))
        return m.is_(State.SUBMITTED, *why, started_at=owed.started_at, act_by=owed.act_by, latest_lawful=owed.latest,
                     lines=owed.lines, submitted_at=event.at, in_time=in_time, owes_reasons=owes_reasons,
                     permissions=owed.permissions)

    def _waived(self, m: Matter) -> Standing | None:
        waived = [e for e in m.facts.happened(WAIVED, m.each.id)
                  if not m.each.stage.repeats or m.this.start is None or e.at >= m.this.start.at]
        return m.is_(State.WAIVED, f"decided {m.said(waived[-1].at)}", by="a decision") if waived else None

    def _inapplicable(self, m: Matter) -> Standing | None:
        if m.truth.value is False:
            return m.is_(State.NOT_APPLICABLE, *m.truth.because)
        day = local_date(m.this.start.at if m.this.start else self.at, m.where.zone)
        begins, ends = m.each.stage.valid_from, m.each.stage.valid_until
        if (begins and day < begins) or (ends and day > ends):
            span = " ".join(each for each in (f"from {begins}" if begins else "", f"until {ends}" if ends else "") if each)
            return m.is_(State.NOT_APPLICABLE, f"it is in force {span}, and this is of {day}")
        return None

    def _replaced(self, m: Matter) -> Standing | None:
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

    def _limited(self, m: Matter) -> Standing | None:
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

    def _gave_way(self, m: Matter) -> Standing | None:
        """Whether another stage is owed in this one's place: it was submitted, or what it is for has come about."""
        for other in self.obligations.values():
            instead = other.stage.instead_of
            if other.regime is not m.each.regime or instead is None or instead.stage != m.each.stage.id:
                continue
            if m.facts.happened(WAIVED, other.id):
                continue  # somebody decided that it takes no one's place
            ends = self._ends(m)
            if ends is not None and self._by(instead.if_not, m, ends):
                continue  # what was sent before that stands beside it: this one is owed all the same
            if done := m.facts.submitted(other.id):
                return m.is_(State.REPLACED, f"{other.stage.title} was submitted {m.said(done[0].at)} in its place", by=other.id)
            if ends is not None and self.at > ends:
                why = f"{other.stage.title} is owed instead: by {m.said(ends)} it was not so that {EVENTS[instead.if_not]}"
                return m.is_(State.REPLACED, why, by=other.id)
        return None

    def _stands_in(self, m: Matter, other: Obligation, kind: str) -> Standing | None:
        state = self.of(other.id).state
        if state is State.SUBMITTED:
            return m.is_(State.REPLACED, f"{other.stage.title} was submitted", by=other.id)
        if state in GONE:
            return m.is_(State.NOT_APPLICABLE, f"{other.stage.title} is {state}")
        theirs = self._matter(other)
        ends = self._ends(theirs)
        if ends is None:
            return None  # as little started as the other one
        if (done := self._by(kind, theirs, ends)) is not None:
            return m.is_(State.NOT_APPLICABLE, f"{EVENTS[kind]} {m.said(done)}: {other.stage.title} is owed")
        if self.at <= ends:
            why = f"owed instead of: {other.stage.title}, unless {EVENTS[kind]} by {m.said(ends)}; it can be submitted before"
            return m.is_(State.NOT_STARTED, why, started_at=m.this.start.at if m.this.start else None)
        return None

    def _ends(self, m: Matter) -> datetime | None:
        """When a stage falls due, whatever stands in its place."""
        return self._due(m).latest if m.this.start else None

    def _by(self, kind: str, m: Matter, ends: datetime) -> datetime | None:
        return next((e.at for e in m.facts.happened(kind, m.each.id) if e.at <= ends), None)

    def _idle(self, m: Matter) -> Standing | None:
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
        return m.is_(state, *self._why(m), f"waits for this: {what}", open=m.truth.open, awaits=(starts.event,))

    def _never_submitted(self, m: Matter) -> tuple[Standing, ...]:
        """The reports whose submission it waits for, if none of them is owed any more."""
        starts = m.each.stage.starts
        awaited = starts.of if starts.event == SUBMITTED else (starts.once_submitted,) if starts.once_submitted else ()
        found = tuple(self.of(m.each.sibling(name)) for name in awaited)
        return found if all(each.state in GONE for each in found) else ()

    def _due(self, m: Matter) -> Due:
        assert m.this.start is not None
        if (other := m.each.stage.limit_of) is None:
            return due(m.each.regime, m.each.stage, m.this, m.facts, m.asked, m.where)
        found = self.of(m.each.sibling(other))
        lines = (f"due when this is: {found.obligation.stage.title}", *found.lines)
        return Due(m.this.start.at, found.act_by, found.latest_lawful, lines)

    def _why(self, m: Matter) -> tuple[str, ...]:
        return tuple(f"unanswered: {owed_of(name, m.each, (), self.organisation).text}" for name in m.truth.open)


def _kind(kind: str) -> str:
    return "submitted" if kind == SUBMITTED else kind.replace("_", " ")
