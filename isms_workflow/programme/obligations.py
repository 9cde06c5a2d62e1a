"""Statutory, contractual and insurers' reporting duties as programme data: `obligations/*.yaml`. Pure data.

One file a regime, with the questions that it asks of an incident and its stages, each with its article; and
`organisation.yaml`, which says which regimes hold, and the facts about the organisation that they depend on.
What it all means at an instant is `isms_workflow.domain.obligations`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from isms_workflow.programme.basics import ONE_OR_MORE, HourOfDay, Name, Strict

FOLDER = "obligations/"
"""Where the files stand within a programme; their names in it begin so."""

ORGANISATION = f"{FOLDER}organisation.yaml"

SUBMITTED, REPORTED = "submitted", "reported"
"""What somebody decided was sent; and the report of the incident, which every incident has."""

EVENTS: Mapping[str, str] = MappingProxyType({
    REPORTED: "the incident was reported within the organisation",
    "aware": "the organisation became aware",
    "noticed": "it was noticed",
    "discovered": "it was discovered",
    "classified": "it was classified as major",
    "reclassified": "it turned out not to be major after all",
    "determined": "it was determined to be material",
    "information_determined": "what an earlier report had to leave out was determined, or became available",
    "assessed": "it was assessed as notifiable",
    "measure_available": "a corrective or mitigating measure became available",
    "recovered": "regular activities were recovered",
    "handled": "the handling of the incident ended",
    "requested": "the authority asked for a report",
    "delay_foreseen": "it became clear that a report can't be submitted in time",
    "delay_allowed": "a delay of the report was allowed, or asked for, in writing",
    "delay_asked": "a delay of the report was asked for by word of mouth",
    "held_back": "a notification was made elsewhere that holds the report back",
    SUBMITTED: "a report was submitted",
})
"""What may begin, restart or end a stage: the kinds of event that can be recorded with an incident. An obligation that
waits for anything else would wait for ever, and is refused."""

PERMISSIONS = frozenset({"delay_allowed", "delay_asked", "held_back"})
"""What may put the limit of a stage off, to an instant that is recorded with it. Decided of by whoever is accountable."""

HINTS: Mapping[str, str] = MappingProxyType({
    "aware": "reasonably certain of it, after a short and prompt triage",
    "noticed": "by anybody of the organisation, or brought to its notice by others",
    "discovered": "first known to anybody of the workforce, or would have been with reasonable diligence",
})
"""What is meant by those that triage dates."""

Answer = bool | dt.date | None
"""About the organisation: yes, no, yes from a day on; None: nobody has said, which is never a no."""

Counting = Literal["elapsed", "1182/71", "calendar_days", "business_days"]
Relief = Literal["noon_next_working_day"]
PeriodUnit = Literal["minutes", "hours", "days", "business_days", "months"]

CLOSING: frozenset[Counting] = frozenset({"calendar_days", "business_days"})
"""Rules that end at an hour of a day, which may be another than midnight."""

_PERIOD = re.compile(r"^(\d+) (minute|hour|day|business day|month)s?$")


SomeNames = Annotated[tuple[Name, ...], ONE_OR_MORE]


class Period(Strict):
    """How long after an event something is due; days are calendar days unless they are business days."""

    amount: Annotated[int, Field(ge=1, le=1000)]
    unit: PeriodUnit

    @model_validator(mode="before")
    @classmethod
    def _spoken(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found = _PERIOD.match(value.strip())
        if not found:
            raise ValueError(f"{value!r} is no period: write e.g. '72 hours', '4 business days', '14 days', '1 month'")
        return {"amount": int(found[1]), "unit": f"{found[2].replace(' ', '_')}s"}

    def __str__(self) -> str:
        words = self.unit.replace("_", " ")
        return f"{self.amount} {words.removesuffix('s') if self.amount == 1 else words}"


class Condition(Strict):
    """Holds if all of `all`, one of `any` and none of `none` are yes; each is a question of the regime's or a fact of the
    organisation's. It is open as long as an answer that could still change it is missing.
    """

    all: SomeNames = ()
    any: SomeNames = ()
    none: SomeNames = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All that it depends on, in the order in which they are to be asked."""
        return (*self.all, *self.any, *self.none)


