"""What the API says and takes, as the OpenAPI document describes it. Instants are RFC 3339 in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from isms_workflow.domain.systems import LONGEST_DESCRIPTION, LONGEST_NAME
from isms_workflow.portal.texts import KEEPABLE, storable

Item = TypeVar("Item")
Role = Literal["admin", "user", "auditor", "guest"]
Label = Literal["internal", "confidential", "restricted"]
Level = Literal["low", "medium", "high"]
DataKind = Literal["none", "internal", "personal", "special_category", "payment", "secret"]
Id = Annotated[str, Field(max_length=36, description="An opaque id.")]
Reason = Annotated[str, Field(max_length=4000)]
Day = Annotated[str, Field(examples=["2026-03-12"], max_length=10)]


class Said(BaseModel):
    """What the API says: nothing else than this."""

    model_config = ConfigDict(frozen=True)


class Page(Said, Generic[Item]):
    """Part of a list; `next` is the address of the rest, if there is any."""

    items: list[Item]
    next: str | None = None


class Person(Said):
    """Somebody with an account. The mail address is shown to administrators and to the person."""

    id: Id
    name: str | None = Field(description="Null once erased.")
    email: str | None
    role: Role
    zone: str
    version: int
    active: bool
    ends_at: datetime | None
    responsibilities: list[str]
    deputy: Id | None


class System(Said):
    """An information system in the register. `data` says which kinds it holds: `none` alone, or one or more others."""

    id: Id
    name: str
    description: str
    owner: Id
    confidentiality: Level
    integrity: Level
    availability: Level
    data: list[DataKind]
    version: int
    added_at: datetime
    retired_at: datetime | None


class Link(Said):
    """A single-use link; `url` is null where it left by mail."""

    purpose: Literal["invite", "reset"]
    expires_at: datetime
    url: str | None


class Wait(Said):
    """One thing that a case waits for: for whom, since when, until when."""

    what: str
    who: list[str]
    since: datetime | None
    until: datetime | None


class Cycle(Said):
    """One Plan-Do-Check-Act cycle."""

    id: Id
    reference: str
    state: str
    version: int
    label: Label
    programme: str = Field(description="The digest of the programme version that it keeps.")
    opened_at: datetime
    started_at: datetime | None
    paused_until: datetime | None
    closed_at: datetime | None
    steps_settled: int
    steps: int
    waits: list[Wait]


class Coming(Said):
    """What happens at an instant if nobody acts."""

    at: datetime
    says: str


class Evidence(Said):
    """A file that a step carries, or that came with an incident's report. Its bytes are at `file`."""

    id: Id
    step: Id | None = Field(description="Null for what came with a report.")
    name: str | None = Field(description="Null once erased.")
    media_type: str
    size: int = Field(description="Bytes.")
    sha256: str
    label: Label
    added_by: Id | None = Field(description="Null where no person did: it came with what a source reported.")
    added_at: datetime
    replaces: Id | None
    withdrawn: bool
    damaged: bool
    file: str


class Comment(Said):
    """A remark on a step."""

    id: Id
    author: Id
    written_at: datetime
    text: str | None = Field(description="Null once erased.")


class Step(Said):
    """Work that one person owes within a case."""

    id: Id
    cycle: str
    phase: str
    key: str
    title: str
    clause: str
    state: Literal["waiting", "open", "done", "waived", "cancelled"]
    version: int
    responsibility: str
    owner: Id | None
    due_at: datetime | None
    opened_at: datetime | None
    settled_at: datetime | None
    settled_by: str | None
    extensions: int
    evidence_needed: str


class StepWhole(Step):
    """A step with everything on it, what may be done with it, and what happens if nobody does."""

    guidance: str
    evidence: list[Evidence]
    comments: list[Comment]
    possible: list[str] = Field(description="Events that its machine allows now; rights are asked when they are fired.")
    if_nobody_acts: list[Coming]


class Decision(Said):
    """One person's answer that counts; `for_person` if they decided for somebody."""

    id: Id
    person: Id
    for_person: Id | None
    responsibility: str
    answer: Literal["approve", "return", "reject"]
    digest: str
    decided_at: datetime


