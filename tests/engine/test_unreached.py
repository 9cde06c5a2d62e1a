"""Nobody of those who were to be told of what an act asks for could be: somebody else is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from isms_workflow.domain.messages import Notice
from isms_workflow.engine import outbox
from isms_workflow.programme.load import parse, shipped
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from tests.engine.incidents import report
from tests.engine.mails import deliver
from tests.engine.obligations import BREACH, answer, date, submit
from tests.engine.test_ways import named, turn
from tests.notify.receiver import receiver
from tests.world import World, found


@pytest.fixture
def owing(store: Store) -> World:
    """An incident that the authority is to be told of."""
    world = found(store, programme=parse(shipped()))
    report(world)
    answer(world, BREACH)
    date(world, "aware", world.now)
    return world


def warn(world: World, settings: Settings, seconds: int = 0) -> list[tuple[str, str]]:
    """Ben alone is warned of it by a way that refuses it, so much later; who was told that nobody could be."""
    about = {"case": world.case, "stage": "gdpr.notification", "act_by": None, "latest_lawful": None}
    message = Notice("obligation_warning", world.ids["ben"], about, "statutory").message(f"w{seconds}", world.case)
    with world.store.write() as tx:
        outbox.put(tx, [replace(message, channel="pager")], world.now + timedelta(seconds=seconds))
    with receiver() as outside:
        outside.status = 422
        turn(world, named(settings, outside), seconds=seconds)
    return world.mails("nobody_reached")


def test_the_isms_manager_is_told(owing: World, settings: Settings) -> None:
    """What it is about, whom it missed; it leaves by itself, as the warning would have."""
    assert warn(owing, settings) == [("nobody_reached", "maria")]
    (mail,) = [m for m in deliver(owing, settings) if m.key.startswith("nobody_reached")]
    said = " ".join(mail.text.split())
    assert "What an act asks to be reported (Notification of the personal data breach) was to be told to Ben Ito" in said


def test_not_once_it_was_submitted(owing: World, settings: Settings) -> None:
    """Nobody need be told any more."""
    submit(owing, "gdpr.notification", at=owing.now)
    assert warn(owing, settings, 60) == []
