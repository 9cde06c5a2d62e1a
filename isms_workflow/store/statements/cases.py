"""Questions about cases and what they are made of.

Those that every command asks are made once a process, and take their values as parameters: `ids` (see `among.ids`),
`step`, `gate`, `now`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Table,
    TextClause,
    Update,
    and_,
    bindparam,
    false,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
)

from isms_workflow.store.statements.among import among, named
from isms_workflow.store.tables import (
    cases,
    comments,
    corrective_actions,
    decisions,
    directory_version,
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


def at_open_gates() -> Select[Any]:
    """For a mail on what somebody was granted: the cases of which something waits for a decision."""
    return select(gates.c.case_id).where(gates.c.state == "open").distinct().order_by(gates.c.case_id)


def all_cases(kind: str) -> Select[Any]:
    """For lists: the cases of a kind, newest first."""
    return select(cases).where(cases.c.kind == kind).order_by(cases.c.opened_at.desc(), cases.c.id.desc())


def cases_after(kind: str, after: str) -> Select[Any]:
    """For the API's lists: the cases of a kind behind one, oldest first, page by page."""
    return select(cases.c.id).where(cases.c.kind == kind, cases.c.id > after).order_by(cases.c.id)


@cache
def locked_of_step() -> Select[Any]:
    """For commands on a step: its case, locked."""
    return _locked_of(steps, "step")


@cache
def locked_of_gate() -> Select[Any]:
    """For commands on a gate: its case, locked."""
    return _locked_of(gates, "gate")


def _locked_of(part: Table, name: str) -> Select[Any]:
    case = select(part.c.case_id).where(part.c.id == bindparam(name)).scalar_subquery()
    return select(cases).where(cases.c.id == case).with_for_update()


@cache
def case_of_step() -> Select[Any]:
    """For a step's page: whose it is."""
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
def case_of_gate() -> Select[Any]:
    """As `case_of_step`."""
    return select(gates.c.case_id).where(gates.c.id == bindparam("gate"))


@cache
def steps_of() -> Select[Any]:
    """For views: every step of these cases, in the programme's order."""
    return select(steps).where(named(steps.c.case_id)).order_by(steps.c.case_id, steps.c.position)


def steps_after(after: str, limit: int, owner: str | None, state: str | None) -> Select[Any]:
    """For the API's list: the next so many steps behind one, of cases of every kind, in the order in which they were made."""
    wanted = [column == value for column, value in ((steps.c.owner, owner), (steps.c.state, state)) if value is not None]
    return select(steps.c.id, steps.c.case_id).where(steps.c.id > after, *wanted).order_by(steps.c.id).limit(limit)


def steps_by_id(ids: Collection[str]) -> Select[Any]:
    """For the clock: only the steps whose ladder fell due."""
    return select(steps).where(among(steps.c.id, ids))


@cache
def gates_of() -> Select[Any]:
    """For views: every round of every gate of these cases, once for each answer that isn't void, and once without any."""
    answers = [decisions.c[name].label(f"decision_{name}")
               for name in ("id", "person", "for_person", "responsibility", "answer", "digest", "decided_at")]
    counting = and_(decisions.c.gate_id == gates.c.id, decisions.c.voided_at.is_(None))
    return (select(gates, *answers).outerjoin(decisions, counting).where(named(gates.c.case_id))
            .order_by(gates.c.case_id, gates.c.name, gates.c.round, decisions.c.decided_at, decisions.c.id))


def gates_after(after: str, limit: int, state: str | None) -> Select[Any]:
    """For the API's list: the next so many rounds behind one, of cases of every kind, in the order in which they opened."""
    query = select(gates.c.id, gates.c.case_id).where(gates.c.id > after).order_by(gates.c.id).limit(limit)
    return query if state is None else query.where(gates.c.state == state)


def gates_by_id(ids: Collection[str]) -> Select[Any]:
    """For the clock: only the gates that lapse."""
    return select(gates).where(among(gates.c.id, ids))


@cache
def traces_of() -> CompoundSelect[Any]:
    """For views: what was done at these cases' steps, by one question: each row says of which `sort` it is, and `at` when.

    *evidence*: every file, those withdrawn too, because whoever added one had a part. *comment*: a remark.
    *complete*, *waive*: that `person` settled the step so, also before it was reopened. *reopen*: that it was reopened.
    *disposed*: that a waived step is carried over or declined already. *offices*: the token under which the people in
    office are kept, as `id`; always one.
    """
    files = select(literal("evidence").label("sort"), evidence.c.case_id, evidence.c.step_id, evidence.c.id, evidence.c.sha256,
                   evidence.c.commitment, evidence.c.added_by.label("person"),
                   evidence.c.withdrawn_at.is_not(None).label("withdrawn"), evidence.c.added_at.label("at"))
    remarks = select(literal("comment"), steps.c.case_id, comments.c.step_id, comments.c.id, null(), comments.c.commitment,
                     null(), false(), comments.c.written_at).join(steps, steps.c.id == comments.c.step_id)
    moved = select(transitions.c.event, transitions.c.case_id, transitions.c.subject_id, transitions.c.id, null(), null(),
                   transitions.c.actor, false(), transitions.c.happened_at)
    disposed = select(literal("disposed"), dispositions.c.case_id, dispositions.c.step_id, dispositions.c.id, null(), null(),
                      null(), false(), dispositions.c.decided_at)
    offices = select(literal("offices"), null(), null(), directory_version.c.token, null(), null(), null(), false(), null())
    return union_all(
        files.where(named(evidence.c.case_id), evidence.c.step_id.is_not(None)),
        remarks.where(named(steps.c.case_id)),
        moved.where(named(transitions.c.case_id), transitions.c.subject == "step",
                    transitions.c.event.in_(("complete", "waive", "reopen"))),
        disposed.where(named(dispositions.c.case_id)), offices).order_by("id")


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


@cache
def next_numbers() -> TextClause:
    """For references: counts so `many` more of the parameters `kind` and `year`, locked until we commit; gives the last."""
    return text("INSERT INTO counters (kind, year, last) VALUES (:kind, :year, :many) "
                "ON CONFLICT (kind, year) DO UPDATE SET last = counters.last + :many RETURNING last")


def woken(ids: Collection[str], times: int, now: datetime) -> Update:
    """For the writer: the flows of these cases have something new to read."""
    return cases.update().where(among(cases.c.id, ids)).values(wake_wanted=cases.c.wake_wanted + times, wake_at=now)
