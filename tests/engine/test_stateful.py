"""Random people do random things to a cycle, possible or not; the engine and a small model agree, and nothing breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import Connection, select

from isms_workflow.domain import gates as gate_machine
from isms_workflow.domain import machines
from isms_workflow.domain import steps as step_machine
from isms_workflow.engine import watchdog
from isms_workflow.engine.commands import cases, people, steps
from isms_workflow.errors import IsmsError
from isms_workflow.store import audit, tables
from tests.databases import Files
from tests.engine.stateful import OnCopy, play
from tests.world import World, found

PHASES = ("plan", "do", "check", "act")
NAMES = st.sampled_from(("alex", "maria", "ben", "ines", "dana", "ravi", "olga", "gil"))
PICK = st.integers(0, 5)
REASON = st.sampled_from(("because it must be", ""))


class Model:
    """All that is predicted: what a step's and a gate's state must be after what was accepted."""

    def __init__(self) -> None:
        self.steps: dict[str, str] = {}
        self.approvals: Counter[str] = Counter()

    def saw(self, world: World) -> None:
        """Takes over what the engine did by itself: phases that opened, gates that opened or lapsed."""
        view = world.view()
        self.steps = {s.id: s.state for s in view.steps}
        self.approvals = Counter({g.id: len(g.decisions) for g in view.gates})


class Cycle(OnCopy):
    """One cycle after the other, on SQLite; `template` is a migrated database."""

    def __init__(self) -> None:
        super().__init__()
        self.world, self.model = found(self.store), Model()
        self.world.once("planning", self.world.open_cycle)

    @initialize(passed=st.sampled_from((0, 0, 1, 2, 3)), at_gate=st.booleans())
    def begins(self, passed: int, at_gate: bool) -> None:
        """Somewhere in a cycle: so many phases have passed, and the next one's gate is open or not."""
        for phase in PHASES[:passed]:
            self.world.once(f"{phase} has passed", lambda phase=phase: self.world.pass_phase(phase))  # type: ignore[misc]
        if at_gate:
            self.world.once(f"{PHASES[passed]} is done", lambda: self.world.complete_phase(PHASES[passed]))

    def tried(self, deed: Callable[[], Any]) -> bool:
        """Whether it was accepted; a refusal leaves the database exactly as it was."""
        before, refused = everything(self.world), ""
        try:
            deed()
        except IsmsError as refusal:
            refused = str(refusal)
        self.world.case = self.world.open_case()
        assert not refused or everything(self.world) == before, "a refusal changes nothing"
        assert not refused or refused.endswith("."), "a refusal is a sentence"
        return not refused

    def command(self, name: str, deed: Callable[..., Any], *given: Any) -> bool:
        """One command by somebody, in a transaction of its own."""
        def done() -> None:
            with self.world.sim.write() as (tx, when):
                deed(tx, *given, self.world.actor(name), when)

        return self.tried(done)

    def step(self, pick: int) -> Any:
        """A step of the phase that the cycle is in."""
        view = self.world.view()
        phase = view.case.state if view.case.state in PHASES else "plan"
        return view.steps_of(phase)[pick]

    @rule(name=NAMES, pick=PICK)
    def work(self, name: str, pick: int) -> None:
        """Evidence, then done: by its owner or not."""
        step = self.step(pick)
        owner = self.world.name_of(step.owner) if step.owner else name
        self.tried(lambda: self.world.evidence(step.key, owner, content=f"{step.key}{pick}".encode()))
        accepted = self.command(name, steps.complete, step.id, None)
        after = next(s for s in self.world.view().steps if s.key == step.key) if accepted else None
        if after is not None and after.id == step.id:
            assert (step.state, after.state) == ("open", "done"), "only an open step is completed"

    @rule()
    def owners_work(self) -> None:
        """People do what they owe, so that runs come far."""
        while any([self.tried(lambda step=step: self.world.complete(step.key))  # noqa: C419  # every one is tried
                   for step in self.world.view().steps if step.state == "open"]):
            pass

    @rule(name=NAMES, pick=PICK, reason=REASON)
    def waive(self, name: str, pick: int, reason: str) -> None:
        """Only the ISMS manager, and with a reason."""
        accepted = self.command(name, steps.waive, self.step(pick).id, None, reason)
        assert not accepted or (name == "maria" and reason)

    @rule(name=NAMES, pick=PICK, reason=REASON)
    def reopen(self, name: str, pick: int, reason: str) -> None:
        """A settled step is owed again."""
        step = self.step(pick)
        accepted = self.command(name, steps.reopen, step.id, None, reason)
        assert not accepted or (step.state in ("done", "waived") and reason)

    @rule(name=NAMES, pick=PICK, days=st.integers(-5, 60), reason=REASON)
    def extend(self, name: str, pick: int, days: int, reason: str) -> None:
        """The second time only by the ISMS manager."""
        step, day = self.step(pick), f"{self.world.now + timedelta(days=days):%Y-%m-%d}"
        accepted = self.command(name, steps.extend, step.id, None, day, reason)
        assert not accepted or (step.extensions == 0 or name == "maria")

    @rule(name=NAMES, to=NAMES, pick=PICK)
    def reassign(self, name: str, to: str, pick: int) -> None:
        """To somebody who may own a step."""
        accepted = self.command(name, steps.reassign, self.step(pick).id, None, self.world.ids[to], "holiday")
        assert not accepted or to not in ("olga", "gil")

    @rule(name=NAMES, answer=st.sampled_from(("approve", "approve", "approve", "return", "reject")), pick=PICK)
    def decide(self, name: str, answer: str, pick: int) -> None:
        """Anybody tries to decide the newest gate."""
        view = self.world.view()
        phase = next((p for p in reversed(PHASES) if view.latest_gate(p)), None)
        if phase is None:
            return
        gate = self.world.gate(phase)
        ids = {s.id for s in view.steps_of(phase)}
        workers = {person for step, person in view.workers if step in ids}
        key = view.steps_of(phase)[pick].key
        accepted = self.tried(lambda: self.world.answer(phase, name, answer, "" if answer == "approve" else "a reason",
                                                        [] if answer != "return" else [key]))
        if accepted:
            assert gate.state == "open"
            assert self.world.ids[name] not in workers, "nobody decides on their own work"
            assert self.world.ids[name] not in {d.person for d in gate.decisions}, "one natural person once"

    @rule()
    def both_approve(self) -> None:
        """Top management and the risk owner pass what can be passed."""
        for phase in PHASES:
            gate = self.world.view().latest_gate(phase)
            if gate is not None and gate.state == "open":
                for name in ("dana", "ravi"):
                    self.tried(lambda phase=phase, name=name: self.world.answer(phase, name))

    @rule(name=NAMES, days=st.integers(1, 30))
    def pause(self, name: str, days: int) -> None:
        """By the ISMS manager, to a date."""
        until = f"{self.world.now + timedelta(days=days):%Y-%m-%d}"
        assert not self.command(name, cases.pause, self.world.case, None, until, "summer") or name == "maria"

    @rule(name=NAMES)
    def resume(self, name: str) -> None:
        """Before its time."""
        assert not self.command(name, cases.resume, self.world.case, None) or name == "maria"

    @precondition(lambda self: self.world.now.month > 6)
    @rule(name=NAMES)
    def cancel(self, name: str) -> None:
        """By top management alone; another cycle is opened."""
        accepted = self.command_cancel(name)
        assert not accepted or name == "dana"

    def command_cancel(self, name: str) -> bool:
        """Cancelling leaves no open case until the next is opened."""
        def done() -> None:
            with self.world.sim.write() as (tx, when):
                cases.cancel(tx, self.world.case, None, "a merger", self.world.actor(name), when)
            self.world.open_cycle()

        return self.tried(done)

    @precondition(lambda self: self.world.now.month > 3)
    @rule(name=NAMES, person=NAMES)
    def deactivate(self, name: str, person: str) -> None:
        """Never the last in office."""
        accepted = self.command(name, people.deactivate, self.world.ids[person])
        assert not accepted or (name == "alex" and person not in ("alex", "maria", "dana"))

    @rule(name=NAMES, person=NAMES, what=st.sampled_from(("risk_owner", "control_owner", "isms_manager")))
    def grant(self, name: str, person: str, what: str) -> None:
        """By an administrator, never to a role that only looks; deputies of Maria must not become ISMS managers here."""
        if what == "isms_manager" and person != "maria":
            return
        accepted = self.command(name, people.grant, self.world.ids[person], what)
        assert not accepted or (name == "alex" and person not in ("olga", "gil"))

    @rule(hours=st.integers(1, 24 * 40))
    def time_passes(self, hours: int) -> None:
        """The clock does what falls due meanwhile."""
        self.world.advance(hours=hours)
        self.world.case = self.world.open_case()

    @rule()
    def the_flow_runs_again(self) -> None:
        """Invariant 7: whatever was done, running it again changes nothing."""
        before = everything(self.world)
        self.world.sim.run_flow(self.world.case)
        assert everything(self.world) == before

    @invariant()
    def the_model_agrees(self) -> None:
        """A case is in a phase only if every gate before it has passed, and its phase's steps are those that are open."""
        view = self.world.view()
        if view.case.state in PHASES:
            for phase in PHASES[:PHASES.index(view.case.state)]:
                assert any(g.name == phase and g.state in ("passed", "superseded", "open", "returned", "withdrawn",
                                                           "rejected", "lapsed") for g in view.gates)
            later = PHASES[PHASES.index(view.case.state) + 1:]
            assert all(s.state == "waiting" for p in later for s in view.steps_of(p)), "phases open in order"

    @invariant()
    def nothing_that_must_never_be_is(self) -> None:
        """Invariants 1 to 4 and 6, asked of the database."""
        with self.store.read() as conn:
            for promise in (changes_are_rules, gates_are_decided_by_others, deadlines_end_once):
                promise(conn)
            assert audit.verify(conn).ok
            assert [str(f) for f in watchdog.look(conn, self.world.now)] == []


