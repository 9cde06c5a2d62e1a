"""The organisation's programme: what its ISMS consists of, as data checked by pydantic."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from isms_workflow.programme.addresses import HeartbeatAddress
from isms_workflow.programme.basics import HourOfDay, Name, Strict
from isms_workflow.programme.obligations import Organisation, Regime

Unit = Literal["days", "working_days", "working_hours", "hours", "minutes", "seconds"]
Label = Literal["internal", "confidential", "restricted"]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Hour = Annotated[int, Field(ge=0, le=23)]

CLOSE_OF_BUSINESS = dt.time(17)
"""The local hour at which something falls due, unless the programme says otherwise."""

_SPAN = re.compile(r"^(-?\d+) ((?:working )?day|(?:working )?hour|minute|second)s?(?: at (\d{1,2}:\d{2}))?$")
_ENDS_AT_AN_HOUR = ("days", "working_days")


class Span(Strict):
    """How far from an anchor something falls due: days and working days end at a local hour, the others elapse.

    Hours, minutes and seconds elapse always, working hours while the calendar is open.
    """

    amount: Annotated[int, Field(ge=-1000, le=1000)]  # working days are known for some years, not for ever
    unit: Unit
    at: dt.time = CLOSE_OF_BUSINESS

    @model_validator(mode="before")
    @classmethod
    def _spoken(cls, value: Any) -> Any:
        return spoken(value) if isinstance(value, str) else value

    def __str__(self) -> str:
        words = self.unit.replace("_", " ")
        hour = f" at {self.at:%H:%M}" if self.unit in _ENDS_AT_AN_HOUR and self.at != CLOSE_OF_BUSINESS else ""
        return f"{self.amount} {words}{hour}"


def spoken(text: str) -> dict[str, Any]:
    """A span as people write it: `10 working days`, `-2 days`, `4 working hours`, `5 days at 12:00`. Raises ValueError."""
    found = _SPAN.match(text.strip())
    unit = f"{found[2].replace(' ', '_')}s" if found else ""
    if not found or (found[3] and unit not in _ENDS_AT_AN_HOUR):
        raise ValueError(f"{text!r} is no span: write e.g. '10 working days', '-2 days', '5 days at 12:00', "
                         "'4 working hours', '4 hours', '15 minutes', '30 seconds'; only days end at an hour")
    at = {"at": dt.time.fromisoformat(found[3].zfill(5))} if found[3] else {}
    return {"amount": int(found[1]), "unit": unit, **at}


def one_or_more(value: Any) -> Any:
    """One name stands for a list of one."""
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[Name, ...], BeforeValidator(one_or_more), Field(min_length=1)]

ON_CALL, TEAM, PERSON = "on_call:", "team:", "person:"
"""Stand before a rotation's id, a team's id, a person's mail address where a ladder's level names one."""

_PERSON = rf"{PERSON}[^\s@:]+@[^\s@:]+"
Whom = Annotated[str, Field(pattern=rf"^(({ON_CALL})?[a-z][a-z0-9_]*|{_PERSON})$", max_length=330)]
"""Whom a team consists of: a responsibility's holders, whoever is on call, one person."""

Told = Annotated[str, Field(pattern=rf"^(({ON_CALL}|{TEAM})?[a-z][a-z0-9_]*|{_PERSON})$", max_length=330)]
"""Whom a level tells: the same, a team, or a part that somebody plays in a wait."""


class Responsibility(Strict):
    """What a person may owe or decide in the ISMS (ISO/IEC 27001:2022, 5.3)."""

    id: Name
    title: str
    clause: str
    description: str


class Team(Strict):
    """People who are told together under one name."""

    id: Name
    title: str
    members: Annotated[tuple[Whom, ...], Field(min_length=1)]


class Level(Strict):
    """One level of a ladder: whom it tells, all at once, and when: counted from the ladder's anchor, and from there `nth`
    times `apart`. `written` is the place of what it comes from in the file (`programme.ladders`).
    """

    to: Annotated[tuple[Told, ...], BeforeValidator(one_or_more), Field(min_length=1)]
    offset: Span
    repeat: Span | None = None
    apart: Span | None = None
    nth: int = 0
    written: int = 0


class Ladder(Strict):
    """Who is reminded and who is escalated to, in which order."""

    id: Name
    title: str
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]


class Step(Strict):
    """Work that one person owes within a phase; due so long after the phase's start."""

    id: Name
    title: str
    clause: str
    guidance: str
    example: str
    effort_hours: Annotated[int, Field(ge=1, le=1000)]
    responsibility: Name
    depends_on: tuple[Name, ...] = ()
    due: Span
    evidence_min: Annotated[int, Field(ge=0, le=20)] = 1
    evidence_needed: str
    ladder: Name


class Gate(Strict):
    """Who approves the phase, how many, by when; `lapse` counts from the due instant.

    `relaxed` is the reason for letting people decide on their own work; None keeps duties apart.
    """

    responsibilities: Names
    quorum: Annotated[int, Field(ge=1, le=20)]
    due: Span
    ladder: Name
    lapse: Span
    relaxed: Reason | None = None


class Phase(Strict):
    """A part of a workflow; where it ends in a gate, `waiting_ladder` runs after a reject or a lapse."""

    id: Name
    title: str
    clause: str
    owner: Name = "isms_manager"
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    gate: Gate | None = None
    waiting_ladder: Name = "way_on"


