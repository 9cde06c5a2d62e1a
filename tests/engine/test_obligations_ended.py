"""Reports of an incident that has ended: nothing is said of them, and whoever tries reads what comes first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from isms_workflow.domain.refusals import NotAllowed
from isms_workflow.engine.commands import incidents
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store.database import Store
from tests.engine.incidents import do, report, respond
from tests.engine.obligations import BREACH, answer, nothing_to_report
from tests.world import World, found


@pytest.fixture
def world(sqlite_store: Store) -> World:
    """An organisation under the programme as it is shipped: the GDPR holds for it."""
    return found(sqlite_store, programme=parse(shipped()))


def closed(world: World) -> None:
    """It was seen through, and nothing was to be reported."""
    report(world, "malware", ())
    nothing_to_report(world)
    respond(world, "ben")
    world.complete_phase("responding")


def merged(world: World) -> None:
    """It is part of another."""
    other = report(world)
    report(world)
    do(world, incidents.merge, "ben", None, other, "one and the same")


ENDED: dict[str, tuple[Callable[[World], object], str]] = {
    "closed": (closed, "reopen it first"),
    "false_positive": (lambda w: (report(w), do(w, incidents.dismiss, "ben", None, "a test")), "take it back first"),
    "merged": (merged, "say it of the incident that it is part of"),
}


@pytest.mark.parametrize(("state", "end", "possible"), [(state, *rest) for state, rest in ENDED.items()], ids=ENDED)
def test_of_an_incident_that_has_ended_nothing_is_said(world: World, state: str, end: Callable[[World], object],
                                                      possible: str) -> None:
    """And whoever tries reads what is possible in the state that it ended in."""
    end(world)
    assert world.view().case.state == state
    with pytest.raises(NotAllowed, match=f"possible now: {possible}"):
        answer(world, BREACH)
