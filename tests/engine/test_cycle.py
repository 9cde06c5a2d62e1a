"""Cycles: one at a time, the next one opened by the end of the last, paused with an end, cancelled by top management."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.refusals import Missing, NotAllowed, NotYours, ReasonNeeded, Wrong
from isms_workflow.engine.commands import cases, gates, people, steps
from isms_workflow.store.tables import cases as table
from tests.engine.test_steps import done
from tests.world import CAST, World, found


def test_one_cycle_is_open_at_a_time(planning: World) -> None:
    """The command refuses a second one."""
    with pytest.raises(NotAllowed):
        planning.open_cycle()


def test_the_database_refuses_a_second_one_as_well(both: World) -> None:
    """Whatever the code does."""
    both.open_cycle()
    with both.store.read() as conn:
        row = dict(conn.execute(select(table)).mappings().one())
    with pytest.raises(IntegrityError), both.store.write() as tx:  # one statement, in a transaction
        tx.execute(insert(table).values({**row, "id": new_id(), "reference": "PDCA-2026-0099"}))


def test_the_end_of_a_cycle_opens_the_next(planning: World) -> None:
    """In the same transaction, under the programme in force; it starts at once since every responsibility is held."""
    first = planning.case
    for phase in ("plan", "do", "check", "act"):
        planning.pass_phase(phase)
    assert planning.view().case.state == "closed"
    planning.case = planning.open_case()
    assert planning.case != first
    assert planning.view().case.state == "plan"
    assert planning.view().case.reference.endswith("-0002")


def test_a_cycle_that_lacks_people_waits_and_says_who_is_missing(world: World) -> None:
    """With a ladder; it starts by itself once the last responsibility is held."""
    without = {name: part for name, part in CAST.items() if name != "ines"}
    short = found(world_like(world), cast=without)
    short.open_cycle()
    assert short.view().case.state == "planned"
    assert "internal_auditor" in short.sim.said.get(short.case, "internal_auditor")
    assert [event for event, _ in short.armed(short.case)] == ["ladder"]
    with pytest.raises(Missing, match="internal_auditor"):
        done(short, cases.start, "maria", short.case, None)
    done(short, people.grant, "alex", short.ids["ben"], "internal_auditor")
    assert short.view().case.state == "plan"


def test_a_planned_cycle_says_so_when_it_lacks_one_more(world: World) -> None:
    """Somebody leaves while it waits: the wait goes on, and names both."""
    short = found(world_like(world), cast={name: part for name, part in CAST.items() if name != "ines"})
    short.open_cycle()
    done(short, people.deactivate, "alex", short.ids["ravi"])
    assert [who for _, who in short.mails("planned_missing")] == ["maria", "dana"] * 2
    done(short, people.grant, "alex", short.ids["ben"], "internal_auditor")
    assert short.view().case.state == "planned"
    done(short, people.grant, "alex", short.ids["alex"], "risk_owner")
    assert short.view().case.state == "plan"


def world_like(world: World) -> object:
    """The same database, emptied of the cast: a fresh one beside it."""
    from isms_workflow.domain import machines
    from isms_workflow.store import schema
    from isms_workflow.store.database import open_store

    store = open_store(f"{world.store.engine.url}-2")
    schema.upgrade(store, [(m.kind, m.states) for m in machines.ALL.values()])
    return store


def test_a_pause_has_an_end_and_moves_what_is_due(planning: World) -> None:
    """Every open due date moves by the pause's days; on that day it goes on by itself."""
    before = planning.step("scope").due_at
    assert before is not None
    done(planning, cases.pause, "maria", planning.case, None, "2026-02-05", "everybody is ill")
    planning.advance(days=40)
    assert planning.view().case.paused_until is None
    after = planning.step("scope").due_at
    assert after is not None
    assert (after - before).days in (29, 30, 31)


@pytest.mark.parametrize(("by", "until", "reason", "refusal"), [
    ("ben", "2026-02-05", "ill", NotYours), ("maria", "2026-02-05", "", ReasonNeeded),
    ("maria", "2025-02-05", "ill", Wrong), ("maria", "soon", "ill", Wrong)])
def test_a_pause_needs_its_manager_a_reason_and_a_date_ahead(planning: World, by: str, until: str, reason: str,
                                                             refusal: type[Exception]) -> None:
    """Or it is refused."""
    with pytest.raises(refusal):
        done(planning, cases.pause, by, planning.case, None, until, reason)


def test_only_top_management_cancels(planning: World) -> None:
    """With a reason; then nothing is owed any more, and another cycle may be opened."""
    with pytest.raises(NotYours):
        done(planning, cases.cancel, "maria", planning.case, None, "a merger")
    with pytest.raises(ReasonNeeded):
        done(planning, cases.cancel, "dana", planning.case, None, " ")
    done(planning, cases.cancel, "dana", planning.case, None, "a merger")
    assert planning.view().case.state == "cancelled"
    assert not [s for s in planning.view().steps if s.state == "open"]
    planning.open_cycle()
    assert planning.view().case.state == "plan"


def test_what_was_waived_is_carried_over_or_declined_by_name(planning: World) -> None:
    """Before ACT's gate can pass; what is carried over stands in the next cycle with its owner."""
    done(planning, steps.waive, "maria", planning.step("scope").id, None, "unchanged")
    for phase in ("plan", "do", "check"):
        planning.pass_phase(phase)
    planning.complete_phase("act")
    with pytest.raises(Missing, match="scope"):
        planning.answer("act", "dana")
    done(planning, gates.dispose, "maria", planning.step("scope").id, planning.ids["ben"], "")
    for name in ("dana", "ravi"):
        planning.answer("act", name)
    planning.case = planning.open_case()
    carried = [s for s in planning.view().steps if s.carried_from]
    assert [planning.name_of(s.owner) for s in carried] == ["ben"]