def everything(world: World) -> Mapping[str, Any]:
    """Every row of every table that a decision writes, as the driver has it: nothing is asked so often."""
    with world.store.read() as conn:
        cursor = conn.connection.cursor()
        return {table: cursor.execute(f"SELECT * FROM {table}").fetchall() for table in tables.metadata.tables}


def changes_are_rules(conn: Connection) -> None:
    """Invariant 1: each change is a rule's of its machine, with one audit record of its own."""
    rows = conn.execute(select(tables.transitions)).all()
    of = {"case": machines.ALL["pdca"], "step": step_machine.MACHINE, "gate": gate_machine.MACHINE}
    for row in rows:
        assert of[row.subject].rule_for(row.event, row.from_state, row.id).to in (row.to_state, None)
    assert len({row.audit_seq for row in rows}) == len(rows)
    known = set(conn.execute(select(tables.audit.c.seq)).scalars())
    assert {row.audit_seq for row in rows} <= known


def gates_are_decided_by_others(conn: Connection) -> None:
    """Invariant 3: a passed gate has its quorum of different people on its digest, none of whom did the work."""
    for gate in conn.execute(select(tables.gates).where(tables.gates.c.state == "passed")).all():
        given = conn.execute(select(tables.decisions).where(
            tables.decisions.c.gate_id == gate.id, tables.decisions.c.voided_at.is_(None))).all()
        approved = [each for each in given if each.answer == "approve"]
        assert len({each.person for each in approved}) == len(approved) >= gate.quorum
        assert {each.digest for each in approved} == {gate.digest}
        s, t = tables.steps.c, tables.transitions.c
        did = set(conn.execute(select(t.actor).join(tables.steps, s.id == t.subject_id).where(
            s.case_id == gate.case_id, s.phase == gate.name, t.event.in_(("complete", "waive")),
            t.happened_at <= gate.closed_at)).scalars())
        assert not did & {each.person for each in approved}


def deadlines_end_once(conn: Connection) -> None:
    """Invariant 4: fired or cancelled, and every one that fired has told of it once."""
    d = tables.deadlines.c
    fired = Counter(conn.execute(select(d.id).where(d.outcome == "fired")).scalars())
    assert set(fired.values()) <= {1}
    assert not conn.execute(select(d.id).where(d.outcome == "failed")).all()


@pytest.fixture
def machine(sqlite_files: Files) -> type[Cycle]:
    """The state machine over a migrated database."""
    return type("Cycle", (Cycle,), {"files": sqlite_files})


@pytest.mark.timeout(240)
def test_random_people_can_do_nothing_that_must_never_be(machine: type[Cycle]) -> None:
    """Valid and invalid commands, time, re-runs of the flow: the invariants hold after every one."""
    play(machine, 30)
