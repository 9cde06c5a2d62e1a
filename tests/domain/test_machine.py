"""A machine is a table that is checked whole when it is loaded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isms_workflow.domain import corrective_action, gates, incident, machines, pdca, steps
from isms_workflow.domain.machine import CLOCK, FLOW, Machine, NotAllowed, problems, rule
from isms_workflow.programme.check import PHASES

ALL = {**machines.ALL, "gate": gates.MACHINE, "step": steps.MACHINE}
KNOWN = ("isms_manager", "top_management", "incident_responder")


def machine(*rules: object, final: frozenset[str] = frozenset({"closed"})) -> Machine:
    """A small machine that starts in `open`."""
    return Machine("sample", 1, "open", final, tuple(rules))  # type: ignore[arg-type]


GOOD = (rule("work", {"open"}, "working", FLOW), rule("close", {"working"}, "closed", FLOW))
WRONG: dict[str, tuple[Machine, str]] = {
    "a state that nothing leads to": (machine(*GOOD, rule("wake", {"asleep"}, "working", FLOW)), "asleep"),
    "a state without a way to an end": (machine(*GOOD, rule("stall", {"working"}, "stalled", CLOCK)), "stalled"),
    "a responsibility that nobody knows": (machine(*GOOD, rule("stop", {"open"}, "closed", "janitor")), "janitor"),
    "a gate that doesn't exist": (machine(*GOOD, rule("pass", {"open"}, "closed", FLOW, gates={"moon"})), "moon"),
    "two rules for one event": (machine(*GOOD, rule("work", {"open"}, "closed", FLOW)), "work"),
}


@pytest.mark.parametrize(("broken", "named"), WRONG.values(), ids=WRONG)
def test_a_machine_that_is_wrong_is_named(broken: Machine, named: str) -> None:
    """Before any case runs on it."""
    found = problems(broken, KNOWN, ("plan",))
    assert any(named in each for each in found), found


@pytest.mark.parametrize("name", sorted(ALL))
def test_the_shipped_machines_hold_together(name: str) -> None:
    """One start, an end from everywhere, known names only."""
    found = problems(ALL[name], (*KNOWN, "owner", "phase_owner"), (*pdca.PHASES, *incident.PHASES, *corrective_action.PHASES))
    assert found == []


@given(st.sampled_from(sorted(ALL)), st.lists(st.integers(0, 50), max_size=40))
def test_any_walk_stays_in_the_table_and_can_still_end(name: str, choices: list[int]) -> None:
    """Wherever possible events lead, a final state stays reachable; what isn't possible is refused."""
    table = ALL[name]
    state = table.initial
    for choice in choices:
        possible = table.possible(state)
        if not possible:
            assert state in table.final
            break
        state = table.rule_for(possible[choice % len(possible)], state, "it").to or state
        assert state in table.states
        assert table.closure({state}) & table.final
    with pytest.raises(NotAllowed, match="possible now"):
        table.rule_for("dance", state, "it")


def test_a_refusal_names_what_people_can_do() -> None:
    """A word lapses and a response is missed by itself: nobody can do that."""
    with pytest.raises(NotAllowed) as refused:
        ALL["incident"].rule_for("dance", "reported", "it")
    assert {"triage", "acknowledge", "merge"} <= set(refused.value.possible)
    assert not {"lapse", "breach"} & set(refused.value.possible)


def test_the_programme_knows_each_machine_s_phases() -> None:
    """One order, in two rooms of which neither may ask the other."""
    assert PHASES == {"pdca": pdca.PHASES, "incident": incident.PHASES, "corrective_action": corrective_action.PHASES}
