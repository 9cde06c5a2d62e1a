"""`isms on-call`, and what `isms doctor` says of gaps."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from isms_workflow.store.database import Store
from isms_workflow.store.tables import responsibilities
from tests.shell import Shell
from tests.world import World, found


@pytest.fixture
def world(store: Store) -> World:
    """The cast in office on the database that the shell speaks to."""
    return found(store)


@pytest.mark.usefixtures("world")
def test_it_shows_who_is_on_call(shell: Shell) -> None:
    """For four weeks, in turns."""
    said = shell.ok("on-call show")
    assert said.count("first_line") >= 4
    assert "Ben" in said
    assert "Ravi" in said


def test_the_doctor_says_that_nobody_is_on_call(world: World, shell: Shell) -> None:
    """And where to look."""
    shell("doctor")
    assert "Nobody is on call" not in shell.said
    with world.store.write() as tx:
        tx.execute(update(responsibilities).where(responsibilities.c.responsibility == "incident_responder")
                   .values(revoked_at=world.now, revoked_by="operator"))
    assert shell("doctor") == 1
    assert "Nobody is on call for First line" in shell.said
