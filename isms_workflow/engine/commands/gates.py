"""Commands at a gate; `admit` raises unless whoever asks may see its case."""

from __future__ import annotations

from isms_workflow.domain.people import Actor
from isms_workflow.domain.rules import cases as case_rules
from isms_workflow.domain.rules import gates as rules
from isms_workflow.domain.rules.gates import Answer, Shown
from isms_workflow.domain.times import When
from isms_workflow.engine import programmes
from isms_workflow.engine.commands.common import Admit, anybody, of_gate, of_step
from isms_workflow.engine.writer import write
from isms_workflow.store.database import Transaction


def decide(tx: Transaction, gate: str, shown: Shown | None, answer: Answer, actor: Actor, when: When,
           admit: Admit = anybody) -> None:
    """One person's answer, on exactly what was shown. Raises as `rules.gates.decide` does."""
    view, found = of_gate(tx, gate, when, admit)
    write(tx, [rules.decide(view, found, shown, answer, actor, when)], when.noticed)


def restart(tx: Transaction, gate: str, seen: int | None, steps: tuple[str, ...], reason: str, actor: Actor,
            when: When, admit: Admit = anybody) -> None:
    """After a reject: the named steps reopen. Raises `NotYours`, `Wrong`, `ReasonNeeded`, `NotAllowed`."""
    view, found = of_gate(tx, gate, when, admit)
    write(tx, [rules.restart(view, found, seen, steps, reason, actor, when)], when.noticed)


def next_round(tx: Transaction, gate: str, seen: int | None, steps: tuple[str, ...], reason: str, actor: Actor,
               when: When, admit: Admit = anybody) -> None:
    """After a lapse: the next round as it stands, or named steps reopen. Raises as `restart` does."""
    view, found = of_gate(tx, gate, when, admit)
    write(tx, [rules.next_round(view, found, seen, steps, reason, actor, when)], when.noticed)


def dispose(tx: Transaction, step: str, to: str | None, reason: str, actor: Actor, when: When) -> None:
    """A waived step is carried over to somebody by name, or declined (`to` None) with a reason."""
    view, found = of_step(tx, step, when)
    in_force = programmes.in_force(tx).programme.workflows[view.case.kind]
    write(tx, [case_rules.dispose(view, found, to, reason, in_force, actor, when)], when.noticed)
