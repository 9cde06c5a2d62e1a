"""How grave a report is: the first rule that holds, read aloud."""

from __future__ import annotations

from collections.abc import Collection
from typing import get_args

import pytest

from isms_workflow.domain.severity import assess, holds, label
from isms_workflow.domain.systems import DATA, LEVELS, System
from isms_workflow.programme.incidents import Condition, Data, IncidentWorkflow, Need
from isms_workflow.programme.load import parse, shipped


def system(confidentiality: str = "low", integrity: str = "low", availability: str = "low", *data: str) -> System:
    """One of the register."""
    return System("1", "Example", "somebody", confidentiality, integrity, availability, frozenset(data))


def rules() -> IncidentWorkflow:
    """What the shipped programme says."""
    found = parse(shipped()).workflows["incident"]
    assert isinstance(found, IncidentWorkflow)
    return found


HELD: dict[str, tuple[Condition, str, Collection[System], bool]] = {
    "a condition that names nothing": (Condition(), "malware", (), True),
    "the need itself": (Condition(integrity="medium"), "malware", (system("low", "medium"),), True),
    "a greater need": (Condition(integrity="medium"), "malware", (system("low", "high"),), True),
    "a lesser need": (Condition(integrity="high"), "malware", (system("low", "medium"),), False),
    "the highest of several systems": (Condition(integrity="high"), "malware", (system(), system("low", "high")), True),
    "a need where no system is known": (Condition(integrity="low"), "malware", (), False),
    "one of the categories": (Condition(category=("outage", "malware")), "malware", (), True),
    "another category": (Condition(category=("outage",)), "malware", (), False),
    "data that one of them holds": (Condition(data=("personal",)), "other", (system(), system("low", "low", "low", "personal")),
                                    True),
    "data that none holds": (Condition(data=("personal",)), "other", (system(),), False),
    "one of two that must both hold": (Condition(data=("personal",), category=("outage",)), "malware",
                                       (system("low", "low", "low", "personal"),), False),
}


@pytest.mark.parametrize(("condition", "category", "systems", "expected"), HELD.values(), ids=HELD)
def test_a_condition_holds_if_all_that_it_names_does(condition: Condition, category: str, systems: Collection[System],
                                                     expected: bool) -> None:
    """Of a list one entry is enough."""
    assert holds(condition, category, systems) is expected


ASSESSED: dict[str, tuple[str, Collection[System], str, str]] = {
    # what happens: (category, systems, severity, label)
    "the web shop stands still": ("outage", (system("low", "low", "high"),), "critical", "internal"),
    "health records get out": ("data_breach", (system("medium", "low", "low", "personal", "special_category"),), "critical",
                               "confidential"),
    "customers' data get out": ("data_breach", (system("medium", "low", "low", "personal"),), "high", "confidential"),
    "the intranet is slow": ("outage", (system("low", "low", "medium"),), "medium", "internal"),
    "a poster is stolen": ("loss_or_theft", (system(),), "low", "internal"),
    "nobody knows where": ("malware", (), "medium", "internal"),
    "a colleague reads others' mail": ("staff", (), "medium", "restricted"),
}


@pytest.mark.parametrize(("category", "systems", "severity", "shown"), ASSESSED.values(), ids=ASSESSED)
def test_the_shipped_rules(category: str, systems: Collection[System], severity: str, shown: str) -> None:
    """Severity and label come from the report alone."""
    assert (assess(rules(), category, systems).severity, label(rules(), category, systems)) == (severity, shown)


def test_without_a_rule_it_is_the_severity_for_the_unknown() -> None:
    """And the record can say that no rule held."""
    assert assess(rules(), "malware", ()).rule is None
    assert assess(rules(), "outage", (system("low", "low", "high"),)).rule == 1


def test_the_programme_knows_the_register_s_kinds_of_data() -> None:
    """One vocabulary, in two rooms of which neither may ask the other."""
    assert set(get_args(Data)) == set(DATA)


def test_the_programme_knows_the_register_s_needs() -> None:
    """The same, of how much would be lost."""
    assert get_args(Need) == LEVELS
