"""What each notice says: the facts that its template is filled with. Instants are aware, as ISO 8601 text in JSON."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from isms_workflow.notify.wording import lines, one_line

Line = Annotated[str, AfterValidator(one_line)]
"""A name, a title, a phrase: one line, whatever was typed."""

Text = Annotated[str, AfterValidator(lines)]
"""A reason or an error: several lines, shown as a quotation."""

Names = tuple[Line, ...]


class Facts(BaseModel):
    """`link` is the one page that the mail leads to: a path of the portal, or an address under its `public_url`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    link: str


class Then(BaseModel):
    """What happens next if nobody acts: `escalates to top management`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: AwareDatetime
    says: Line


class OfCase(Facts):
    """About something in a case, named by its reference."""

    reference: Line


class Waiting(OfCase):
    """About something that waits: since when, until when, and what happens then, soonest first.

    `then` is empty if it no longer waits when the mail leaves; the mail says so.
    """

    since: AwareDatetime
    due: AwareDatetime
    then: tuple[Then, ...]


class StepOpened(Waiting):
    """To a step's owner: it is theirs now, or `again` after somebody reopened it for `reason`."""

    step: Line
    phase: Line
    responsibility: Line
    again: bool = False
    reason: Text = ""


class Rung(Waiting):
    """A ladder's level: what waits (`Train personnel`, `Gate of PLAN`), for whom, and as what the reader is told.

    `told_as` is `owner`, `deputy`, `approver`, or the title of the responsibility that the level names.
    """

    about: Literal["step", "gate", "case"]
    what: Line
    waits_for: Names
    yours: bool
    told_as: Line


class Reminder(Rung):
    """Before it is due."""


class Overdue(Rung):
    """After it was due, to whoever owes it."""


class Escalated(Rung):
    """After it was due, to others than those who owe it."""


class GateOpened(Waiting):
    """To whoever can decide: `needed` different people, each with one of the `responsibilities`."""

    phase: Line
    round: int
    steps: int
    files: int
    needed: int
    responsibilities: Names
    approvers: Names
    relaxed: Line = ""


class Decided(OfCase):
    """To the owners of what was decided, and the ISMS manager. `next_up` says what follows; `steps` what reopened."""

    phase: Line
    answer: Literal["passed", "returned"]
    by: Names
    at: AwareDatetime
    since: AwareDatetime
    next_up: Line
    steps: Names = ()
    reason: Text = ""


class Voided(OfCase):
    """To whoever had answered: what they decided on has changed. `due` is None where the round was withdrawn."""

    phase: Line
    round: int
    at: AwareDatetime
    due: AwareDatetime | None
    then: tuple[Then, ...]


class GateLapsed(Waiting):
    """To the owner of the phase: nobody decided in time."""

    phase: Line
    round: int
    lapsed_at: AwareDatetime


class RejectedWaits(Waiting):
    """To top management and the ISMS manager: how to go on? `ends` is whether the case (`cycle`) may be cancelled."""

    phase: Line
    case: Line
    ends: bool
    by: Line
    reason: Text


class UndecidableGate(Waiting):
    """To ISMS manager and top management: `lacking` people more must hold one of the `responsibilities`."""

    phase: Line
    lacking: int
    responsibilities: Names
    excluded: Names


class Reassigned(OfCase):
    """To both sides of a change of owner; `yours` is whether the reader has the step now. No `due`: not open yet."""

    since: AwareDatetime
    due: AwareDatetime | None
    then: tuple[Then, ...]

    step: Line
    phase: Line
    before: Line
    after: Line
    yours: bool
    by: Line = ""
    reason: Text = ""


class PlannedMissing(OfCase):
    """To ISMS manager and top management: the cycle can't start before somebody holds each of `missing`."""

    since: AwareDatetime
    missing: Names = Field(min_length=1)
    then: tuple[Then, ...]


class CycleStarted(OfCase):
    """To everybody with a responsibility."""

    at: AwareDatetime
    phase: Line
    steps: int


class CycleClosed(OfCase):
    """To everybody with a responsibility; `successor` is the next cycle's reference."""

    at: AwareDatetime
    since: AwareDatetime
    successor: Line


class CyclePaused(OfCase):
    """To everybody with a responsibility: what was due moves by the pause's days."""

    at: AwareDatetime
    until: AwareDatetime
    by: Line
    reason: Text


class CycleCancelled(OfCase):
    """To everybody with a responsibility: nothing is owed any more."""

    at: AwareDatetime
    by: Line
    reason: Text


