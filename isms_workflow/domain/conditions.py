"""Whether an obligation applies: conditions in three values. What nobody has answered is open, never no. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from isms_workflow.domain.times import iso, utc
from isms_workflow.programme.obligations import REPORTED, SUBMITTED, Condition, Organisation, Regime

WAIVED = "waived"
"""The kind of event by which an accountable person decided that a stage is not to be submitted."""

OF_ORGANISATION, OF_REGIME = "organisation.", "organisation.regimes."


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody's answer to a question about an incident; None takes an earlier one back. Of several the latest counts.

    `question` is the regime's id, a dot, and the question's: `gdpr.risk_unlikely`. What the programme leaves open about the
    organisation can be answered for one incident as well: `organisation.processor`, `organisation.regimes.nis2`; what the
    programme says counts before it. Raises `NaiveInstant`.
    """

    question: str
    value: bool | None
    at: datetime
    by: str

    def __post_init__(self) -> None:
        utc(self.at)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at an instant, of a kind in `programme.obligations.EVENTS`, or `waived`.

    `of`: the obligation that it concerns (`nis2.final`), or the regime (`nis2`); None: the incident as a whole. What is
    said of an obligation counts for it in place of what is said of its regime, and that in place of what is said of all.
    `until`: the instant that an authority's request names, or to which a permission puts a report off. `has_reasons`: the
    submission gave reasons for its delay. Raises `NaiveInstant`: a bare date is no instant, and is not read as midnight.
    """

    kind: str
    at: datetime
    of: str | None = None
    until: datetime | None = None
    has_reasons: bool = False

    def __post_init__(self) -> None:
        for instant in (self.at, self.until):
            if instant is not None:
                utc(instant)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of an incident and bears upon its obligations."""

    reported_at: datetime
    answers: tuple[Answer, ...] = ()
    events: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        utc(self.reported_at)

    def until(self, at: datetime) -> Facts:
        """What was known then."""
        return Facts(self.reported_at, tuple(a for a in self.answers if a.at <= at),
                     tuple(e for e in self.events if e.at <= at))

    def since(self, at: datetime, kept: Collection[str]) -> Facts:
        """What happened from then on, and whenever it happened what is of these kinds; every answer."""
        return Facts(self.reported_at, self.answers, tuple(e for e in self.events if e.at >= at or e.kind in kept))

    def happened(self, kind: str, obligation: str) -> list[Event]:
        """Events of a kind as far as they concern an obligation, in order; the most specific ones alone."""
        if kind == REPORTED:
            return [Event(REPORTED, self.reported_at)]
        regime = obligation.partition(".")[0]
        for of in (obligation, regime, None):
            if found := self._of(kind, of):
                return found
        return []

    def of(self, kind: str, obligations: Iterable[str]) -> list[Event]:
        """Events of a kind that concern one of these obligations and no other, in order."""
        return sorted((e for name in obligations for e in self._of(kind, name)), key=lambda e: e.at)

    def submitted(self, obligation: str) -> list[Event]:
        """The submissions of a stage, in order."""
        return self._of(SUBMITTED, obligation)

    def _of(self, kind: str, of: str | None) -> list[Event]:
        return sorted((e for e in self.events if e.kind == kind and e.of == of), key=lambda e: e.at)


@dataclass(frozen=True, slots=True)
class Truth:
    """Yes, no, or None for open; why, and which answers are missing, by their ids."""

    value: bool | None
    because: tuple[str, ...] = ()
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked: the regime's questions with the incident's answers, and the organisation's facts on that day."""

    regime: Regime
    facts: Facts
    organisation: Organisation
    day: date

    def in_force(self) -> Truth:
        """Whether the organisation says that the regime holds for it."""
        truth = self._of_organisation(f"{OF_REGIME}{self.regime.regime}", self.organisation.regimes.get(self.regime.regime))
        if truth.value is not False:
            return truth
        why = f"{self.regime.title} doesn't hold for the organisation"
        return Truth(value=False, because=(f"{why} ({'; '.join(truth.because)})" if truth.because else f"the programme says that {why}",))

    def holds(self, condition: Condition) -> Truth:
        """Whether a condition holds. One that names nothing does."""
        all_, any_, none = ([(n, self.answer(n)) for n in names] for names in (condition.all, condition.any, condition.none))
        wrong = [*(each for each in all_ if each[1].value is False), *(each for each in none if each[1].value)]
        if any_ and all(truth.value is False for _, truth in any_):
            wrong += any_
        if wrong:
            return Truth(value=False, because=tuple(self._said(name, truth) for name, truth in wrong))
        undecided = [*all_, *none, *(() if any(truth.value for _, truth in any_) else any_)]
        missing = tuple(dict.fromkeys(name for _, truth in undecided if truth.value is None for name in truth.open))
        return Truth(None if missing else True, open=missing)

    def answer(self, name: str) -> Truth:
        """The answer to a question of the regime's, or a fact of the organisation's."""
        question = next((q for q in self.regime.questions if q.id == name), None)
        if question is None:
            answers = {fact.id: fact.answer for fact in self.organisation.facts}
            return self._of_organisation(f"{OF_ORGANISATION}{name}", answers.get(name))
        before = self.holds(question.asked_if)
        return self._given(f"{self.regime.regime}.{name}") if before.value else before

    def _of_organisation(self, key: str, answer: bool | date | None) -> Truth:
        """What the programme says; where it says nothing, what somebody answered for this incident."""
        value = since(answer, self.day)
        return self._given(key) if value is None else Truth(value)

    def _given(self, key: str) -> Truth:
        """The latest answer to a question."""
        last = max((a for a in self.facts.answers if a.question == key), key=lambda a: a.at, default=None)
        if last is None or last.value is None:
            return Truth(None, open=(key,))
        return Truth(last.value, (f"answered on {iso(last.at)[:10]}",))

    def says(self, name: str) -> str:
        """The text of a question or a fact."""
        texts = {**{f.id: f.question for f in self.organisation.facts}, **{q.id: q.question for q in self.regime.questions}}
        return texts.get(name, name)

    def _said(self, name: str, truth: Truth) -> str:
        why = f" ({'; '.join(truth.because)})" if truth.because else ""
        return f"{self.says(name)} {'Yes' if truth.value else 'No'}{why}"


def since(answer: bool | date | None, day: date) -> bool | None:
    """An answer about the organisation as it is on a day: one that is a date is yes from that day on."""
    if isinstance(answer, date):
        return day >= answer
    return answer
