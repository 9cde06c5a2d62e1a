"""Major, not major after all, and major again: DORA's reports begin once more, and what was sent for the first stays known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from isms_workflow.domain.obligations import Standing, State
from isms_workflow.domain.refusals import Missing, Wrong
from isms_workflow.engine import watchdog
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store import audit
from isms_workflow.store.database import Store
from tests.engine.incidents import report
from tests.engine.obligations import answer, armed, date, dated, states, submit, waive, withdraw
from tests.engine.test_obligations import kinds_of
from tests.world import START, World, found

REPORTED = START + timedelta(seconds=1)
FACTS = ("credit_institution", "central_counterparty", "trading_venue_operator", "relief_withdrawn", "nis2_entity")


def major(store: Store) -> World:
    """A major incident of a financial entity, two days after its report; the initial notification was submitted."""
    name = "obligations/organisation.yaml"
    world = found(store, programme=parse({**shipped(), name: shipped()[name].replace("gdpr: yes", "gdpr: no").replace("dora: no", "dora: yes")}))
    report(world)
    answer(world, {"dora.may_be_major": True, "dora.clients_affected": False})
    date(world, "aware", REPORTED)
    date(world, "classified", REPORTED)
    world.advance(hours=2)
    submit(world, "dora.initial")
    world.advance(days=2)
    return world


@pytest.fixture
def world(sqlite_store: Store) -> World:
    """On SQLite."""
    return major(sqlite_store)


def of(world: World, name: str) -> Standing:
    """How one report stands."""
    duties = world.view().duties
    assert duties is not None
    return duties.standing(f"dora.{name}")


def last_classified(world: World) -> str:
    """The id of the last classification."""
    duties = world.view().duties
    assert duties is not None
    return max((each for each in duties.dated if each.event.kind == "classified"), key=lambda each: each.event.at).id


def not_major(world: World) -> None:
    """It turned out not to be, which the authority is told; an hour passes before and after."""
    date(world, "reclassified", world.now)
    submit(world, "dora.reclassification")
    world.advance(hours=1)


def test_the_reports_begin_once_more(store: Store) -> None:
    """Four hours from the second classification (2025/301, Art. 5(2)), armed and told; nothing of the first is lost."""
    world = major(store)
    not_major(world)
    assert armed(world) == {}
    date(world, "classified", world.now)
    again = world.now
    assert of(world, "initial").latest_lawful == again + timedelta(hours=4)
    assert armed(world)["lawful:dora.initial"] == again + timedelta(hours=4)
    assert "submitted" in " ".join(of(world, "initial").why)
    assert "before it began anew" in " ".join(of(world, "initial").why)
    assert [who for _, who in world.mails("obligation_runs")].count("maria") == 4, "initial, intermediate, reclassification, initial"
    assert (states(world)["dora.intermediate"], states(world)["dora.reclassification"]) == (State.NOT_STARTED, State.NOT_STARTED)
    world.advance(hours=3)
    submit(world, "dora.initial")
    assert (of(world, "initial").in_time, of(world, "intermediate").latest_lawful) == (True, world.now + timedelta(hours=72))
    assert kinds_of(world, "obligation.submitted") == ["obligation.submitted"] * 3
    with world.store.read() as conn:
        assert watchdog.look(conn, world.now) == []
        assert audit.verify(conn).ok


def test_the_second_is_missed_as_the_first_would_have_been(world: World) -> None:
    """Its limit is its own."""
    not_major(world)
    date(world, "classified", world.now)
    world.advance(hours=5)
    assert kinds_of(world, "obligation.breached") == ["obligation.breached"]
    assert of(world, "initial").overdue


def test_without_an_end_it_is_a_correction(world: World) -> None:
    """Two classifications with nothing between them are one, at another instant; before the first one as well."""
    for at in (world.now, REPORTED - timedelta(hours=1)):
        with pytest.raises(Wrong, match="correct that one, or say first when it ended: it turned out not to be major after all"):
            date(world, "classified", at)
    not_major(world)
    with pytest.raises(Wrong, match="correct that one"):
        date(world, "classified", REPORTED + timedelta(hours=1))
    date(world, "classified", world.now)
    world.advance(hours=1)
    with pytest.raises(Wrong, match="correct that one"):
        date(world, "classified", world.now)


def test_what_the_authority_was_not_told_of_is_withdrawn(world: World) -> None:
    """Else a reclassification that nobody notified would put the first reports off: 2025/302, Art. 5 asks for the notice."""
    date(world, "reclassified", world.now)
    world.advance(hours=1)
    with pytest.raises(Missing, match=r"recording classified once more.*dora\.reclassification is still to be submitted.*or withdraw"):
        date(world, "classified", world.now)
    before = armed(world)
    withdraw(world, dated(world, "reclassified"))
    assert "lawful:dora.intermediate" not in before
    assert armed(world)["lawful:dora.intermediate"] == REPORTED + timedelta(hours=2 + 72), "the first reports go on"


def test_a_decision_that_it_is_not_to_be_notified_does_as_well(world: World) -> None:
    """Somebody accountable has said why."""
    date(world, "reclassified", world.now)
    waive(world, "dora.reclassification")
    world.advance(hours=1)
    date(world, "classified", world.now)
    assert states(world)["dora.initial"] is State.RUNNING


def test_a_reclassification_that_was_a_mistake_brings_the_first_back(world: World) -> None:
    """With it the second classification counts no more: what runs is counted from the first, as it was."""
    not_major(world)
    date(world, "classified", world.now)
    withdraw(world, dated(world, "reclassified"))
    assert (of(world, "initial").state, of(world, "initial").submitted_at) == (State.SUBMITTED, REPORTED + timedelta(hours=2))
    assert armed(world)["lawful:dora.intermediate"] == REPORTED + timedelta(hours=2 + 72)


def test_the_second_instant_is_corrected_like_any(world: World) -> None:
    """Between what ended the first, and now."""
    not_major(world)
    date(world, "classified", world.now)
    sooner = world.now - timedelta(minutes=30)
    date(world, "classified", sooner, reason="by the log", replaces=last_classified(world))
    assert of(world, "initial").latest_lawful == sooner + timedelta(hours=4)
    with pytest.raises(Wrong, match="correct that one"):
        date(world, "classified", REPORTED + timedelta(hours=1), reason="no", replaces=last_classified(world))