class Invitation(Facts):
    """With the link by which an account begins; sensitive."""

    by: Line
    expires: AwareDatetime


class PasswordReset(Facts):
    """With the link by which a new password is chosen; sensitive."""

    asked_at: AwareDatetime
    expires: AwareDatetime


class Deactivated(Facts):
    """To both sides: the person whose account ended (`yours`), and ISMS manager and top management.

    `steps` and `systems` are those that went to others, who get their own notice.
    """

    person: Line
    yours: bool
    at: AwareDatetime
    by: Line = ""
    steps: Names = ()
    systems: Names = ()


class SystemReassigned(Facts):
    """To both sides of a change of owner in the register of systems; `yours` is whether the reader answers for them now.

    `before` is empty for new ones; `left` is whether they change hands because that one has left.
    """

    systems: Names = Field(min_length=1)
    before: Line
    after: Line
    yours: bool
    by: Line
    left: bool
    at: AwareDatetime


class Granted(Facts):
    """To ISMS manager and top management, and the person: somebody holds a responsibility now.

    `set_aside` says why it doesn't count for gates that are open already; empty if it does.
    """

    person: Line
    yours: bool
    responsibility: Line
    by: Line
    at: AwareDatetime
    set_aside: Line = ""


class Deputised(Facts):
    """To the deputy (`yours`), and the person whose steps it is about: somebody stands in, or, with `until`, no longer."""

    person: Line
    deputy: Line
    yours: bool
    by: Line
    since: AwareDatetime
    until: AwareDatetime | None = None


class Delegated(Facts):
    """To the delegate (`yours`): they may decide for a person; with `revoked`, to both sides, no longer."""

    person: Line
    delegate: Line
    yours: bool
    by: Line
    starts: AwareDatetime
    ends: AwareDatetime
    revoked: AwareDatetime | None = None


class OnCallCovered(Facts):
    """To whoever covers (`yours`), and whose turns they take: from when until when; with `returned`, no longer."""

    rotation: Line
    person: Line
    yours: bool
    by: Line
    starts: AwareDatetime
    ends: AwareDatetime
    returned: AwareDatetime | None = None
    reason: Text = ""


class OnCallOrdered(Facts):
    """To whoever's place is another than before: in which order `people` take turns from the next hand-over on."""

    rotation: Line
    people: Names
    by: Line


class OnCallGap(Facts):
    """To the ISMS manager: nobody is on call, because nobody takes turns, or because `cover` can't act any more."""

    rotation: Line
    starts: AwareDatetime
    ends: AwareDatetime
    responsibility: Line
    cover: Line = ""


class ProgrammeApplied(Facts):
    """To ISMS manager and top management; digests in hexadecimal, `before` empty for the first version."""

    digest: Line
    before: Line
    by: Line
    at: AwareDatetime


class OperatorNotice(Facts):
    """To the operators: something that a person has to look at. `reference` is the case's, if there is one."""

    trouble: Literal[
        "dead_letter", "deadline_failed", "unreachable", "clock_jump", "watchdog", "schedule_missing",
        "evidence_damaged", "chain_broken",
    ]  # fmt: skip
    what: Line
    at: AwareDatetime
    reference: Line = ""
    error: Text = ""


class DigestLine(BaseModel):
    """One thing in a digest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reference: Line
    title: Line
    due: AwareDatetime | None
    note: Line


class Section(BaseModel):
    """Things of one sort, the most urgent first; `more` says how many others there are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lines: tuple[DigestLine, ...]
    more: int


class Digest(Facts):
    """Once a day: what waits for the reader's decision, what they owe, what is late elsewhere, what is new.

    `checkpoint` is the audit chain's signed checkpoint, to keep outside; only for those who are to have it.
    """

    decide: Section
    owe: Section
    late: Section
    news: Section
    checkpoint: str = ""


class Several(OfCase):
    """Notices to one person about one case, told in one mail; `steps` the most urgent first.

    Of one sort about their own steps; or `waiting`, of any, about others' steps and gates as well.
    """

    notice: Literal["step_opened", "reminder", "overdue", "waiting"]
    steps: tuple[DigestLine, ...] = Field(min_length=2)
    then: tuple[Then, ...]


class ManyLine(BaseModel):
    """One of many messages: what its own mail would have been called, and the case that it is about, if it is about one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: Line
    at: AwareDatetime


class Many(Facts):
    """To somebody for whom there are very many messages: the first of them, the urgent ones before, and how many more."""

    lines: tuple[ManyLine, ...] = Field(min_length=1)
    more: int
    urgent: int
