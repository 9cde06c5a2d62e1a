"""Two people at the same instant: each has one right answer, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from isms_workflow.domain.refusals import LastInOffice, NotAllowed
from isms_workflow.domain.rules.gates import Answer, Shown
from isms_workflow.domain.rules.incidents import Report
from isms_workflow.engine.commands import cases, gates, incidents, people, steps
from isms_workflow.errors import IsmsError
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction
from isms_workflow.store.tables import cases as table
from isms_workflow.store.tables import occurrences
from tests.engine.test_steps import done
from tests.world import World

Deed = Callable[[Transaction], object]


def at_once(world: World, *deeds: Deed) -> list[IsmsError | None]:
    """Each deed in a thread and a transaction of its own, all begun together; how each was refused, if it was."""
    together = Barrier(len(deeds))

    def tried(deed: Deed) -> IsmsError | None:
        together.wait()
        try:
            with world.store.write() as tx:
                deed(tx)
        except IsmsError as refusal:
            return refusal
        return None

    with ThreadPoolExecutor(len(deeds)) as threads:
        refusals = list(threads.map(tried, deeds))
    world.sim.run_flows()
    with world.store.read() as conn:
        assert audit.verify(conn).ok
    return refusals


@pytest.fixture
def at_gate(both: World) -> World:
    """PLAN's gate is open, on either database."""
    both.open_cycle()
    both.complete_phase("plan")
    return both


def answers(world: World, name: str, answer: str) -> Deed:
    """Somebody's answer at PLAN's gate, on what it shows now."""
    gate = world.gate("plan")
    given = Answer(answer, "a reason", (world.step("scope").id,) if answer == "return" else ())
    return lambda tx: gates.decide(tx, gate.id, Shown(gate.round, gate.digest), given, world.actor(name), world.when())


def test_two_approvals_at_one_instant_both_count(at_gate: World) -> None:
    """They pass the gate, once."""
    assert at_once(at_gate, answers(at_gate, "dana", "approve"), answers(at_gate, "ravi", "approve")) == [None, None]
    assert (at_gate.gate("plan").state, len(at_gate.gate("plan").decisions)) == ("passed", 2)
    assert at_gate.view().case.state == "do"


def test_one_person_in_two_windows_counts_once(at_gate: World) -> None:
    """The second is told that they have decided."""
    refusals = at_once(at_gate, answers(at_gate, "dana", "approve"), answers(at_gate, "dana", "approve"))
    assert sorted(type(each).__name__ for each in refusals) == ["AlreadyDecided", "NoneType"]
    assert len(at_gate.gate("plan").decisions) == 1


def test_an_approval_beside_a_return_leaves_the_gate_returned(at_gate: World) -> None:
    """Whoever comes first: the return closes the gate, and an approval behind it finds it closed."""
    approved, returned = at_once(at_gate, answers(at_gate, "dana", "approve"), answers(at_gate, "ravi", "return"))
    assert returned is None
    assert approved is None or isinstance(approved, NotAllowed)
    assert at_gate.gate("plan").state == "returned"


def test_a_step_is_completed_once(both: World) -> None:
    """By its owner or by the deputy, whoever is quicker."""
    done(both, people.grant, "alex", both.ids["ines"], "isms_manager")
    both.open_cycle()
    both.evidence("scope", "maria")
    step = both.step("scope").id
    refusals = at_once(both, *(
        lambda tx, name=name: steps.complete(tx, step, None, both.actor(name), both.when())  # type: ignore[misc]
        for name in ("maria", "ines")))
    assert sorted(type(each).__name__ for each in refusals) == ["NoneType", "NotAllowed"]


def test_one_cycle_opens(both: World) -> None:
    """The second is told that one is open, not that the database refused."""
    refusals = at_once(both, *(lambda tx: cases.open_cycle(tx, both.actor("maria"), both.when()) for _ in range(2)))
    assert sorted(type(each).__name__ for each in refusals) == ["NoneType", "NotAllowed"]
    with both.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(table)).scalar() == 1


def test_two_can_t_each_leave_the_other_as_the_last_in_office(both: World) -> None:
    """One of them stays."""
    done(both, people.grant, "alex", both.ids["ines"], "isms_manager")
    refusals = at_once(both, *(
        lambda tx, name=name: people.revoke(tx, both.ids[name], "isms_manager", both.actor("alex"), both.when())  # type: ignore[misc]
        for name in ("maria", "ines")))
    assert sorted(type(each) for each in refusals if each) == [LastInOffice]


def test_two_reports_under_one_key_are_one_incident(both: World) -> None:
    """The second is an occurrence of the first, whichever that is."""
    found = Report("Someone reads our mails", "", "malware", external_key="ids-77")

    def deed(tx: Transaction) -> object:
        view, is_new = incidents.report(tx, found, (), both.actor("gil"), both.when())
        return view.case.id, is_new

    assert at_once(both, deed, deed, deed) == [None, None, None]
    with both.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(table)).scalar() == 1
        assert conn.execute(select(func.count()).select_from(occurrences)).scalar() == 2
