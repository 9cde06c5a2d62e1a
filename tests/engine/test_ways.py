"""Ways beside mail as channels of the outbox: the same rules, every attempt kept, and nothing waits for a way that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from isms_workflow.connectors.signatures import is_signed
from isms_workflow.domain.messages import Notice
from isms_workflow.domain.telling import Telling
from isms_workflow.engine import deliverer, outbox, telling
from isms_workflow.engine.commands import incidents, people
from isms_workflow.engine.mailing import ways
from isms_workflow.settings import Settings
from isms_workflow.store.tables import cases
from isms_workflow.store.tables import outbox as table
from tests.engine.incidents import do, report
from tests.engine.mails import deliver
from tests.notify.receiver import Receiver, receiver
from tests.world import World


@pytest.fixture
def outside() -> Iterator[Receiver]:
    """Somebody else's service."""
    with receiver() as found:
        yield found


def named(settings: Settings, receiver: Receiver, *people: str) -> Settings:
    """The settings name it as the way `pager`."""
    way = {"url": receiver.address(), "people": [f"{who}@example.org" for who in people]}
    return Settings.model_validate({**dict(settings), "ways": {"pager": way}})


def tell(world: World, who: str = "ben") -> None:
    """An incident is reported; somebody is told of its first level by the pager."""
    report(world)
    about = {"case": world.case, "level": 0, "due": world.now.isoformat(), "fell": None}
    message = Notice("incident_escalated", world.ids[who], about).message("x", world.case)
    with world.store.write() as tx:
        outbox.put(tx, [replace(message, channel="pager")], world.now)


def tell_too(world: World, who: str) -> None:
    """Somebody else is told of the same level at the same instant."""
    with world.store.write() as tx:
        (row,) = tx.execute(select(table).where(table.c.channel == "pager")).all()
        message = Notice("incident_escalated", world.ids[who], row.payload["about"]).message("x", world.case)
        outbox.put(tx, [replace(message, channel="pager")], row.queued_at)


def turn(world: World, settings: Settings, **later: float) -> None:
    """Everything that waits for the pager is tried, so much later."""
    (channel,) = ways.channels(world.store, settings)
    deliverer.turn(world.store, channel, world.now + timedelta(**later))


def paged(world: World) -> Telling:
    """What became of the one message to the pager."""
    with world.store.read() as conn:
        (found,) = [each for each in telling.of_case(conn, world.case) if "incident_escalated" in each.notice]
    return found


def test_a_page_is_delivered_and_its_receiver_can_verify_it(both: World, settings: Settings, outside: Receiver) -> None:
    """The proof names the channel, the instant and the answer; no link that acts without signing in goes that way."""
    tell(both)
    ours = named(settings, outside)
    turn(both, ours)
    (heard,) = outside.heard
    assert is_signed(ways.secret(ours, "pager"), heard.headers, heard.body, both.now)
    assert heard.json["data"]["link"].endswith("/incidents/INC-2026-0001")
    assert "/acknowledge/" not in str(heard.json)
    found = paged(both)
    assert (found.state, found.channel, found.says(), found.settled) == ("delivered", "pager", "204", both.now)
    assert [(a.outcome, a.answer, a.first) for a in found.attempts] == [("delivered", "204", both.now)]


def test_of_a_confidential_case_nothing_but_its_reference_leaves(world: World, settings: Settings, outside: Receiver) -> None:
    """A chat has more readers than one."""
    tell(world)
    with world.store.write() as tx:
        tx.execute(update(cases).values(label="confidential"))
    turn(world, named(settings, outside))
    (heard,) = outside.heard
    assert heard.json["data"]["text"] is None
    assert heard.json["data"]["subject"].startswith("INC-2026-0001")
    assert "Someone reads" not in str(heard.json)


