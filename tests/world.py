"""One cast of people and a world in which they work: the same engine, clock and flows, on a time that tests move.

Maria Okafor is ISMS manager and does most of the work with Ben Ito; Dana Weber and Ravi Singh
decide and own no steps; Ines Costa audits; Alex Kim administers and decides nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.people import Actor
from isms_workflow.domain.rules.gates import Answer, Shown
from isms_workflow.domain.systems import Draft
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, Gate, Step
from isms_workflow.engine import programmes, reading
from isms_workflow.engine.commands import cases, gates, people, steps, systems
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Programme
from isms_workflow.simulator.simulation import Simulation
from isms_workflow.store.database import Store
from isms_workflow.store.files import Stored
from isms_workflow.store.tables import cases as case_table
from isms_workflow.store.tables import deadlines, organisation, outbox
from tests import photographs

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
OPERATOR = Actor("operator", "cli")

CAST: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "alex": ("Alex Kim", "admin", ()),
    "maria": ("Maria Okafor", "user", ("isms_manager",)),
    "ben": ("Ben Ito", "user", ("control_owner", "process_owner", "people_manager", "compliance_officer",
                                  "incident_responder")),
    "ines": ("Ines Costa", "user", ("internal_auditor",)),
    "dana": ("Dana Weber", "user", ("top_management",)),
    "ravi": ("Ravi Singh", "user", ("risk_owner", "incident_responder")),
    "olga": ("Olga Petrova", "auditor", ()),
    "gil": ("Gil Moreau", "guest", ()),
}

SYSTEMS: Mapping[str, Draft] = {  # the owners by first name
    "erp": Draft("ERP", "ben", "high", "high", "high", frozenset({"internal", "personal", "payment"}),
                 "Orders, invoices and payroll; hosted by its maker."),
    "website": Draft("Public website", "ines", "low", "medium", "medium", frozenset({"none"}), "What the public reads."),
    "mail": Draft("Mail", "maria", "medium", "medium", "high", frozenset({"internal", "personal"})),
    "files": Draft("File store", "ben", "high", "medium", "medium", frozenset({"internal", "special_category", "secret"}),
                   "Drawings, contracts, sick notes."),
}


@dataclass
class World:
    """A simulated organisation; people are known by their first names."""

    store: Store
    sim: Simulation
    ids: dict[str, str] = field(default_factory=dict)
    case: str = ""
    systems: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """The time in this world."""
        return self.sim.now

    def actor(self, name: str) -> Actor:
        """Somebody of the cast, acting in the portal."""
        return Actor(self.ids[name], "portal")

    def when(self) -> When:
        """What happens now."""
        return When.at(self.now)

    def view(self) -> CaseView:
        """The case as it is."""
        with self.store.read() as conn:
            return reading.view(conn, self.case, self.now)

    def step(self, key: str) -> Step:
        """A step by its name in the programme."""
        return next(s for s in self.view().steps if s.key == key)

    def gate(self, phase: str) -> Gate:
        """The newest round of a phase's gate."""
        gate = self.view().latest_gate(phase)
        assert gate is not None, f"gate {phase} has not opened"
        return gate

    def system(self, name: str) -> str:
        """The id of a system of the register, which Maria fills when it is first asked for."""
        if not self.systems:
            with self.sim.write() as (tx, when):
                for key, draft in SYSTEMS.items():
                    self.systems[key] = systems.add(tx, replace(draft, owner=self.ids[draft.owner]), self.actor("maria"), when)
        return self.systems[name]

    def once(self, name: str, deed: Callable[[], object]) -> None:
        """Something that many tests begin with: done the first time, copied from then on (see `photographs`)."""
        def done() -> tuple[object, ...]:
            deed()
            return dict(self.ids), dict(self.systems), dict(self.sim.said), self.case, self.sim.now

        ids, systems, said, self.case, self.sim.now = photographs.once(self.store, name, done)
        self.ids, self.systems, self.sim.said = dict(ids), dict(systems), dict(said)

    def open_cycle(self, by: str = "maria") -> str:
        """Opens a cycle, which becomes the case of this world."""
        with self.sim.write() as (tx, when):
            self.case = cases.open_cycle(tx, self.actor(by), when)
        return self.case

    def evidence(self, key: str, by: str, content: bytes = b"scope", replaces: str | None = None) -> str:
        """Lays a file before a step's gate; the bytes themselves don't matter here."""
        stored = Stored(hashlib.sha256(content).hexdigest(), len(content))
        with self.sim.write() as (tx, when):
            return steps.add_evidence(tx, self.step(key).id, stored, f"{key}.pdf", "application/pdf", "internal",
                                      replaces, self.actor(by), when)

    def complete(self, key: str, by: str | None = None) -> None:
        """Evidence, then done, by the owner unless somebody else is named."""
        step = self.step(key)
        who = by or self.name_of(step.owner)
        self.evidence(key, who, content=key.encode())
        with self.sim.write() as (tx, when):
            steps.complete(tx, step.id, None, self.actor(who), when)

    def complete_phase(self, phase: str, but: str = "") -> None:
        """Every open step of a phase, and those that open by it; one may be left out."""
        while open_ones := [s for s in self.view().steps_of(phase) if s.state == "open" and s.key != but]:
            for step in open_ones:
                self.complete(step.key)

    def answer(self, phase: str, by: str, answer: str = "approve", reason: str = "", named: Iterable[str] = (),
               shown: Shown | None = None) -> None:
        """One person's answer at the newest round of a gate."""
        gate = self.gate(phase)
        ids = tuple(self.step(key).id for key in named)
        with self.sim.write() as (tx, when):
            gates.decide(tx, gate.id, shown or Shown(gate.round, gate.digest), Answer(answer, reason, ids),
                         self.actor(by), when)

    def pass_phase(self, phase: str) -> None:
        """A phase from its first step to its passed gate."""
        self.complete_phase(phase)
        self.answer(phase, "dana")
        self.answer(phase, "ravi")

    def advance(self, **span: float) -> None:
        """Time passes."""
        self.sim.pass_time(**span)

    def name_of(self, person: str | None) -> str:
        """A first name by an id."""
        return next(name for name, found in self.ids.items() if found == person)

    def mails(self, notice: str | None = None) -> list[tuple[str, str]]:
        """(notice, first name) of what was queued, oldest first."""
        with self.store.read() as conn:
            rows = conn.execute(select(outbox.c.payload).where(outbox.c.channel == "mail")
                                .order_by(outbox.c.queued_at, outbox.c.id)).scalars().all()
        found = [(row["notice"], self.name_of(row["to"])) for row in rows if row["to"] in self.ids.values()]
        return [each for each in found if notice in (None, each[0])]

    def armed(self, subject: str) -> list[tuple[str, datetime]]:
        """(event, due) of what is armed for a case, step or gate."""
        with self.store.read() as conn:
            return [(r.event, r.due_at) for r in conn.execute(
                select(deadlines).where(deadlines.c.subject_id == subject, deadlines.c.settled_at.is_(None)))]

    def open_case(self) -> str:
        """The cycle that is open now."""
        with self.store.read() as conn:
            return str(conn.execute(select(case_table.c.id).where(
                case_table.c.closed_at.is_(None), case_table.c.kind == "pdca")).scalar_one())


