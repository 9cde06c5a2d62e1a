"""Every obligation in situations computed by hand: weekends, holidays, changes of the clock, months, rounds and ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.obligations.situations import HERE, Situation, instant, table

REGIMES = sorted(path.stem for path in HERE.glob("*.yaml"))
SITUATIONS = {each.name: each for regime in REGIMES for each in table(regime)}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_it_stands_as_the_act_has_it(situation: Situation) -> None:
    """State, instants and verdict; what a row doesn't name is what an obligation has that was neither dated nor sent."""
    found = situation.standing()
    told = {"state": str(found.state), "act_by": found.act_by, "latest": found.latest_lawful, "in_time": found.in_time,
            "owes_reasons": found.owes_reasons or None, "overdue": found.overdue or None, "by": found.by}
    assert {name: value for name, value in told.items() if value is not None} == dict(map(_read, situation.expect.items()))


def _read(field: tuple[str, Any]) -> tuple[str, Any]:
    name, value = field
    if name in ("act_by", "latest"):
        return name, instant(value)
    return name, {"yes": True, "no": False}.get(value, value)