def test_an_outage_is_tried_for_ever_and_counted(both: World, settings: Settings, outside: Receiver) -> None:
    """Attempts that fail alike are one line with the first and the last; when the service is back it leaves."""
    tell(both)
    ours = named(settings, outside)
    outside.status = 503
    for seconds in (0, 40, 80):
        turn(both, ours, seconds=seconds)
    found = paged(both)
    assert (found.state, found.attempts[0].times) == ("retrying", 3)
    assert found.says().startswith("3 tries, the last: pager answered 503")
    assert (found.attempts[0].first, found.attempts[0].last) == (both.now, both.now + timedelta(seconds=80))
    outside.status = 204
    turn(both, ours, seconds=120)
    assert [(a.outcome, a.times) for a in paged(both).attempts] == [("failed", 3), ("delivered", 1)]
    assert both.mails("operator_notice") == [("operator_notice", "alex")]


def test_a_refused_page_is_a_dead_letter_that_somebody_is_told_of(world: World, settings: Settings, outside: Receiver) -> None:
    """It is said to have failed, and why."""
    tell(world)
    outside.status = 422
    turn(world, named(settings, outside))
    found = paged(world)
    assert (found.state, found.says()) == ("failed", "pager refuses this message: it answered 422.")
    assert world.mails("operator_notice") == [("operator_notice", "alex")]


def test_a_way_that_is_others_is_not_used(both: World, settings: Settings, outside: Receiver) -> None:
    """It goes by mail instead, and the proof says so."""
    tell(both)
    turn(both, named(settings, outside, "ravi"))
    assert outside.heard == []
    found = paged(both)
    assert (found.channel, found.state) == ("mail", "retrying")
    assert "to others" in found.says()
    deliver(both, settings)
    assert [a.channel for a in paged(both).attempts] == ["pager", "mail"]
    assert paged(both).state == "sent"


def test_what_waits_for_a_way_that_is_gone_goes_by_mail(both: World, settings: Settings) -> None:
    """Nothing waits for ever."""
    tell(both)
    deliverer.no_such_ways(both.store, ["mail", "prefect"], both.now)
    deliver(both, settings)
    found = paged(both)
    assert (found.channel, found.state) == ("mail", "sent")
    assert "no way 'pager'" in found.attempts[0].answer


def test_where_nobody_could_be_told_the_isms_manager_is(both: World, settings: Settings, outside: Receiver) -> None:
    """Once, and not while another of the same messages may still arrive."""
    tell(both)
    tell_too(both, "ravi")
    outside.status = 422
    ours = named(settings, outside)
    with both.store.write() as tx:
        tx.execute(update(table).where(table.c.key.endswith(both.ids["ravi"]), table.c.channel == "pager").values(
            due_at=both.now + timedelta(seconds=5)))
    turn(both, ours)
    assert both.mails("nobody_reached") == []
    turn(both, ours, seconds=6)
    assert both.mails("nobody_reached") == [("nobody_reached", "maria")]
    both.sim.now += timedelta(seconds=7)
    (found,) = [m for m in deliver(both, settings) if m.key.startswith("nobody_reached")]
    assert "Level 1 of its ladder was to be told to Ben Ito and Ravi Singh" in " ".join(found.text.split())


def test_nobody_is_alarmed_once_somebody_answered(world: World, settings: Settings, outside: Receiver) -> None:
    """They know of it, though no message arrived."""
    tell(world)
    do(world, incidents.acknowledge, "ravi", None)
    outside.status = 422
    turn(world, named(settings, outside))
    assert world.mails("nobody_reached") == []


def test_whoever_has_left_is_told_nothing_and_why_is_said(world: World, settings: Settings, outside: Receiver) -> None:
    """Not sent, and no fault."""
    tell(world)
    with world.sim.write() as (tx, when):
        people.deactivate(tx, world.ids["ben"], world.actor("alex"), when)
    turn(world, named(settings, outside))
    found = paged(world)
    assert (found.state, "not in use" in found.says(), outside.heard) == ("unsent", True, [])