class Question(Strict):
    """What a regime has to know about an incident, to be answered yes or no. Where `asked_if` is no, so is the answer."""

    id: Name
    question: str
    hint: str = ""
    asked_if: Condition = Condition()


class Start(Strict):
    """The event that starts a stage: of several the first, or the latest. `of` names the stages of this regime that were
    submitted, asked for or foreseen to be late; `once_submitted`: an event before that stage's submission starts nothing.
    """

    event: str
    of: SomeNames = ()
    which: Literal["first", "latest"] = "first"
    once_submitted: Name | None = None


class Cap(Strict):
    """Another limit beside the stage's own, the earlier of which counts: `within` so long after an event.

    It lapses if it had passed already when the event `unless_passed_by` happened.
    """

    event: str
    within: Period
    unless_passed_by: str | None = None


class Relieved(Strict):
    """What a due instant on a day off is put off to, and the facts about the organisation with which it isn't."""

    rule: Relief
    article: str
    not_for: SomeNames = ()


class Instead(Strict):
    """A stage that is owed instead of another one if, when that falls due, an event has not happened."""

    stage: Name
    if_not: str


class Seat(Strict):
    """Where the act is due: its zone and its public holidays. What isn't said is the organisation's."""

    zone: str
    country: str | None = None
    subdivision: str | None = None
    extra_holidays: dict[dt.date, str] = Field(default_factory=dict)


class Rules(Strict):
    """How instants are counted: said by a regime for all of its stages, or by one stage for itself.

    `closes` is the local hour after which what arrives counts as the next business day's.
    """

    counting: Counting
    article: str
    closes: HourOfDay | None = None


class Delay(Strict):
    """A permission that puts a stage's limit off, to the instant that is recorded with it.

    Several of one event are for the first permission, the second, and so on: there are no more than stand in the programme,
    unless the last of them has no `at_most`.
    `at_most`: so long after where the limit stood, or after the event itself; without it as long as the permission says.
    `counting`: by another rule than the stage. `before_limit`: what is given after the limit has passed moves nothing.
    """

    event: str
    article: str
    at_most: Period | None = None
    counted_from: Literal["limit", "event"] = "limit"
    counting: Counting | None = None
    before_limit: bool = False
    note: str = ""

    def rules(self, stage: Rules) -> Rules:
        """How `at_most` is counted, where the stage counts so."""
        counting = self.counting or stage.counting
        return Rules(counting=counting, article=self.article, closes=stage.closes if counting in CLOSING else None)


class Stage(Strict):
    """One report, notice or entry that is owed; `within` is the act's figure.

    `aim` is the organisation's own figure where the act says no more than "without undue delay", or an earlier one.
    `as_asked`: the request itself says until when. `from_end_of: year`: counted from the end of the event's calendar year.
    `limit_of`: due when another stage is. `delays`: what may put its limit off. `repeats`: an event after the last submission begins a new round.
    """

    id: Name
    title: str
    article: str
    recipient: str
    applies: Condition = Condition()
    starts: Start
    within: Period | None = None
    aim: Period | None = None
    as_asked: bool = False
    from_end_of: Literal["year"] | None = None
    limit_of: Name | None = None
    caps: tuple[Cap, ...] = ()
    delays: tuple[Delay, ...] = ()
    counting: Rules | None = None
    relief: Relieved | None = None
    ended_by: str | None = None
    instead_of: Instead | None = None
    only_if_replaced: Name | None = None
    repeats: bool = False
    late_needs_reasons: bool = False
    waived_if: str = ""
    contents: tuple[str, ...] = ()
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None
    note: str = ""


class Regime(Strict):
    """An act, a contract or a policy with the stages of reporting that it asks for."""

    regime: Name
    title: str
    source: str
    place: Seat | None = None
    counting: Rules
    note: str = ""
    questions: tuple[Question, ...] = ()
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]

    def stage(self, name: str) -> Stage:
        """A stage by its id. Raises KeyError."""
        return {each.id: each for each in self.stages}[name]


class Fact(Strict):
    """Something about the organisation that obligations depend on."""

    id: Name
    question: str
    answer: Answer = None


class Organisation(Strict):
    """Which regimes hold for the organisation, and the facts that they depend on. What isn't said is open, never no."""

    regimes: dict[Name, Answer] = Field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
