"""What people and things are called: also what reports by itself, and whoever is gone."""

from __future__ import annotations

from isms_workflow.domain.people import Person
from isms_workflow.engine.commands import sources
from isms_workflow.engine.mailing.look import Look
from isms_workflow.portal.names import Names
from isms_workflow.store.database import Store
from tests.world import OPERATOR, found, unknown


def test_a_source_is_called_by_its_kind_and_name(store: Store) -> None:
    """On pages and in mails; an id that nobody has is somebody erased."""
    world = found(store)
    with store.write() as tx:
        source = sources.add(tx, "Monitoring", "webhook", "outage", (), OPERATOR, world.when())
    with store.read() as conn:
        names = Names(conn, Person(world.ids["ben"], "user", "UTC", active=True))
        assert (names.name(source), names.name(unknown()), names.name(world.ids["ben"])) == (
            "the webhook Monitoring", "somebody erased", "you")
        assert Look(conn, world.now).name(source) == "The webhook Monitoring"
