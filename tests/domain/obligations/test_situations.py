"""Every obligation in situations computed by hand: weekends, holidays, changes of the clock, months, rounds and ends."""

from __future__ import annotations

from collections import Counter

import pytest

from isms_workflow.programme.load import parse, shipped
from tests.domain.obligations.situations import HERE, Situation, expected, table, told

REGIMES = sorted(path.stem for path in HERE.glob("*.yaml"))
SITUATIONS = {each.name: each for regime in REGIMES for each in table(regime)}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_each_stage_stands_as_the_act_has_it(situation: Situation) -> None:
    """State, instants and verdict, of every stage that the row names."""
    found = situation.standings()
    assert {stage: told(found[stage]) for stage in situation.expect} == {
        stage: expected(text) for stage, text in situation.expect.items()}


def test_every_shipped_obligation_is_in_six_situations_at_least() -> None:
    """So whoever adds a stage adds its situations, each with its source."""
    named = Counter(f"{each.regime}.{stage}" for each in SITUATIONS.values() for stage in each.expect)
    shipped_ones = [f"{name}.{stage.id}" for name, regime in parse(shipped()).obligations.items() for stage in regime.stages]
    assert {name: named[name] for name in shipped_ones if named[name] < 6} == {}
    assert sum(1 for regime in REGIMES for _ in table(regime)) == len(SITUATIONS), "two situations have one name"
