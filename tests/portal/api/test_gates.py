"""The API's list of gates: those of every kind of case, as far as the caller may see them."""

from __future__ import annotations

import pytest

from isms_workflow.portal.api import gates
from tests.engine.actions import asked, open_action
from tests.engine.incidents import report, respond
from tests.portal.api.conftest import Programs
from tests.portal.api.kinds import KINDS, listed, seen_of_restricted


@pytest.fixture
def waiting(call: Programs) -> Programs:
    """A cycle, an incident and a corrective action, each at a gate."""
    world = call.world
    world.open_cycle()
    world.complete_phase("plan")
    report(world)
    respond(world, "ben")
    world.complete_phase("responding")
    world.complete_phase("lessons_learned")
    open_action(world)
    asked(world)
    return call


def test_gates_of_every_kind_of_case_are_listed(waiting: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order in which they opened, page by page, however few are read at once; those of one case alone, if it is named."""
    everything = listed(waiting, "/gates", gates, 1, 1, monkeypatch)
    assert waiting.pages("maria", "/gates?state=open") == [each for each in everything if each["state"] == "open"]


def test_gates_of_a_case_that_is_hidden_are_not_listed(waiting: Programs) -> None:
    """Of a restricted incident its people alone read that something waits."""
    seen = seen_of_restricted(waiting, "/gates")
    assert seen == {"maria": set(KINDS), "olga": set(KINDS) - {"INC-2026-0001"}}
