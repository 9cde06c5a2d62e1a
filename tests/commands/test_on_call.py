"""`isms on-call`, and what `isms doctor` says of gaps."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from isms_workflow.commands.shared import instant
from isms_workflow.domain.times import When
from isms_workflow.engine.commands import on_call
from isms_workflow.engine.context import utc_now
from isms_workflow.programme.load import copy_shipped
from isms_workflow.settings import Settings
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


def test_a_cover_that_goes_on_after_the_four_weeks_says_its_true_end(world: World, shell: Shell) -> None:
    """The rest of it stands behind them."""
    starts = utc_now() + timedelta(days=1)
    with world.store.write() as tx:
        on_call.override(tx, "first_line", world.ids["ben"], starts, starts + timedelta(days=60), "leave", world.actor("ben"), When.at(utc_now()))
    last = shell.ok("on-call show").strip().splitlines()[-1]
    assert instant(starts + timedelta(days=60)) in last
    assert "Ben Ito" in last


@pytest.mark.usefixtures("world")
def test_who_takes_turns_and_may_not_answer_is_named(shell: Shell, settings: Settings) -> None:
    """When the programme is put in force, with the shifts, and by the doctor."""
    said = "First line: Ines Costa may not acknowledge an incident, which takes the responsibility incident_responder, "
    assert "may not acknowledge" not in shell.ok("on-call show")
    copy_shipped(settings.programme_dir)
    path = settings.programme_dir / "oncall.yaml"
    path.write_text(path.read_text().replace("responsibility: incident_responder", "responsibility: internal_auditor", 1))
    assert said in shell.ok("programme apply")
    assert said in shell.ok("on-call show")
    assert shell("doctor") == 1
    assert said in shell.said