def quiet() -> dict[str, str]:
    """The shipped programme for an organisation to which no act speaks: its incidents ask nothing about reports."""
    name = "obligations/organisation.yaml"
    return {**shipped(), name: shipped()[name].replace("gdpr: yes", "gdpr: no")}


def found(store: Store, cast: Mapping[str, tuple[str, str, tuple[str, ...]]] = CAST,
          programme: Programme | None = None, start: datetime = START) -> World:
    """A world on an empty store: organisation, programme (a quiet one unless told) and people are there, no cycle yet."""
    world = World(store, Simulation(store, start))

    def begin() -> None:
        world.ids |= _begin(store, cast, programme, start)
        world.sim.now = start + timedelta(seconds=1)

    if (cast, start) == (CAST, START):
        world.once(f"founded under {programme.digest}" if programme else "founded", begin)
    else:
        begin()
    return world


def _begin(store: Store, cast: Mapping[str, tuple[str, str, tuple[str, ...]]], programme: Programme | None,
           start: datetime) -> dict[str, str]:
    """The organisation's first hour; the people's ids by their first names."""
    ids: dict[str, str] = {}
    with store.write() as tx:
        when = When.at(start)
        tx.execute(insert(organisation).values(id=1, name="Example Ltd", zone="UTC", founded_at=start))
        programmes.apply(tx, programme or parse(quiet()), OPERATOR, when)
        for name, (full, role, _) in cast.items():
            ids[name] = people.add(tx, full, f"{name}@example.org", role, "UTC", None, OPERATOR, when)
    for name, (_, _, held) in cast.items():
        for responsibility in held:
            with store.write() as tx:
                people.grant(tx, ids[name], responsibility, OPERATOR, When.at(start))
    return ids


def unknown() -> str:
    """An id that nobody has."""
    return new_id()
