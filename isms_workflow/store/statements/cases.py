"""Questions about cases and what they are made of.

Those that every command asks are made once a process, and take their values as parameters: `ids` (see `among.ids`),
`step`, `gate`, `now`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, Update, and_, bindparam, func, or_, select, union_all

from isms_workflow.store.statements.among import among, named
from isms_workflow.store.tables import (
    cases,
    comments,
    corrective_actions,
    counters,
    decisions,
    dispositions,
    evidence,
    gates,
    incidents,
    programmes,
    steps,
    transitions,
)


@cache
def locked() -> Select[Any]:
    """For every writer: the cases themselves, locked first and in ascending order, as all locks are taken."""
    return select(cases).where(named(cases.c.id)).order_by(cases.c.id).with_for_update()


@cache
def found() -> Select[Any]:
    """For readers: the same rows without a lock."""
    return select(cases).where(named(cases.c.id))


def by_reference(reference: str) -> Select[Any]:
    """For links and search: a case by its human reference."""
    return select(cases.c.id).where(cases.c.reference == reference)


def open_cases(kind: str | None = None) -> Select[Any]:
    """For changes of people: the cases that haven't ended, in lock order."""
    query = select(cases.c.id).where(cases.c.closed_at.is_(None)).order_by(cases.c.id)
    return query if kind is None else query.where(cases.c.kind == kind)


def all_cases(kind: str) -> Select[Any]:
    """For lists: the cases of a kind, newest first."""
    return select(cases).where(cases.c.kind == kind).order_by(cases.c.opened_at.desc(), cases.c.id.desc())


def cases_after(kind: str, after: str) -> Select[Any]:
    """For the API's lists: the cases of a kind behind one, oldest first, page by page."""
    return select(cases.c.id).where(cases.c.kind == kind, cases.c.id > after).order_by(cases.c.id)


@cache
def case_of_step() -> Select[Any]:
    """For commands on a step: which case to lock."""
    return select(steps.c.case_id).where(steps.c.id == bindparam("step"))


def case_of(subject: str) -> CompoundSelect[Any]:
    """For histories: the case of a step, a gate, or of itself; none for what is of no case."""
    return union_all(select(steps.c.case_id).where(steps.c.id == subject), select(gates.c.case_id).where(gates.c.id == subject),
                     select(cases.c.id).where(cases.c.id == subject))


def says(text: str) -> ColumnElement[bool]:
    """For the list of cases: whether reference and title, of what has one of its own, hold every word."""
    titles = [select(table.c.title).where(table.c.case_id == cases.c.id).scalar_subquery()
              for table in (incidents, corrective_actions)]
    columns = [func.lower(cases.c.reference), func.lower(func.coalesce(*titles, ""))]
    return and_(*(or_(*(column.contains(word.lower(), autoescape=True) for column in columns)) for word in text.split()))


@cache
def label_of_step() -> Select[Any]:
    """For the portal's forms: whether anybody may see it, before the case is read."""
    return select(cases.c.label).join(steps, steps.c.case_id == cases.c.id).where(steps.c.id == bindparam("step"))


def label_of_evidence(item: str, step: str) -> Select[Any]:
    """For the portal's forms: whether anybody who sees the step may see this file of it; its case's label comes first."""
    return select(evidence.c.label).where(evidence.c.id == item, evidence.c.step_id == step)


@cache
def label_of_gate() -> Select[Any]:
    """As `label_of_step`."""
    return select(cases.c.label).join(gates, gates.c.case_id == cases.c.id).where(gates.c.id == bindparam("gate"))


@cache
def case_of_gate() -> Select[Any]:
    """For commands on a gate: which case to lock."""
    return select(gates.c.case_id).where(gates.c.id == bindparam("gate"))


@cache
def steps_of() -> Select[Any]:
    """For views: every step of these cases, in the programme's order."""
    return select(steps).where(named(steps.c.case_id)).order_by(steps.c.case_id, steps.c.position)


def steps_by_id(ids: Collection[str]) -> Select[Any]:
    """For the clock: only the steps whose ladder fell due."""
    return select(steps).where(among(steps.c.id, ids))


@cache
def gates_of() -> Select[Any]:
    """For views: every round of every gate of these cases."""
    return select(gates).where(named(gates.c.case_id)).order_by(gates.c.case_id, gates.c.name, gates.c.round)


def gates_by_id(ids: Collection[str]) -> Select[Any]:
    """For the clock: only the gates that lapse."""
    return select(gates).where(among(gates.c.id, ids))


@cache
def counting_decisions() -> Select[Any]:
    """For views: the answers at these cases' gates that are not void."""
    return (select(decisions)
            .join(gates, gates.c.id == decisions.c.gate_id)
            .where(named(gates.c.case_id), decisions.c.voided_at.is_(None))
            .order_by(decisions.c.decided_at, decisions.c.id))


@cache
def evidence_of() -> Select[Any]:
    """For views: every file of these cases, those withdrawn too, because whoever added one had a part."""
    return select(evidence).where(named(evidence.c.case_id)).order_by(evidence.c.id)


@cache
def comments_of() -> Select[Any]:
    """For views: the remarks on these cases' steps."""
    return (select(comments).join(steps, steps.c.id == comments.c.step_id)
            .where(named(steps.c.case_id)).order_by(comments.c.id))


@cache
def settlers() -> Select[Any]:
    """For separation of duties: whoever ever completed or waived a step, also before it was reopened."""
    return (select(transitions.c.case_id, transitions.c.subject_id, transitions.c.actor)
            .where(named(transitions.c.case_id), transitions.c.subject == "step",
                   transitions.c.event.in_(("complete", "waive"))))


@cache
def disposed() -> Select[Any]:
    """For the last gate: the waived steps that are carried over or declined already."""
    return select(dispositions.c.case_id, dispositions.c.step_id).where(named(dispositions.c.case_id))


def carried_from(case: str) -> Select[Any]:
    """For the next cycle: what the last one hands over, and to whom."""
    return (select(dispositions.c.step_id, dispositions.c.to_person)
            .where(dispositions.c.case_id == case, dispositions.c.answer == "carried")
            .order_by(dispositions.c.decided_at))


def programme(digest: str) -> Select[Any]:
    """For views: the full text of a version."""
    return select(programmes.c.files).where(programmes.c.digest == digest)


def programme_in_force() -> Select[Any]:
    """For new cases: the version now in force."""
    return select(programmes.c.digest).where(programmes.c.replaced_at.is_(None))


def last_number(kind: str, year: int) -> Select[Any]:
    """For references: the last number given, locked until the new one is written."""
    return select(counters.c.last).where(counters.c.kind == kind, counters.c.year == year).with_for_update()


def count_by_state() -> Select[Any]:
    """For the health page: how many cases are where."""
    return select(cases.c.kind, cases.c.state, func.count()).group_by(cases.c.kind, cases.c.state)


CHANGE_OF = {"case": cases, "step": steps, "gate": gates}
"""The tables whose rows change by compare-and-set."""


def compare_and_set(subject: str) -> Update:
    """For the one writer: rows move only if they are still the ones that were read; it adds what they become.

    Its parameters are `ids` and the version that was `seen`.
    """
    table = CHANGE_OF[subject]
    return (table.update().where(named(table.c.id), table.c.version == bindparam("seen"))
            .values(version=table.c.version + 1))


def woken(ids: Collection[str], times: int, now: datetime) -> Update:
    """For the writer: the flows of these cases have something new to read."""
    return cases.update().where(among(cases.c.id, ids)).values(wake_wanted=cases.c.wake_wanted + times, wake_at=now)
