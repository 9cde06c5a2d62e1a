"""A person's rules at work: messages leave by their ways, wait as they say, and are dropped once somebody answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy import update

from isms_workflow.domain.messages import Notice
from isms_workflow.domain.notification import Quiet, Rule, Wishes
from isms_workflow.domain.refusals import NotYours, Wrong
from isms_workflow.domain.telling import Telling
from isms_workflow.engine import drills, offices, outbox, telling
from isms_workflow.engine.commands import incidents
from isms_workflow.engine.commands import notifications as commands
from isms_workflow.settings import Settings
from isms_workflow.store import audit
from isms_workflow.store.audit.erase import erase
from isms_workflow.store.tables import incidents as table
from tests.engine.incidents import do, report
from tests.engine.mails import deliver
from tests.world import World

MAIL = Rule("mail", timedelta(0), "all")
LATER = Rule("mail", timedelta(minutes=10), "escalations")
PAGER = Rule("pager", timedelta(0), "critical")
NOW_ISH = Quiet(time(7), time(9))
"""The world begins at 08:00 UTC."""


def choose(world: World, who: str, *rules: Rule, quiet: Quiet | None = None, by: str = "") -> None:
    """Somebody says how they want to be told."""
    with world.sim.write() as (tx, when):
        commands.choose(tx, world.ids[who], rules, quiet, ("pager",), world.actor(by or who), when)


def told(world: World, who: str) -> list[Telling]:
    """What was decided to tell somebody of the incident, in order."""
    with world.store.read() as conn:
        return [each for each in telling.of_case(conn, world.case) if each.person == world.ids[who]]


def test_who_chose_nothing_is_told_by_mail_at_once(both: World, settings: Settings) -> None:
    """Nothing has to be set up."""
    report(both)
    deliver(both, settings)
    assert [(t.channel, t.state) for t in told(both, "ben")] == [("mail", "sent")]


def test_several_rules_send_by_several_ways(both: World) -> None:
    """Each message in the outbox once a way and instant; the pager is for critical ones."""
    choose(both, "ben", MAIL, LATER, PAGER)
    report(both)
    assert [(t.channel, t.due - both.now, t.held) for t in told(both, "ben")] == [
        ("mail", timedelta(0), None), ("mail", timedelta(minutes=10), "delay")]
    do(both, incidents.reassess, "ben", None, "critical", "customers")
    both.advance(minutes=31)
    assert ("pager", "incident_escalated") in {(t.channel, t.notice) for t in told(both, "ben")}


def test_what_is_held_is_dropped_once_somebody_gave_their_word(both: World, settings: Settings) -> None:
    """With a record of why it wasn't sent; until then it says that it is held."""
    choose(both, "ben", LATER, MAIL)
    choose(both, "ravi", LATER)
    report(both)
    assert [t.state for t in told(both, "ravi")] == ["held"]
    do(both, incidents.acknowledge, "maria", None)
    both.sim.now += timedelta(minutes=11)
    deliver(both, settings)
    assert [(t.state, t.why) for t in told(both, "ravi") if t.notice == "incident_reported"] == [("unsent", "acknowledged meanwhile")]
    assert sorted(t.state for t in told(both, "ben") if t.notice == "incident_reported") == ["sent", "unsent"]


def test_what_is_held_leaves_if_nobody_answered(world: World, settings: Settings) -> None:
    """After the delay, by the same way."""
    choose(world, "ravi", LATER)
    report(world)
    deliver(world, settings)
    assert [t.state for t in told(world, "ravi")] == ["held"]
    world.sim.now += timedelta(minutes=10)
    deliver(world, settings)
    assert [t.state for t in told(world, "ravi")] == ["sent"]


def test_quiet_hours_hold_all_but_the_critical(both: World) -> None:
    """Until their end on the reader's wall."""
    choose(both, "ben", quiet=NOW_ISH)
    report(both)
    (found,) = told(both, "ben")
    assert (found.held, found.due, found.says()) == ("quiet", both.now.replace(hour=9, minute=0, second=0), "held, because its reader's quiet hours last")
    report(both, category="outage", systems=("Web shop",))
    assert [t.held for t in told(both, "ben")] == [None]


