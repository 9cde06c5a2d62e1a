"""Who is told while top management owes the word how a corrective action goes on, and what people read of it."""

from __future__ import annotations

import pytest

from isms_workflow.engine.mailing.look import Look
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store.database import Store
from tests.engine.actions import open_action, referred
from tests.world import World, found


@pytest.fixture
def world(sqlite_store: Store) -> World:
    """Maria has opened an action that Ben owns; it was found not effective twice."""
    there = found(sqlite_store)
    open_action(there)
    referred(there)
    return there


def _reminded(world: World) -> list[tuple[str, str]]:
    return [each for each in world.mails() if each[0] in ("reminder", "overdue", "escalated")]


def test_management_is_reminded_each_week(world: World) -> None:
    """From the due instant on, and nobody else is."""
    told = len(_reminded(world))
    world.advance(days=30)
    assert _reminded(world)[told:] == [("overdue", "dana")] * 4


def test_an_older_programme_s_owner_is_whoever_says_how_it_goes_on(sqlite_store: Store) -> None:
    """Its referrals tell by the ladder of a phase that waits, which begins with the owner."""
    files = shipped()
    files["corrective_action.yaml"] = files["corrective_action.yaml"].replace("referral_ladder: referral\n", "")
    world = found(sqlite_store, programme=parse(files))
    open_action(world)
    referred(world)
    told = len(world.mails("reminder"))
    world.advance(days=7)
    assert world.mails("reminder")[told:] == [("reminder", "dana")]


def test_what_is_coming_names_who_is_really_told(world: World) -> None:
    """They owe the word, so that they are reminded; nothing escalates to them."""
    with world.store.read() as conn:
        said = [each.says for each in Look(conn, world.now).coming(world.view(), world.case)]
    assert said == ["reminds top management, then every 7 days"]
