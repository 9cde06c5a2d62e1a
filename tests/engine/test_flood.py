"""A flood for one person: some letters, then one that lists what is left, then none for a while; nothing is lost."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from isms_workflow.domain.messages import Notice, Urgency
from isms_workflow.engine import outbox, programmes, telling
from isms_workflow.notify.files import WrittenMail
from isms_workflow.programme.load import kept, parse, shipped
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from tests.engine.incidents import report
from tests.engine.mails import deliver
from tests.world import OPERATOR, World, found


def flood(world: World, many: int, urgency: Urgency = "ordinary", what: str = "a") -> None:
    """So many messages for Ben at one instant."""
    about = {"case": world.case, "level": 0, "due": world.now.isoformat()}
    with world.store.write() as tx:
        outbox.put(tx, [Notice("incident_escalated", world.ids["ben"], about, urgency).message(f"{what}{n}", world.case)
                        for n in range(many)], world.now)


def mails(world: World, settings: Settings) -> list[WrittenMail]:
    """What Ben has got of it until now."""
    return [m for m in deliver(world, settings) if m.to == "ben@example.org" and m.key.startswith(("incident_escalated", "several"))]


def states(world: World) -> Counter[str]:
    """What became of his messages."""
    with world.store.read() as conn:
        return Counter(t.state for t in telling.of_case(conn, world.case)
                       if t.person == world.ids["ben"] and t.notice == "incident_escalated")


def begun(world: World, settings: Settings) -> World:
    """An incident is reported, and its mails have left a while ago."""
    report(world)
    deliver(world, settings)
    world.sim.now += timedelta(minutes=11)
    return world


def flooded(world: World, settings: Settings) -> list[WrittenMail]:
    """Thirty messages came at once; what left."""
    begun(world, settings)
    flood(world, 30)
    return mails(world, settings)


def left_since(world: World, settings: Settings, before: list[WrittenMail]) -> WrittenMail:
    """The one letter that left after those."""
    (one,) = [m for m in mails(world, settings) if m not in before]
    return one


def test_the_last_of_twenty_letters_tells_of_all_that_is_left(both: World, settings: Settings) -> None:
    """More than a batch holds; each message is recorded as sent."""
    begun(both, settings)
    flood(both, 200)
    found = mails(both, settings)
    assert len(found) == 20
    (one,) = [m for m in found if m.key.startswith("several:")]
    assert one.subject == "181 messages for you at once"
    assert "161 messages more, in the portal" in " ".join(one.text.split())
    assert "/acknowledge/" not in one.text
    assert states(both) == {"sent": 200}


def test_what_comes_soon_after_waits_and_says_so(both: World, settings: Settings) -> None:
    """Ten minutes; then there is room again."""
    before = len(flooded(both, settings))
    both.sim.now += timedelta(minutes=2)
    flood(both, 2, what="b")
    assert len(mails(both, settings)) == before
    assert states(both)["held"] == 2
    both.sim.now += timedelta(minutes=9)
    assert len(mails(both, settings)) == before + 2
    assert states(both) == {"sent": 32}


def test_the_critical_come_first_and_wait_a_minute(both: World, settings: Settings) -> None:
    """What waits with them is told in the same letter."""
    before = flooded(both, settings)
    both.sim.now += timedelta(seconds=61)
    flood(both, 1, what="b")
    flood(both, 2, "critical", what="c")
    one = left_since(both, settings, before)
    assert one.subject == "URGENT: 3 messages for you at once, 2 of them urgent"


def test_a_letter_that_tells_of_several_takes_what_was_put_off_with_it(both: World, settings: Settings) -> None:
    """Each such letter puts off what comes after it: what waits would wait for ever where something urgent comes now and then."""
    before = flooded(both, settings)
    both.sim.now += timedelta(minutes=2)
    flood(both, 5, what="b")
    assert mails(both, settings) == before
    assert states(both)["held"] == 5
    both.sim.now += timedelta(minutes=2)
    flood(both, 1, "critical", what="c")
    one = left_since(both, settings, before)
    assert one.subject == "URGENT: 6 messages for you at once, 1 of them urgent"
    assert states(both) == {"sent": 36}


def test_what_is_put_off_stays_so_while_no_such_letter_leaves(both: World, settings: Settings) -> None:
    """Something urgent within the minute waits too, and a warning that a law asks for goes by itself."""
    before = flooded(both, settings)
    both.sim.now += timedelta(seconds=20)
    flood(both, 5, what="b")
    flood(both, 1, "critical", what="c")
    flood(both, 1, "statutory", what="s")
    one = left_since(both, settings, before)
    assert one.key.startswith("incident_escalated:s0")
    assert states(both) == {"sent": 31, "held": 6}


def test_a_statutory_warning_goes_out_at_once_by_itself(both: World, settings: Settings) -> None:
    """Whatever else there is."""
    begun(both, settings)
    flood(both, 50)
    before = mails(both, settings)
    flood(both, 1, "statutory", what="s")
    one = left_since(both, settings, before)
    assert one.key.startswith("incident_escalated:s0")


def test_what_a_storm_asks_about_reports_is_bundled(sqlite_store: Store, settings: Settings) -> None:
    """Each incident asks which reports are owed: that isn't a warning yet. What a law asks by an instant is."""
    world = found(sqlite_store, programme=parse(shipped()))
    for _ in range(60):
        report(world)
    letters = [mail for mail in deliver(world, settings) if mail.to == "ben@example.org"]
    assert len(letters) <= 20
    (one,) = [mail for mail in letters if mail.key.startswith("several:")]
    assert "messages for you at once" in one.subject


def test_one_at_a_time_is_a_flood_as_well(world: World, settings: Settings) -> None:
    """The twenty-first within ten minutes leaves, and the next waits."""
    begun(world, settings)
    sent = []
    for n in range(24):
        flood(world, 1, what=f"x{n}-")
        sent.append(len(mails(world, settings)))
        world.sim.now += timedelta(seconds=1)
    assert sent[-1] == 21
    assert states(world) == {"sent": 21, "held": 3}


def test_a_programme_without_the_rule_bundles_nothing(world: World, settings: Settings) -> None:
    """One from before there was any."""
    files = {name: text for name, text in shipped().items() if name != "notifications.yaml"}
    with world.store.write() as tx:
        programmes.apply(tx, kept(files), OPERATOR, world.when())
    begun(world, settings)
    flood(world, 40)
    assert len(mails(world, settings)) == 40
