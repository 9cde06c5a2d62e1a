"""Finding the case that a command is about, and locking it first."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, select

from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, Gate, Step
from isms_workflow.engine import reading
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.tables import organisation

Admit = Callable[[CaseView], None]
"""Raises unless whoever asks may see the case, before anything else is said of it."""


def anybody(_: CaseView) -> None:
    """For whoever has seen to it already, or acts beside the database."""


def in_turn(tx: Transaction) -> None:
    """Whatever concerns the organisation as a whole comes one after the other: changes of people, opening a cycle.

    So two changes can't each leave the other as the last in office, nor two cycles open at one instant.
    """
    tx.execute(select(organisation.c.id).with_for_update()).all()


def of_case(tx: Transaction, case: str, when: When) -> CaseView:
    """The case by its id or reference, locked. Raises `Unknown`."""
    return reading.view(tx, case_id(tx, case), when.noticed, lock=True)


def case_id(tx: Connection, case: str) -> str:
    """The id of a case named by id or reference. Raises `Unknown`."""
    found: str | None = tx.execute(questions.by_reference(case)).scalar()
    return found or case


def of_step(tx: Transaction, step: str, when: When) -> tuple[CaseView, Step]:
    """A step with its case, locked. Raises `Unknown`."""
    view = reading.one(tx, tx.execute(questions.locked_of_step(), {"step": step}).first(), "step", step, when.noticed)
    return view, view.step(step)


def of_gate(tx: Transaction, gate: str, when: When, admit: Admit) -> tuple[CaseView, Gate]:
    """A gate's round with its case, locked. Raises `Unknown`, and as `admit` does."""
    view = reading.one(tx, tx.execute(questions.locked_of_gate(), {"gate": gate}).first(), "gate", gate, when.noticed)
    admit(view)
    return view, view.gate(gate)
