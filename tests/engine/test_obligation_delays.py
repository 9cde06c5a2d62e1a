"""What others allow puts a report off: up to what the act says, as often as it says, and the reminders move with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from isms_workflow.domain.obligations import Standing, State, explain
from isms_workflow.domain.refusals import Missing, NotYours, ReasonNeeded, Wrong
from isms_workflow.engine import watchdog
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Programme
from isms_workflow.store import audit
from isms_workflow.store.database import Store
from tests.engine.incidents import report
from tests.engine.obligations import answer, armed, date, dated, states, submit, waive, withdraw
from tests.engine.test_obligations import kinds_of
from tests.world import START, World, found

ITEM = "sec.item_1_05"
DETERMINED = START + timedelta(seconds=1)
"""Monday 5 January 2026, 03:00:01 in New York."""

LIMIT = datetime.fromisoformat("2026-01-09T17:30-05:00")
"""Tuesday, Wednesday, Thursday, Friday (Form 8-K, Item 1.05 and General Instruction B.1)."""

MOST = datetime.fromisoformat("2026-02-08T17:30-05:00")
"""9 January + 30 days (Item 1.05(c))."""

LETTER = "the Attorney General's letter of 6 January, in the register"


def listed() -> Programme:
    """The shipped programme of a company that reports to the SEC, and to nobody else."""
    name = "obligations/organisation.yaml"
    return parse({**shipped(), name: shipped()[name].replace("gdpr: yes", "gdpr: no").replace("sec: no", "sec: yes")})


def material(store: Store) -> World:
    """An incident that was determined to be material at its report; a day later."""
    world = found(store, programme=listed())
    report(world)
    answer(world, {"sec.may_be_material": True})
    date(world, "determined", DETERMINED)
    world.advance(days=1)
    return world


@pytest.fixture
def world(sqlite_store: Store) -> World:
    """On SQLite."""
    return material(sqlite_store)


def allow(world: World, until: datetime, at: datetime | None = None, by: str = "maria", reason: str = LETTER,
          kind: str = "delay_allowed", of: str | None = ITEM, replaces: str | None = None) -> None:
    """A delay is recorded."""
    date(world, kind, at or world.now, by, reason, of, until, replaces)


def item(world: World) -> Standing:
    """How the form stands."""
    duties = world.view().duties
    assert duties is not None
    return duties.standing(ITEM)


def healthy(world: World) -> None:
    """No wait without an end, and the history verifies."""
    with world.store.read() as conn:
        assert watchdog.look(conn, world.now) == []
        assert audit.verify(conn).ok


def test_the_reminders_move_with_it(store: Store) -> None:
    """To the instant that was allowed, which is the safe one as well; what stood before is armed no more. Both databases."""
    world = material(store)
    assert armed(world)[f"lawful:{ITEM}"] == LIMIT
    allow(world, MOST)
    assert armed(world) == {f"remind:{ITEM}": MOST - timedelta(hours=24), f"warn:{ITEM}": MOST - timedelta(hours=2),
                            f"lawful:{ITEM}": MOST}
    assert (item(world).state, item(world).act_by, item(world).latest_lawful) == (State.RUNNING, MOST, MOST)
    assert kinds_of(world, "obligation.dated") == ["obligation.dated"] * 2
    world.advance(days=5)
    assert kinds_of(world, "obligation.breached") == []
    submit(world, ITEM)
    assert item(world).in_time
    healthy(world)


def test_it_says_by_which_article(world: World) -> None:
    """Each step of the count, after those of the limit itself."""
    allow(world, MOST)
    told = explain(item(world))
    first = next(number for number, line in enumerate(told) if "was allowed" in line)
    assert told[first:first + 7] == (
        "  a delay of the report was allowed, or asked for, in writing 2026-01-06 03:00:01 EST (08:00:01 UTC) (Item 1.05(c)):",
        "    at most 30 days from 2026-01-09 17:30 EST (22:30 UTC):",
        "      the day of the event, Fri 2026-01-09, isn't counted (Item 1.05(c))",
        "      30 days, to 24:00 of Sun 2026-02-08 (Item 1.05(c))",
        "      what arrives after 17:30 there counts as the next day's: 2026-02-08 17:30 EST (22:30 UTC) (Item 1.05(c))",
        "    put off until 2026-02-08 17:30 EST (22:30 UTC)",
        "    note: If the Attorney General ends it sooner, correct until when.")
    assert told[first + 7:first + 9] == ("  act by 2026-02-08 17:30 EST (22:30 UTC)", "  latest lawful 2026-02-08 17:30 EST (22:30 UTC)")


REFUSED = {
    "longer than allowed": (MOST + timedelta(seconds=1), None, "delay_allowed",
                            r"Item 1\.05\(c\) allows at most 30 days from 2026-01-09 17:30 EST \(22:30 UTC\), until 2026-02-08 17:30 EST"),
    "no later than it is due": (LIMIT, None, "delay_allowed", r"due by 2026-01-09 17:30 EST \(22:30 UTC\) anyway: give a later instant"),
    "until when isn't said": (None, None, "delay_allowed", "until which the report is put off"),
    "a carrier's, longer than seven business days": (MOST, None, "held_back", r"7 business days from 2026-01-06 03:00:01 EST \(08:00:01 UTC\), until 2026-01-15 17:30 EST"),
    "a carrier's, that ends before": (MOST, DETERMINED - timedelta(days=5), "held_back", "before the incident was reported"),
}


@pytest.mark.parametrize(("until", "at", "kind", "says"), REFUSED.values(), ids=REFUSED)
def test_what_the_act_does_not_allow_is_refused(world: World, until: datetime | None, at: datetime | None, kind: str, says: str) -> None:
    """It says what would be right, and nothing has moved."""
    with pytest.raises(Wrong, match=says):
        date(world, kind, at or world.now, "maria", LETTER, ITEM, until)
    assert armed(world)[f"lawful:{ITEM}"] == LIMIT


def test_after_the_limit_it_is_too_late(world: World) -> None:
    """Form 8-K, C&DI 104B.01: before it would otherwise be due. One that was given in time can be recorded afterwards."""
    world.advance(days=4)
    assert kinds_of(world, "obligation.breached") == ["obligation.breached"]
    with pytest.raises(Wrong, match=r"was due by 2026-01-09 17:30 EST \(22:30 UTC\), and Item 1\.05\(c\) asks that it be put off before that"):
        allow(world, MOST)
    allow(world, MOST, at=LIMIT - timedelta(hours=1))
    assert (item(world).overdue, armed(world)[f"lawful:{ITEM}"]) == (False, MOST)
    healthy(world)
    world.advance(days=40)
    assert kinds_of(world, "obligation.breached") == ["obligation.breached"] * 2
    healthy(world)


def test_no_more_often_than_the_act_says(world: World) -> None:
    """Thirty days, thirty, and sixty, each from where the one before ended; the fourth is refused."""
    ends = [MOST, datetime.fromisoformat("2026-03-10T17:30-04:00"), datetime.fromisoformat("2026-05-09T17:30-04:00")]
    for until in ends:
        allow(world, until)
        assert item(world).latest_lawful == until
        world.advance(hours=1)
    with pytest.raises(Wrong, match=r"Item 1\.05\(c\) allows it 3 times, and it is recorded as often"):
        allow(world, ends[-1] + timedelta(days=1))
    healthy(world)


def test_one_that_is_recorded_afterwards_spoils_none_of_the_others(world: World) -> None:
    """What it would leave no room for is named: nothing that was recorded stops counting without a word."""
    for until in (MOST, datetime.fromisoformat("2026-03-10T17:30-04:00"), datetime.fromisoformat("2026-05-09T17:30-04:00")):
        world.advance(hours=1)
        allow(world, until)
    before = armed(world)
    with pytest.raises(Wrong, match=r"the one of 2026-01-06T11:00:01.000000Z would count no more.*correct or withdraw that one first"):
        allow(world, LIMIT + timedelta(days=1), at=world.now - timedelta(hours=5))
    assert armed(world) == before


def test_it_is_for_somebody_accountable(world: World) -> None:
    """With a reason; a responder neither records nor corrects nor withdraws it."""
    with pytest.raises(NotYours, match="Compliance officer or ISMS manager"):
        allow(world, MOST, by="ravi")
    with pytest.raises(ReasonNeeded, match="put a report off"):
        allow(world, MOST, reason=" ")
    allow(world, MOST)
    event = dated(world, "delay_allowed")
    with pytest.raises(NotYours):
        withdraw(world, event, by="ravi")
    with pytest.raises(NotYours):
        allow(world, MOST - timedelta(days=1), by="ravi", replaces=event)


def test_one_that_is_ended_sooner_is_corrected(world: World) -> None:
    """And one that was recorded by mistake is withdrawn: what had moved moves back, and is told at once where it lies behind us."""
    allow(world, MOST)
    sooner = datetime.fromisoformat("2026-01-20T17:30-05:00")
    allow(world, sooner, at=DETERMINED + timedelta(days=1), replaces=dated(world, "delay_allowed"))
    assert armed(world)[f"lawful:{ITEM}"] == sooner
    world.advance(days=6)
    withdraw(world, dated(world, "delay_allowed"))
    assert (item(world).overdue, item(world).latest_lawful) == (True, LIMIT)
    world.advance(seconds=1)
    assert kinds_of(world, "obligation.breached") == ["obligation.breached"]
    healthy(world)


def test_the_limit_that_it_counts_from_is_corrected(world: World) -> None:
    """It rests while nothing runs, and stays as it was given however the limit moves within what the act allows."""
    allow(world, MOST)
    withdraw(world, dated(world, "determined"))
    assert (states(world)[ITEM], armed(world)) == (State.NOT_STARTED, {})
    date(world, "determined", DETERMINED + timedelta(hours=20))
    assert item(world).latest_lawful == MOST
    withdraw(world, dated(world, "determined"))
    world.advance(days=1)
    date(world, "determined", world.now)
    assert item(world).latest_lawful == MOST, "as it was allowed, though thirty days would end later by now"


def test_nothing_is_put_off_that_does_not_run(world: World) -> None:
    """Before it begins, once it is submitted or decided on, and of what the act names no delay for."""
    with pytest.raises(Wrong, match=r"it is said of one of: .*sec\.item_1_05"):
        allow(world, MOST, of="sec.amendment")
    with pytest.raises(Wrong, match=r"it is said of one of: .*sec\.item_1_05"):
        allow(world, MOST, of=None)
    submit(world, ITEM)
    world.advance(hours=1)
    with pytest.raises(Missing, match=r"a delay of sec\.item_1_05.*it is submitted"):
        allow(world, MOST)
    withdraw(world, dated(world, "submitted"))
    waive(world, ITEM)
    with pytest.raises(Missing, match="it is waived"):
        allow(world, MOST)
    withdraw(world, dated(world, "waived"))
    withdraw(world, dated(world, "determined"))
    with pytest.raises(Missing, match="it is not started"):
        allow(world, MOST)


def test_a_relief_is_taken_once_its_facts_are_answered(sqlite_store: Store) -> None:
    """DORA, Art. 5(4): on a Saturday until Monday noon. Until somebody answers it isn't, and neither step nor end waits for that."""
    name = "obligations/organisation.yaml"
    world = found(sqlite_store, programme=parse({**shipped(), name: shipped()[name].replace("dora: no", "dora: yes").replace(
        "gdpr: yes", "gdpr: no")}))
    world.advance(days=5)
    report(world)
    answer(world, {"dora.may_be_major": True, "dora.clients_affected": False})
    aware = world.now
    for kind in ("aware", "classified"):
        date(world, kind, aware)
    duties = world.view().duties
    assert duties is not None
    assert (world.step("obligation_questions").state, duties.owed) == ("done", ())
    assert armed(world)["lawful:dora.initial"] == aware + timedelta(hours=4)
    answer(world, {each.id: False for each in duties.offered})
    assert armed(world)["lawful:dora.initial"] == datetime(2026, 1, 12, 12, tzinfo=UTC)
    assert armed(world)["act_by:dora.initial"] == aware + timedelta(hours=4), "what is safe stays"
    with pytest.raises(ReasonNeeded):
        answer(world, {"organisation.credit_institution": True})
    healthy(world)