class Schedule(Strict):
    """A planned start: every year, quarter or month, on a day at a local hour."""

    id: Name
    every: Literal["year", "quarter", "month"]
    month: Annotated[int, Field(ge=1, le=12)] = 1
    day: Annotated[int, Field(ge=1, le=31)] = 1
    at: dt.time = dt.time(9)


class Workflow(Strict):
    """One kind of case: its phases in order, and the ladders of its own waits."""

    is_followed: ClassVar[bool] = True
    """Whether a case that ends opens the next, which takes over what was waived."""

    kind: Name
    title: str
    version: Annotated[int, Field(ge=1)]
    label: Label = "internal"
    planned_ladder: Name = "planned"
    decide_due: Span
    schedules: tuple[Schedule, ...] = ()
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]

    @property
    def gates(self) -> dict[str, Gate]:
        """The gates in order, each under its phase's id."""
        return {phase.id: phase.gate for phase in self.phases if phase.gate is not None}

    def gate(self, phase: str) -> Gate:
        """The gate in which a phase ends. Raises KeyError."""
        return self.gates[phase]

    def phase(self, name: str) -> Phase:
        """A phase by its id. Raises KeyError."""
        for phase in self.phases:
            if phase.id == name:
                return phase
        raise KeyError(name)

    def step(self, name: str) -> Step:
        """A step by its id, in whatever phase. Raises KeyError."""
        for phase in self.phases:
            for step in phase.steps:
                if step.id == name:
                    return step
        raise KeyError(name)


class Calendar(Strict):
    """The organisation's zone, its days and hours of work, and its holidays."""

    zone: str = "UTC"
    country: str | None = None
    subdivision: str | None = None
    extra_holidays: dict[dt.date, str] = Field(default_factory=dict)
    working_week: tuple[Annotated[int, Field(ge=0, le=6)], ...] = (0, 1, 2, 3, 4)
    opens: HourOfDay = dt.time(9)
    closes: HourOfDay = dt.time(17)


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class HandOver(Strict):
    """When the first shift begins: on this weekday, at this local hour."""

    weekday: Weekday
    at: HourOfDay


class Turns(Strict):
    """Holders of a responsibility who take turns; `shift` is counted on the wall of the zone, so that a hand-over keeps its hour.

    The first shift begins at the first hand-over on or after `since`. Without a zone it is the rotation's, or the calendar's.
    """

    model_config = ConfigDict(populate_by_name=True)

    id: Name
    title: str
    responsibility: Name
    shift: Span
    hand_over: HandOver
    since: Annotated[dt.date, Field(alias="from")]
    zone: str | None = None

    @cached_property
    def first(self) -> dt.datetime:
        """The beginning of the first shift, as clocks on the wall show it."""
        days = (WEEKDAYS.index(self.hand_over.weekday) - self.since.weekday()) % 7
        return dt.datetime.combine(self.since + dt.timedelta(days=days), self.hand_over.at)

    @cached_property
    def length(self) -> dt.timedelta:
        """How long a shift is on the wall."""
        return dt.timedelta(**{self.shift.unit: self.shift.amount})


class Window(Strict):
    """From one hour of these days to another, of the next day if that isn't later; on the wall of the zone."""

    days: Annotated[tuple[Weekday, ...], BeforeValidator(one_or_more), Field(min_length=1)] = WEEKDAYS
    begins: HourOfDay
    ends: HourOfDay


class Layer(Turns):
    """Turns that go before those beneath while the layer is on, and somebody takes them; without a window it always is."""

    during: tuple[Window, ...] = ()


class Rotation(Turns):
    """Who is on call: turns that are always on, and layers above them, the last one the highest."""

    layers: tuple[Layer, ...] = ()

    @property
    def rows(self) -> tuple[Turns, ...]:
        """All that take turns in it, the highest first."""
        return (*reversed(self.layers), self)

    @property
    def responsibilities(self) -> tuple[str, ...]:
        """Whose holders take turns in it, each once."""
        return tuple(dict.fromkeys((self.responsibility, *(layer.responsibility for layer in self.layers))))

    def whole(self, zone: str) -> Rotation:
        """With its zone, or this one, in every row; the layers' ids have the rotation's before them."""
        ours = self.zone or zone
        layers = tuple(each.model_copy(update={"id": f"{self.id}/{each.id}", "zone": each.zone or ours}) for each in self.layers)
        return self.model_copy(update={"zone": ours, "layers": layers})


class Flood(Strict):
    """Up to `most` letters to one person by one way `within` a time leave by themselves; beyond that what waits is told in
    one letter, every so often.
    """

    most: Annotated[int, Field(ge=1, le=1000)]
    within: Span
    critical_every: Span
    ordinary_every: Span


class Programme(Strict):
    """A whole version of the programme, identified by the digest of its texts."""

    responsibilities: dict[str, Responsibility]
    ladders: dict[str, Ladder]
    calendar: Calendar
    workflows: Mapping[str, Workflow]
    rotations: Mapping[str, Rotation] = Field(default_factory=dict)
    teams: Mapping[str, Team] = Field(default_factory=dict)
    checkpoint_file: str | None = None
    digest_hour: Hour = 8
    heartbeat_url: HeartbeatAddress | None = None
    obligations: Mapping[str, Regime] = Field(default_factory=dict)
    organisation: Organisation = Organisation()
    flood: Flood | None = None
    digest: str
    files: Mapping[str, str]

    @cached_property
    def on_call(self) -> dict[str, Rotation]:
        """The rotations by id, each whole."""
        return {each.id: each.whole(self.calendar.zone) for each in self.rotations.values()}
