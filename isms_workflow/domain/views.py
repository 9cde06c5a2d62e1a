"""What a decision is made on: a case with its steps, gates and people, read at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from isms_workflow.domain.calendars import WorkingCalendar
from isms_workflow.domain.corrective_action import CorrectiveAction, round_of
from isms_workflow.domain.duties import Duties
from isms_workflow.domain.incident import Incident
from isms_workflow.domain.lessons import Lesson
from isms_workflow.domain.people import Directory
from isms_workflow.domain.refusals import Unknown
from isms_workflow.programme.corrective import CorrectiveWorkflow
from isms_workflow.programme.model import Phase, Programme, Workflow


@dataclass(frozen=True, slots=True)
class Case:
    """One running instance of a workflow.

    The dates of its phase's steps count from `phase_opened_at`, which a pause moves along with what is due.
    """

    id: str
    kind: str
    reference: str
    state: str
    version: int
    machine_version: int
    programme: str
    label: str
    opened_at: datetime
    started_at: datetime | None
    phase_opened_at: datetime | None
    paused_at: datetime | None
    paused_until: datetime | None
    closed_at: datetime | None
    wake_wanted: int
    wake_seen: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that a step carries; its name stands beside, under `commitment`."""

    id: str
    step: str
    sha256: str
    commitment: str
    added_by: str
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """A remark on a step; its text stands beside, under `commitment`."""

    id: str
    commitment: str


@dataclass(frozen=True, slots=True)
class Step:
    """Work that one person owes within a case."""

    id: str
    case: str
    phase: str
    key: str
    position: int
    state: str
    version: int
    responsibility: str
    owner: str | None
    due_at: datetime | None
    opened_at: datetime | None
    settled_at: datetime | None
    settled_by: str | None
    extensions: int
    carried_from: str | None
    evidence: tuple[Evidence, ...] = ()
    comments: tuple[Comment, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    reopened_at: datetime | None = None  # last; the clock, which tells nobody since when, doesn't read it

    @property
    def open_since(self) -> datetime | None:
        """Since when an open step is owed as it stands; `opened_at` stays its first opening."""
        return self.reopened_at or self.opened_at

    @property
    def carries(self) -> int:
        """How much it carries of what it needs: files, and, of an incident's lessons, entries."""
        return sum(not file.withdrawn for file in self.evidence) + sum(not entry.withdrawn for entry in self.lessons)

    @property
    def is_settled(self) -> bool:
        """Nothing is owed any more."""
        return self.state in ("done", "waived", "cancelled")


STEP_ROW = tuple(name for name in Step.__slots__ if name not in ("case", "evidence", "comments", "lessons", "reopened_at"))
"""What of a step stands in its own row, under these names; beside its case."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's answer at a gate; void once what it was made on has changed."""

    id: str
    person: str
    for_person: str | None
    responsibility: str
    answer: str
    digest: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Gate:
    """One round of an approval; `decisions` are those that count."""

    id: str
    case: str
    name: str
    round: int
    state: str
    version: int
    digest: str
    quorum: int
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    answered_at: datetime | None
    decisions: tuple[Decision, ...] = ()

    @property
    def waits_for_way_out(self) -> bool:
        """Rejected or lapsed, and nobody has said yet how to go on."""
        return self.state in ("rejected", "lapsed") and self.answered_at is None


@dataclass(frozen=True)
class CaseView:
    """A case whole, under the programme it keeps. `workers` did, evidenced or waived something, by step id."""

    case: Case
    steps: tuple[Step, ...]
    gates: tuple[Gate, ...]
    programme: Programme
    calendar: WorkingCalendar
    directory: Directory
    workers: frozenset[tuple[str, str]] = frozenset()
    disposed: frozenset[str] = frozenset()
    incident: Incident | None = None
    corrective: CorrectiveAction | None = None
    duties: Duties | None = None

    @property
    def workflow(self) -> Workflow:
        """The section of the programme that this case runs."""
        return self.programme.workflows[self.case.kind]

    @cached_property
    def _steps(self) -> dict[str, Step]:
        return {each.id: each for each in self.steps}

    def step(self, step: str) -> Step:
        """A step by its id. Raises `Unknown`."""
        if step not in self._steps:
            raise Unknown("step", step)
        return self._steps[step]

    def gate(self, gate: str) -> Gate:
        """A round of a gate by its id. Raises `Unknown`."""
        found = next((g for g in self.gates if g.id == gate), None)
        if found is None:
            raise Unknown("gate", gate)
        return found

    def latest_gate(self, phase: str) -> Gate | None:
        """The newest round of a phase's gate, if it ever opened."""
        return max((g for g in self.gates if g.name == phase), key=lambda g: g.round, default=None)

    def steps_of(self, phase: str) -> tuple[Step, ...]:
        """A phase's steps in the programme's order."""
        return tuple(s for s in self.steps if s.phase == phase)

    def is_settled(self, phase: str) -> bool:
        """Whether nothing is owed in a phase any more."""
        return all(s.is_settled for s in self.steps_of(phase))

    def phase_opened(self, phase: str) -> bool:
        """Whether the case has come as far as a phase: its steps have been owed."""
        return any(s.state != "waiting" for s in self.steps_of(phase))

    @property
    def phase(self) -> Phase | None:
        """The phase that the case is in; None before the start and after the end."""
        return next((p for p in self.workflow.phases if p.id == self.case.state), None)

    def title(self, step: Step) -> str:
        """What a step is called in the case's programme; a later round of a corrective action says which."""
        return step_title(self.workflow, step.key)


def step_title(workflow: Workflow, key: str) -> str:
    """What a workflow calls the step of this key; a later round of a corrective action says which."""
    title = workflow.step(programme_key(key)).title
    number = round_of(key) if isinstance(workflow, CorrectiveWorkflow) else 1
    return title if number == 1 else f"{title}, round {number}"


def held(programme: Programme, *names: str) -> str:
    """What a refusal says is needed: `the responsibility ISMS manager or Top management`."""
    known = programme.responsibilities
    return "the responsibility " + " or ".join(known[name].title if name in known else name.replace("_", " ") for name in names)


def phase_name(phase: str) -> str:
    """A phase as it is called in a sentence: `PLAN`, `LESSONS LEARNED`."""
    return phase.replace("_", " ").upper()


def programme_key(key: str) -> str:
    """The programme's id of a step; one that was carried over has its origin's reference behind an `@`."""
    return key.partition("@")[0]
