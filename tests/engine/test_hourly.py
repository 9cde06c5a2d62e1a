"""The clock's hourly round."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from isms_workflow.engine import accesslog, hourly, planned, watchdog
from isms_workflow.store.database import DatabaseGone
from isms_workflow.store.tables import people
from tests.world import World


def ends(world: World, name: str) -> None:
    """Somebody's account has had its last day an hour ago."""
    with world.store.write() as tx:
        tx.execute(update(people).where(people.c.id == world.ids[name]).values(ends_at=world.now - timedelta(hours=1)))


def deactivated(world: World, name: str) -> bool:
    """Whether the account can't be used any more."""
    with world.store.read() as conn:
        return conn.execute(select(people.c.deactivated_at).where(people.c.id == world.ids[name])).scalar() is not None


def test_an_external_auditors_account_ends_on_its_date(both: World) -> None:
    """Nobody has to remember it."""
    ends(both, "olga")
    hourly.look_after(both.store, both.now, both.now)
    assert deactivated(both, "olga")


def test_the_last_in_office_stays_until_a_successor_is_named(both: World) -> None:
    """An office is never vacant because a date passed; the others' accounts end all the same."""
    ends(both, "maria")
    ends(both, "olga")
    hourly.look_after(both.store, both.now, both.now)
    assert (deactivated(both, "maria"), deactivated(both, "olga")) == (False, True)


PARTS = {
    "planned starts": (planned, "start"),
    "schedules": (hourly, "silent_schedules"),
    "accounts that end": (hourly, "end_accounts"),
    "watchdog": (watchdog, "look"),
    "access log": (accesslog, "seal"),
}


@pytest.mark.parametrize("error", [ZeroDivisionError(), DatabaseGone("here", "it is locked")])
@pytest.mark.parametrize("broken", PARTS)
def test_each_part_is_done_whatever_another_raised(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broken: str, error: Exception
) -> None:
    """A planned start that can't be carried out leaves neither watchdog nor seal undone; the failure is logged."""
    done: list[str] = []

    def part(name: str) -> object:
        done.append(name)
        if name == broken:
            raise error
        return []

    for name, (module, function) in PARTS.items():
        monkeypatch.setattr(module, function, lambda *_, name=name: part(name))
    hourly.look_after(world.store, world.now, world.now)
    assert done == list(PARTS)
    (told,) = caplog.records
    assert (told.action, f"part {broken} failed" in told.message) == ("hourly.part_failed", True)
