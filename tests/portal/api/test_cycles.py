"""The lists of cycles, and of their steps and gates, for programs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from isms_workflow.engine.commands import cases as commands
from isms_workflow.portal.api import cycles
from isms_workflow.store.tables import cases
from tests.counting import counted
from tests.portal.api.conftest import Programs


def opened(call: Programs, count: int) -> list[str]:
    """So many cycles, each but the last cancelled before the next; their ids."""
    world, found = call.world, []
    for _ in range(count):
        if world.case:
            with world.sim.write() as (tx, when):
                commands.cancel(tx, world.case, None, "the next one", world.actor("dana"), when)
        found.append(world.open_cycle())
    return found


@pytest.mark.parametrize("path", ["/cycles", "/steps?limit=200", "/gates"])
@pytest.mark.parametrize("label", ["internal", "restricted"])
def test_a_list_asks_no_question_for_each_cycle(both_call: Programs, label: str, path: str) -> None:
    """Neither of those that everybody of the reader's role may see, nor of those whose label asks who their people are."""
    world = both_call.world

    def asked(more: int) -> tuple[int, int]:
        opened(both_call, more)
        with world.store.write() as tx:
            tx.execute(update(cases).values(label=label))
        both_call.get("maria", path)
        with counted(world.store) as statements:
            items = both_call.get("maria", path)["items"]
        return len(items), len(statements)

    (one, few), (eight, many) = asked(1), asked(7)
    assert (eight, many) == (min(8 * one, 200), few)  # no page is longer


def test_the_list_goes_on_where_the_page_ended(call: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that may be seen, once, in order, whatever is hidden between them."""
    monkeypatch.setattr(cycles, "BATCH", 2)
    ids = opened(call, 7)
    with call.world.store.write() as tx:
        tx.execute(update(cases).where(cases.c.id.in_(ids[1:4])).values(label="restricted"))
    found = [each["id"] for each in call.pages("olga", "/cycles?limit=2")]
    assert found == [ids[0], *ids[4:]]


def test_a_cycle_waits_for_a_step_since_it_was_reopened(planning: Programs) -> None:
    """The step itself says when it first opened."""
    world = planning.world
    world.complete_phase("plan")
    world.advance(days=2)
    world.answer("plan", "dana", "return", "the scope forgets the depot", named=["scope"])
    wait, = planning.get("maria", f"/cycles/{world.case}")["waits"]
    opened_at = planning.get("maria", f"/steps/{world.step('scope').id}")["opened_at"]
    assert (wait["what"], datetime.fromisoformat(wait["since"])) == ("step scope", world.now)
    assert datetime.fromisoformat(opened_at) == world.now - timedelta(days=2)
