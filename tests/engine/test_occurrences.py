"""The same again: an occurrence of the incident that is open, under its key or because somebody merges two."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from isms_workflow.engine.commands import incidents
from isms_workflow.store.tables import audit, audit_private, occurrences
from tests.engine.incidents import do, incident, report
from tests.world import World

HOUR = timedelta(hours=1)


def test_the_same_key_again_is_an_occurrence_and_pages_nobody(world: World) -> None:
    """After the end it is a new incident that names the old one."""
    first = report(world, key="ids-77")
    mails = world.mails()
    again = report(world, key="ids-77")
    assert again == first
    assert world.mails() == mails
    with world.store.read() as conn:
        assert len(conn.execute(select(occurrences)).all()) == 1
    do(world, incidents.dismiss, "ben", None, "a test of the scanner")
    new = report(world, key="ids-77")
    assert new != first
    assert incident(world).follows == first


def test_what_is_said_of_it_the_next_time_stands_in_its_history(both: World) -> None:
    """It is no description, for that is what the first said; and it isn't lost. Whoever is erased takes their words along."""
    report(both, key="ids-77")
    report(both, key="ids-77", title="It has reached the file server")
    with both.store.read() as conn:
        said = conn.execute(select(audit_private.c.value).join(audit, audit.c.seq == audit_private.c.seq).where(
            audit.c.kind == "incident.occurred", audit_private.c.field == "text")).scalars().all()
    assert said == ["It has reached the file server"]


def test_one_is_merged_into_another(world: World) -> None:
    """The other counts it; its own clocks end."""
    other = report(world)
    ours = report(world)
    do(world, incidents.merge, "ben", None, other, "")
    assert (world.view().case.state, incident(world).merged_into, world.armed(ours)) == ("merged", other, [])
    with world.store.read() as conn:
        assert [row.from_case for row in conn.execute(select(occurrences))] == [ours]


def test_whatever_takes_another_in_is_as_grave_as_both(both: World) -> None:
    """It concerns the systems of both, is seen by no more people than either, and its clocks count from its own report."""
    other = report(both, "other", ())
    start, before = both.now, both.view()
    both.advance(minutes=5)
    report(both, "data_breach")
    do(both, incidents.merge, "ben", None, other, "the same person called twice")
    both.case = other
    view = both.view()
    assert (before.case.label, before.incident.severity) == ("internal", "medium")  # type: ignore[union-attr]
    assert (view.case.label, incident(both).severity, len(incident(both).systems)) == ("confidential", "high", 1)
    assert sorted(both.armed(other)) == [("ladder", start + 2 * HOUR), ("response", start + 4 * HOUR)]


def test_what_takes_a_lesser_one_in_stays_as_it_is(world: World) -> None:
    """Nothing of it changes but what it has taken in; no clock is armed anew."""
    other = report(world, "data_breach")
    armed, version = world.armed(other), world.view().case.version
    report(world, "other", ())
    do(world, incidents.merge, "ben", None, other, "")
    world.case = other
    assert (world.armed(other), world.view().case.version, incident(world).severity) == (armed, version, "high")
