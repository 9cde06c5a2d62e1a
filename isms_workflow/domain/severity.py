"""How grave a report is, and who may see it: the first rule of the programme that holds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from isms_workflow.domain.access import strictest
from isms_workflow.domain.systems import LEVELS, NEEDS, System
from isms_workflow.programme.incidents import Condition, IncidentWorkflow


@dataclass(frozen=True, slots=True)
class Assessed:
    """A severity, and the rule that gave it, counted from 1; None if none held, and it is the one for the unknown."""

    severity: str
    rule: int | None


def assess(workflow: IncidentWorkflow, category: str, systems: Collection[System]) -> Assessed:
    """The severity of a report; without a known system it can't be told, and is the one for the unknown."""
    for number, each in enumerate(workflow.assessments if systems else (), start=1):
        if holds(each.when, category, systems):
            return Assessed(each.severity, number)
    return Assessed(workflow.unknown, None)


def label(workflow: IncidentWorkflow, category: str, systems: Collection[System]) -> str:
    """The narrowest label whose rule holds; the workflow's own if none does."""
    return strictest(workflow.label, *(each.label for each in workflow.labels if holds(each.when, category, systems)))


def holds(condition: Condition, category: str, systems: Collection[System]) -> bool:
    """Whether everything that the condition names is so; one that names nothing always holds."""
    if condition.category and category not in condition.category:
        return False
    if condition.data and not set(condition.data) & {data for system in systems for data in system.data}:
        return False
    return all(_reaches(getattr(condition, need), (getattr(system, need) for system in systems)) for need in NEEDS)


def _reaches(wanted: str | None, found: Iterable[str]) -> bool:
    if wanted is None:
        return True
    return any(LEVELS.index(each) >= LEVELS.index(wanted) for each in found)
