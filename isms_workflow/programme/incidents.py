"""What the programme says about incidents: severities with their clocks, and the rules that choose one. Pure data."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from isms_workflow.programme.basics import ONE_OR_MORE, Name, Strict
from isms_workflow.programme.model import Label, Names, Phase, Span, Step, Workflow

Need = Literal["low", "medium", "high"]
Data = Literal["none", "internal", "personal", "special_category", "payment", "secret"]
"""The register's kinds of data, as `domain.systems.DATA` explains them."""

class Condition(Strict):
    """Holds if everything that it names holds; of a list, one entry is enough. Needs and data are those of the
    affected systems, the highest and all of them together.
    """

    confidentiality: Need | None = None
    integrity: Need | None = None
    availability: Need | None = None
    data: Annotated[tuple[Data, ...], ONE_OR_MORE] = ()
    category: Annotated[tuple[Name, ...], ONE_OR_MORE] = ()


class Acknowledgement(Strict):
    """How long somebody's word that they see to it holds: until the first reminder, and between the reminders.

    After the last unanswered one the word lapses, and the escalation goes on.
    """

    holds: Span
    remind: Span
    reminders: Annotated[int, Field(ge=1, le=10)] = 2


class Severity(Strict):
    """One severity, and its internal clocks: `response` and the ladder's levels count from the report."""

    id: Name
    title: str
    response: Span
    ladder: Name
    acknowledgement: Acknowledgement
    lessons: bool = False


class Assessment(Strict):
    """A rule by which a report gets its severity."""

    severity: Name
    when: Condition


class Labelling(Strict):
    """A rule by which an incident is shown to fewer people; the narrowest that holds counts."""

    label: Label
    when: Condition


class Category(Strict):
    """A kind of incident, as whoever reports one would call it."""

    id: Name
    title: str


class Reporting(Strict):
    """How the reports that acts, contracts and insurances ask for are seen to.

    `answers` may answer the questions and say when something happened, `decides` that a report was submitted or isn't
    owed. `questions` is the step in which triage answers: due so long after the report, and `margin` before the shortest
    *act by* that could apply. `ladder` tells of a stage that runs, counted from its *act by*; the last warning comes
    `margin` before the latest lawful instant.
    """

    answers: Names
    decides: Names
    ladder: Name
    margin: Span
    questions: Step


VerisAction = Literal["malware", "hacking", "social", "misuse", "physical", "error", "environmental", "unknown"]
VerisRating = Literal["Catastrophic", "Damaging", "Painful", "Distracting", "Insignificant", "Unknown"]
"""The words of VERIS for what was done, and for how bad it was."""


class Veris(Strict):
    """How incidents are read from and written to files in the VERIS format.

    Of the actions that a file names, the first in this order gives the category; written is the first that has the
    incident's. A severity is taken from the file's rating of the impact where `impact` names it, else assessed.
    """

    actions: Annotated[dict[VerisAction, Name], Field(min_length=1)]
    impact: dict[VerisRating, Name] = Field(default_factory=dict)


class IncidentWorkflow(Workflow):
    """Incidents: what they are, how grave, who answers, by when. Severities stand gravest first; the first
    assessment that holds counts, and where none does, `unknown`.
    """

    is_followed: ClassVar[bool] = False

    responders: Names
    categories: Annotated[tuple[Category, ...], Field(min_length=1)]
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)]
    assessments: tuple[Assessment, ...] = ()
    unknown: Name
    labels: tuple[Labelling, ...] = ()
    duplicates_within: Span
    reporting: Reporting | None = None
    veris: Veris | None = None

    def step(self, name: str) -> Step:
        """A step by its id, that of the questions included. Raises KeyError."""
        if self.reporting is not None and name == self.reporting.questions.id:
            return self.reporting.questions
        return super().step(name)

    def phase(self, name: str) -> Phase:
        """A phase by its id, that of the questions included, which is none of the machine's. Raises KeyError."""
        if self.reporting is not None and name == "obligations":
            step = self.reporting.questions
            return Phase(id=name, title="Obligations to report", clause=step.clause, steps=(step,))
        return super().phase(name)

    def severity(self, name: str) -> Severity:
        """A severity by its id. Raises KeyError."""
        return {each.id: each for each in self.severities}[name]

    def category(self, name: str) -> Category:
        """A category by its id. Raises KeyError."""
        return {each.id: each for each in self.categories}[name]
