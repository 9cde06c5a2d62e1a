"""Machines: the one table a life cycle is read from, checked whole when loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from isms_workflow.domain.refusals import NotAllowed
from isms_workflow.errors import IsmsError

CLOCK = "clock"
ENGINE = "engine"
FLOW = "flow"
OPERATOR = "operator"
OWNER = "owner"
APPROVERS = "approvers"
PHASE_OWNER = "phase owner"

AGENTS = frozenset({CLOCK, ENGINE, FLOW, OPERATOR})
"""Who acts without being a person."""

PARTS = frozenset({OWNER, APPROVERS, PHASE_OWNER})
"""Parts that a person plays in one step, gate or phase; everything else in `by` is a responsibility."""


class MachineRefused(IsmsError):
    """A machine's table doesn't hold together; it is never loaded."""

    status = 500

    def __init__(self, kind: str, problems: tuple[str, ...]) -> None:
        super().__init__(kind, problems)
        self.kind, self.problems = kind, problems

    def __str__(self) -> str:
        return f"Machine {self.kind} is refused: {'; '.join(self.problems)}."


@dataclass(frozen=True)
class Rule:
    """What may follow what: `event` leads from any state of `frm` to `to`; None keeps the state.

    `by` names who may fire it; `gates` are the phases whose gates must have passed.
    """

    event: str
    frm: frozenset[str]
    to: str | None
    by: frozenset[str]
    gates: frozenset[str] = frozenset()


def rule(event: str, frm: set[str], to: str | None, *by: str, gates: Iterable[str] = ()) -> Rule:
    """A line of a machine's table."""
    return Rule(event, frozenset(frm), to, frozenset(by), frozenset(gates))


@dataclass(frozen=True)
class Machine:
    """A kind's life cycle: the single truth for engine, database, buttons, API, diagrams and tests."""

    kind: str
    version: int
    initial: str
    final: frozenset[str]
    rules: tuple[Rule, ...]

    @cached_property
    def states(self) -> frozenset[str]:
        """Every state that a rule names, and the first."""
        named = {state for each in self.rules for state in each.frm | ({each.to} if each.to else set())}
        return frozenset(named | {self.initial} | self.final)

    @cached_property
    def _table(self) -> dict[tuple[str, str], Rule]:
        return {(each.event, state): each for each in self.rules for state in each.frm}

    def rule_for(self, event: str, state: str, what: str) -> Rule:
        """The rule by which `event` leads on from `state`. Raises `NotAllowed`, naming `what`, and what people can do, if there
        is none.
        """
        found = self._table.get((event, state))
        if found is None:
            raise NotAllowed(what, event, state, tuple(r.event for r in self.rules if state in r.frm and r.by - AGENTS))
        return found

    def possible(self, state: str) -> tuple[str, ...]:
        """The events that a rule allows from `state`, in the table's order."""
        return tuple(each.event for each in self.rules if state in each.frm)

    def closure(self, start: Iterable[str]) -> set[str]:
        """The states that some chain of rules leads to from `start`, `start` included."""
        found = set(start)
        while new := {r.to for r in self.rules if r.to and r.frm & found} - found:
            found |= new
        return found


def problems(machine: Machine, responsibilities: Iterable[str], gates: Iterable[str]) -> list[str]:
    """Why a machine can't be loaded: one start, nothing unreachable, an end from everywhere, known names only."""
    known = set(responsibilities) | AGENTS | PARTS
    unreachable = machine.states - machine.closure({machine.initial})
    endless = {s for s in machine.states if not machine.closure({s}) & machine.final}
    twice = [k for k in {(r.event, s) for r in machine.rules for s in r.frm}
             if sum(r.event == k[0] and k[1] in r.frm for r in machine.rules) > 1]
    return [
        *(f"state {state!r} can't be reached from {machine.initial!r}" for state in sorted(unreachable)),
        *(f"state {state!r} has no way to an end" for state in sorted(endless)),
        *(f"event {event!r} has two rules from {state!r}" for event, state in sorted(twice)),
        *(f"rule {r.event!r} names the unknown responsibility {who!r}"
          for r in machine.rules for who in sorted(r.by - known)),
        *(f"rule {r.event!r} names the unknown gate {name!r}"
          for r in machine.rules for name in sorted(r.gates - set(gates))),
    ]


def checked(machine: Machine, responsibilities: Iterable[str], gates: Iterable[str] = ()) -> Machine:
    """The machine itself. Raises `MachineRefused` with every problem if it doesn't hold together."""
    found = problems(machine, responsibilities, gates)
    if found:
        raise MachineRefused(machine.kind, tuple(found))
    return machine
