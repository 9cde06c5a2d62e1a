"""One deadline that can't be carried out harms no other, and a database that is away harms none."""

from __future__ import annotations

import json
from functools import partial

import pytest
from sqlalchemy import select, update

from isms_workflow.engine import clock, operating
from isms_workflow.engine.context import utc_now
from isms_workflow.store.audit import verify
from isms_workflow.store.database import DatabaseGone
from isms_workflow.store.statements import deadlines as questions
from isms_workflow.store.tables import audit, deadlines, outbox
from tests.engine.incidents import report
from tests.world import World


def poison(world: World) -> str:
    """The earliest armed deadline climbs a ladder that no programme knows; its id."""
    with world.store.write() as tx:
        first = tx.execute(questions.unsettled()).first()
        tx.execute(update(deadlines).where(deadlines.c.id == first.id).values(ladder="none such"))
    return str(first.id)


def outcomes(world: World) -> dict[str, tuple[str | None, str | None]]:
    """What became of each deadline, and its error."""
    with world.store.read() as conn:
        return {row.id: (row.outcome, row.error) for row in conn.execute(select(deadlines))}


def settle_all(world: World, days: int) -> None:
    """The clock, so many days on."""
    world.sim.now += clock.timedelta(days=days)
    clock.drain(world.store, lambda: world.now)


def test_a_deadline_whose_event_raises_is_set_aside_and_the_others_go_on(planning: World) -> None:
    """Whatever it raises: a mistake in one rule is no outage."""
    planning.pass_phase("plan")
    bad = poison(planning)
    settle_all(planning, days=90)
    found = outcomes(planning)
    assert found[bad] == ("failed", "KeyError('none such')")
    assert "fired" in {outcome for outcome, _ in found.values()}
    assert [each for each, (outcome, _) in found.items() if outcome == "failed"] == [bad]


def test_the_operator_is_told_once_and_the_history_says_so(planning: World) -> None:
    """By mail and in the history; what was set aside can be tried again."""
    bad = poison(planning)
    settle_all(planning, days=30)
    with planning.store.write() as tx:
        told = [row for row in tx.execute(select(outbox.c.payload)).scalars() if row.get("notice") == "operator_notice"]
        kinds = tx.execute(select(audit.c.kind)).scalars().all()
        assert [each["about"]["deadline"] for each in told] == [bad]
        assert kinds.count("deadline.failed") == 1
        operating.retry_deadline(tx, bad, planning.actor("maria"), planning.now)
    assert outcomes(planning)[bad] == (None, None)


def test_a_database_that_fails_meanwhile_sets_nothing_aside(planning: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the database's trouble, and not the deadline's: it stays due, and fires when the database is back."""
    def full(*_: object) -> None:
        raise DatabaseGone("isms", "database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(clock, "_carry_out", full)
        with pytest.raises(DatabaseGone):
            settle_all(planning, days=30)
    assert "failed" not in {outcome for outcome, _ in outcomes(planning).values()}
    settle_all(planning, days=0)
    assert "fired" in {outcome for outcome, _ in outcomes(planning).values()}


def test_two_clocks_that_fail_at_one_deadline_set_it_aside_once(planning: World) -> None:
    """The second finds it settled, and neither tells nor records anything."""
    poison(planning)
    with planning.store.write() as tx:
        deadline = clock._deadline(tx.execute(questions.due(utc_now().replace(year=2100), 1)).first())
    for _ in range(2):
        clock.set_aside(planning.store, deadline, planning.now, "KeyError('none such')")
    assert _failures(planning) == 1


def _failures(world: World) -> int:
    with world.store.read() as conn:
        return list(conn.execute(select(audit.c.kind)).scalars()).count("deadline.failed")


def test_a_backlog_is_settled_once_by_however_many_hands(both: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches that are worked on at once share nothing: each deadline that was due has fired, and one record tells of it."""
    monkeypatch.setattr(clock, "turn", partial(clock.turn, limit=4))
    for number in range(30):
        report(both, title=f"The shop is down, {number}")
    both.sim.now += clock.timedelta(hours=3)
    clock.drain(both.store, lambda: both.now)
    with both.store.read() as conn:
        left = conn.execute(select(deadlines.c.id).where(deadlines.c.settled_at.is_(None), deadlines.c.due_at <= both.now)).first()
        told = [json.loads(body)["data"]["deadline"] for body in conn.execute(
            select(audit.c.body).where(audit.c.kind == "deadline.expired").order_by(audit.c.seq)).scalars()]
        fired = set(conn.execute(select(deadlines.c.id).where(deadlines.c.outcome == "fired")).scalars())
        assert verify(conn).ok
    assert left is None
    assert len(told) == len(set(told)) >= 30
    assert set(told) <= fired


def test_a_hand_that_loses_the_database_says_so(both: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asked for a backlog to be settled hears of it, from whichever hand."""
    turns = iter([True])

    def turn(*_: object) -> bool:
        if next(turns, False):
            return True
        raise DatabaseGone("here", "it went away")

    monkeypatch.setattr(clock, "turn", turn)
    with pytest.raises(DatabaseGone):
        clock.drain(both.store, lambda: both.now)