def test_what_quiet_hours_hold_leaves_by_those_that_hold_now(both: World, settings: Settings) -> None:
    """Later if they are longer, and at once if there are none any more."""
    choose(both, "ben", quiet=NOW_ISH)
    report(both)
    choose(both, "ben", quiet=Quiet(time(7), time(10)))
    (found,) = told(both, "ben")
    assert (found.held, found.due.hour) == ("quiet", 10)
    both.sim.now += timedelta(hours=1, minutes=1)
    deliver(both, settings)
    assert [t.state for t in told(both, "ben")] == ["held"]
    choose(both, "ben")
    deliver(both, settings)
    assert [t.state for t in told(both, "ben")] == ["sent"]


def test_an_incident_that_turns_out_critical_is_told_in_quiet_hours(world: World) -> None:
    """By its new severity, not by the one before; and by the old one's no more."""
    choose(world, "ben", quiet=NOW_ISH)
    report(world)
    do(world, incidents.reassess, "ravi", None, "critical", "customers")
    do(world, incidents.reassess, "ravi", None, "low", "a test account")
    assert [t.held for t in told(world, "ben") if t.notice == "incident_reassessed"] == [None, "quiet"]


def test_a_level_that_somebody_has_told_comes_in_quiet_hours(world: World) -> None:
    """Whoever presses that wants somebody now."""
    choose(world, "maria", quiet=NOW_ISH)
    report(world)
    do(world, incidents.escalate, "ben", None, "nobody answers the phone")
    assert [(t.held, t.urgency) for t in told(world, "maria") if t.notice == "incident_escalated"] == [(None, "critical")]


def test_a_statutory_message_knows_no_quiet_hours(world: World) -> None:
    """By mail and by every way of theirs, at once."""
    choose(world, "ben", PAGER, LATER, quiet=NOW_ISH)
    report(world)
    message = Notice("incident_escalated", world.ids["ben"], {}, "statutory").message("statutory", world.case)
    with world.store.write() as tx:
        outbox.put(tx, [message, replace(message, key="twice")], world.now)
    found = [(t.channel, t.held, t.urgency) for t in told(world, "ben") if t.urgency == "statutory"]
    assert sorted(found) == sorted([("mail", None, "statutory"), ("pager", None, "statutory")] * 2)


def test_what_the_rules_leave_out_is_kept_as_not_sent(both: World) -> None:
    """Nobody needs to wonder why no mail came."""
    choose(both, "ravi", Rule("mail", timedelta(0), "escalations"))
    report(both)
    do(both, incidents.acknowledge, "ben", None)
    (found,) = [t for t in told(both, "ravi") if t.notice == "incident_acknowledged"]
    assert (found.state, found.says()) == ("unsent", outbox.LEFT_OUT)


def test_rules_are_ones_own_and_recorded(both: World) -> None:
    """An administrator can't silence anybody; the history says what was chosen, and an erasure takes it."""
    with pytest.raises(NotYours, match="being the person whom they tell"):
        choose(both, "ben", MAIL, by="alex")
    with pytest.raises(Wrong, match="one of mail, pager"):
        choose(both, "ben", Rule("fax", timedelta(0), "all"))
    with pytest.raises(Wrong, match="another hour"):
        choose(both, "ben", quiet=Quiet(time(8), time(8)))
    choose(both, "ben", MAIL)
    choose(both, "ben", MAIL, LATER, quiet=NOW_ISH)
    with both.store.write() as tx:
        assert offices.standing(tx, both.now).wishes == {
            both.ids["ben"]: Wishes((MAIL, LATER), NOW_ISH, "UTC")}
        assert audit.verify(tx).ok
        assert erase(tx, both.ids["ben"], both.now).what["notification rules"] == 1


def test_an_exercise_doesnt_count_as_lost_what_a_rule_held(world: World, settings: Settings) -> None:
    """It was answered before it was due, or its reader didn't want it."""
    choose(world, "ravi", LATER)
    report(world)
    with world.store.write() as tx:
        tx.execute(update(table).values(is_exercise=True))
    do(world, incidents.acknowledge, "ben", None)
    world.sim.now += timedelta(minutes=11)
    deliver(world, settings)
    with world.store.read() as conn:
        found = drills.of(conn, world.view())
    assert [world.name_of(t.person) for t in found.told] == ["ben"]
    assert not any("never left" in said for said in found.missed)
