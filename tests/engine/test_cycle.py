"""Cycles: one at a time, the next one opened by the end of the last, paused with an end, cancelled by top management."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.refusals import Missing, NotAllowed, NotYours, ReasonNeeded, Wrong
from isms_workflow.engine import programmes
from isms_workflow.engine.commands import cases, gates, people, steps
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store.tables import audit
from isms_workflow.store.tables import cases as table
from tests.engine.test_steps import done
from tests.world import CAST, OPERATOR, World, found


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


def carried_over(world: World, key: str, to: str = "ben") -> None:
    """Maria names who takes over a waived step in the next cycle."""
    done(world, gates.dispose, "maria", world.step(key).id, world.ids[to], "")


def ended(world: World, waive: tuple[str, ...]) -> None:
    """A cycle from wherever it is to its end; what is waived is carried over to Ben; the next cycle is the world's."""
    for key in waive:
        done(world, steps.waive, "maria", world.step(key).id, None, "not this year")
    for phase in ("plan", "do", "check"):
        world.pass_phase(phase)
    world.complete_phase("act")
    for key in waive:
        carried_over(world, key)
    for name in ("dana", "ravi"):
        world.answer("act", name)
    world.case = world.open_case()


def test_what_is_carried_over_twice_stands_beside_its_younger_sister(planning: World) -> None:
    """Both were waived again: the third cycle owes three, each under a name of its own."""
    ended(planning, waive=("resources",))
    ended(planning, waive=("resources", "resources@PDCA-2026-0001"))
    owed = [s.key for s in planning.view().steps_of("do") if s.key.startswith("resources")]
    assert owed == ["resources", "resources@PDCA-2026-0002", "resources@PDCA-2026-0001"]


def at_act(world: World) -> None:
    """ACT's gate is open, and PLAN's scope was waived on the way."""
    done(world, steps.waive, "maria", world.step("scope").id, None, "unchanged")
    for phase in ("plan", "do", "check"):
        world.pass_phase(phase)
    world.complete_phase("act")


def test_what_was_reopened_and_done_is_not_carried_over(planning: World) -> None:
    """Though somebody had been named for it: nothing is owed twice."""
    at_act(planning)
    carried_over(planning, "scope")
    done(planning, steps.reopen, "maria", planning.step("scope").id, None, "needed after all")
    planning.complete("scope")
    for phase in ("plan", "act"):
        for name in ("dana", "ravi"):
            planning.answer(phase, name)
    planning.case = planning.open_case()
    assert [s.key for s in planning.view().steps if s.carried_from] == []


def test_a_step_waived_after_acts_gate_is_disposed_of_at_the_gate_that_ends_the_cycle(planning: World) -> None:
    """PLAN was reopened meanwhile, so its gate comes last: it asks what ACT's would have asked."""
    at_act(planning)
    carried_over(planning, "scope")
    done(planning, steps.reopen, "maria", planning.step("soa").id, None, "a control is missing")
    for name in ("dana", "ravi"):
        planning.answer("act", name)
    done(planning, steps.waive, "maria", planning.step("soa").id, None, "next year")
    with pytest.raises(Missing, match="soa"):
        planning.answer("plan", "dana")
    carried_over(planning, "soa")
    for name in ("dana", "ravi"):
        planning.answer("plan", name)
    planning.case = planning.open_case()
    assert {s.key.partition("@")[0] for s in planning.view().steps if s.carried_from} == {"scope", "soa"}


def without_the_scope(world: World) -> None:
    """A version of the programme comes into force that has no step of that name."""
    files = dict(shipped())
    files["pdca.yaml"] = files["pdca.yaml"].replace("id: scope", "id: boundaries").replace("[scope]", "[boundaries]")
    with world.store.write() as tx:
        programmes.apply(tx, parse(files), OPERATOR, world.when())


def test_what_the_programme_has_no_more_is_declined(planning: World) -> None:
    """Whoever disposes of it is told; nothing that was carried over vanishes in silence."""
    at_act(planning)
    without_the_scope(planning)
    with pytest.raises(Wrong, match="decline it"):
        carried_over(planning, "scope")


def test_what_the_programme_lost_after_it_was_carried_over_is_declined_on_record(planning: World) -> None:
    """The cycle ends all the same."""
    at_act(planning)
    carried_over(planning, "scope")
    without_the_scope(planning)
    for name in ("dana", "ravi"):
        planning.answer("act", name)
    with planning.store.read() as conn:
        kinds = conn.execute(select(audit.c.case_id, audit.c.kind).where(
            audit.c.kind.in_(("case.carried", "case.declined"))).order_by(audit.c.seq)).all()
    assert [tuple(row) for row in kinds] == [(planning.case, "case.carried"), (planning.open_case(), "case.declined")]


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
