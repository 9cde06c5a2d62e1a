"""The clock beside trouble: one deadline that can't be carried out stops no other, and no other is blamed for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from isms_workflow.engine import clock
from isms_workflow.store.tables import audit, deadlines
from tests.world import World


def broken(world: World, due_at: datetime) -> str:
    """A step's next deadline names an event that no release knows, and is due at an instant."""
    with world.store.write() as tx:
        found = tx.execute(select(deadlines.c.id).where(deadlines.c.subject_id == world.step("scope").id)).scalar_one()
        tx.execute(update(deadlines).where(deadlines.c.id == found).values(event="unheard of", due_at=due_at))
    return str(found)


def outcomes(world: World) -> dict[str, str | None]:
    """What became of each deadline."""
    with world.store.read() as conn:
        return {row.id: row.outcome for row in conn.execute(select(deadlines.c.id, deadlines.c.outcome))}


def test_one_that_cannot_be_carried_out_is_set_aside_and_told(both: World) -> None:
    """With its error, on record; asking again changes nothing."""
    both.open_cycle()
    bad = broken(both, both.now)
    later = both.now + timedelta(minutes=1)
    while clock.turn(both.store, later):
        pass
    assert outcomes(both)[bad] == "failed"
    with both.store.read() as conn:
        assert len(conn.execute(select(audit.c.seq).where(audit.c.kind == "deadline.failed")).all()) == 1
    assert both.mails("operator_notice") == [("operator_notice", "alex")]


def test_a_clock_that_was_overtaken_blames_no_other_deadline(both: World) -> None:
    """Another clock took the one that it had read: the next one due isn't tried under that one's name."""
    both.open_cycle()
    bad = broken(both, both.now)
    later = both.now + timedelta(minutes=1)
    taken = "another, settled meanwhile"
    assert clock.settle(both.store, later, 1, only=taken) == (0, 0)
    assert outcomes(both)[bad] is None
