"""The API's list of steps: those of every kind of case, as far as the caller may see them."""

from __future__ import annotations

import pytest

from isms_workflow.portal.api import steps
from tests.engine.actions import open_action
from tests.engine.incidents import report, respond
from tests.portal.api.conftest import Programs
from tests.portal.api.kinds import KINDS, listed, seen_of_restricted


@pytest.fixture
def owing(both_call: Programs) -> Programs:
    """A cycle, an incident and a corrective action, each with steps that are owed."""
    world = both_call.world
    world.open_cycle()
    world.complete("scope")
    report(world)
    respond(world, "ben")
    open_action(world)
    return both_call


def test_steps_of_every_kind_of_case_are_listed(owing: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order in which they were made, page by page, however few are read at once; those of one case alone, if it is named."""
    listed(owing, "/steps", steps, 4, 3, monkeypatch)


@pytest.mark.parametrize("of", ["", "&cycle=INC-2026-0001"])
def test_they_are_narrowed_by_owner_and_state(owing: Programs, of: str) -> None:
    """Of all cases or of one; `me` is whoever asks, in an incident, too."""
    everything, ben = owing.pages("ben", f"/steps?limit=200{of}"), owing.world.ids["ben"]
    mine = [each for each in everything if each["owner"] == ben and each["state"] == "open"]
    assert "INC-2026-0001" in {each["cycle"] for each in mine}
    assert owing.pages("ben", f"/steps?owner=me&state=open&limit=1{of}") == mine
    assert owing.pages("maria", f"/steps?owner={ben}&state=open{of}") == mine
    assert owing.pages("ben", f"/steps?owner=nobody{of}") == []


@pytest.mark.parametrize(("name", "value"), [("state", "opne"), ("limit", "0")])
def test_a_filter_that_is_none_is_refused_by_its_name(owing: Programs, name: str, value: str) -> None:
    """As in the list of gates."""
    for path in ("/steps", "/gates"):
        answer = owing("maria", "GET", f"{path}?{name}={value}")
        assert (answer.status_code, name in answer.json()["detail"]) == (422, True)


def test_steps_of_a_case_that_is_hidden_are_not_listed(owing: Programs) -> None:
    """Of a restricted incident its people alone read what is owed."""
    seen = seen_of_restricted(owing, "/steps")
    assert seen == {"maria": set(KINDS), "olga": set(KINDS) - {"INC-2026-0001"}}