class Gate(Said):
    """One round of an approval. Who decides sends back `round` and `digest`."""

    id: Id
    cycle: str
    name: str
    round: int
    state: str
    version: int
    digest: str
    quorum: int
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    decisions: list[Decision]


class GateWhole(Gate):
    """A gate with what it covers, who can decide it, and what happens if nobody does."""

    responsibilities: list[str]
    relaxed: str | None = Field(description="Why the programme lets people decide on their own work, if it does.")
    covers: list[Step]
    can_decide: list[Id]
    lacking: int = Field(description="How many more people would have to be named before it can pass.")
    if_nobody_acts: list[Coming]


def _is_kept(value: Any) -> bool:
    """Whether every text in it, however deep, can be kept."""
    if isinstance(value, dict):
        return all(_is_kept(name) and _is_kept(each) for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return all(_is_kept(each) for each in value)
    return storable(value) if isinstance(value, str) else True


class Taken(BaseModel):
    """What the API takes: nothing unknown, and no text that can't be kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _keepable(cls, value: Any) -> Any:
        if not _is_kept(value):
            raise ValueError(KEEPABLE)
        return value


class Why(Taken):
    """A reason."""

    reason: Reason


class NewPerson(Taken):
    """An account that is begun by an invitation."""

    name: Annotated[str, Field(max_length=200)]
    email: Annotated[str, Field(max_length=320)]
    role: Role = "user"
    zone: str | None = Field(default=None, description="IANA name; by default the organisation's.")
    ends_at: AwareDatetime | None = None


class NewSystem(Taken):
    """A system for the register; its name is unique among those in use."""

    name: Annotated[str, Field(max_length=LONGEST_NAME)]
    owner: Id
    confidentiality: Level
    integrity: Level
    availability: Level
    data: Annotated[list[DataKind], Field(max_length=20)]
    description: Annotated[str, Field(max_length=LONGEST_DESCRIPTION)] = ""


class ChangedSystem(Taken):
    """What the register is to say of a system; what isn't named stays."""

    name: Annotated[str | None, Field(max_length=LONGEST_NAME)] = None
    owner: Id | None = None
    confidentiality: Level | None = None
    integrity: Level | None = None
    availability: Level | None = None
    data: Annotated[list[DataKind] | None, Field(max_length=20)] = None
    description: Annotated[str | None, Field(max_length=LONGEST_DESCRIPTION)] = None


class ChangedPerson(Taken):
    """Another access role."""

    role: Role


class Invite(Taken):
    """How the link reaches the person."""

    by: Literal["link", "mail"] = "link"


class Grant(Taken):
    """A responsibility to hold."""

    responsibility: Annotated[str, Field(max_length=60)]


class NewDeputy(Taken):
    """Who stands in; null ends it."""

    deputy: Id | None


class Delegate(Taken):
    """Authority to decide for oneself, between two instants."""

    to: Id
    starts_at: AwareDatetime
    ends_at: AwareDatetime


class Pause(Taken):
    """Until the end of a day's hour, with a reason."""

    until: Day
    reason: Reason


class Extend(Taken):
    """A later date, with a reason."""

    date: Day
    reason: Reason


class Reassign(Taken):
    """Somebody else owes the step."""

    to: Id
    reason: Reason


class NewComment(Taken):
    """A remark, 1 to 4,000 characters."""

    text: Annotated[str, Field(max_length=4000)]


class Dispose(Taken):
    """A waived step at the last gate: carried over to somebody by name, or declined (null) with a reason."""

    to: Id | None
    reason: Reason = ""


class Answer(Taken):
    """What a person says at a gate, on exactly what was shown; a return names the steps that reopen."""

    round: int
    digest: Annotated[str, Field(min_length=64, max_length=64)]
    answer: Literal["approve", "return", "reject"]
    reason: Reason = ""
    steps: list[Id] = []


class WayOn(Taken):
    """How a rejected or lapsed phase goes on: the steps that reopen, and why."""

    reason: Reason
    steps: list[Id] = []


class Done(Said):
    """It is done; where to look."""

    at: str
