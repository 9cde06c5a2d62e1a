"""The one writer: carries out plans, all of them or none. Nothing else changes a state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.messages import PREFECT, Message
from isms_workflow.domain.notification import Wishes
from isms_workflow.domain.plan import Amend, Arm, Beside, Change, Plan, total
from isms_workflow.domain.records import AuditRecord
from isms_workflow.domain.refusals import Moved
from isms_workflow.domain.times import iso
from isms_workflow.engine import outbox
from isms_workflow.engine.seams import Seam, reach
from isms_workflow.store import audit, tables
from isms_workflow.store.bulk import Moves, Rows, write_all
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import among
from isms_workflow.store.statements import cases as case_questions
from isms_workflow.store.statements import deadlines as deadline_questions

ROWS = {name: tables.metadata.tables[name]
        for name in ("cases", "steps", "gates", "decisions", "dispositions", "evidence", "comments", "systems", "incidents",
                     "incident_systems", "occurrences", "stops", "overrides", "rotation_orders", "corrective_actions", "corrective_owners",
                     "lessons", "obligation_answers", "obligation_events", "veris")}

CHANGE_OF = {"case": tables.cases, "step": tables.steps, "gate": tables.gates}
"""The tables whose rows change by compare-and-set."""

FEW = 200
"""New rows that are written along with the history: an exchange less. More of them would hold everybody's lock for long."""


def write(tx: Transaction, plans: Sequence[Plan], now: datetime, fired: Sequence[str] = (),
          wishes: Mapping[str, Wishes] | None = None) -> list[int]:
    """Writes decided plans in one go: rows, states, deadlines, messages, and one chain of audit records.

    `fired` are the deadlines that these plans carry out; `wishes` are those of `offices.standing`, where the caller has
    them. Returns the sequence numbers of the records.
    Raises `Moved` if any row is not the one that was read; then nothing is written.
    """
    plan = total(plans)
    fresh, moving = _become(plan)
    _void(tx, plan, now)
    _end(tx, plan.end)
    _settle(tx, fired, plan.cancel, now)
    wakes = Counter(plan.wake)
    rows: tuple[Rows | Moves, ...] = (
        *_inserted(fresh, wakes, now), _armed(plan.arm, now), _reached(plan.reach, now),
        outbox.rows(tx, (*plan.send, *_events(plan.change), *_wakes(wakes)), now, wishes), *_moves(moving))
    told = _told(plan)
    last = rows if told and not plan.beside and sum(len(each.rows) for each in rows) <= FEW else ()
    if not last:
        write_all(tx, rows)
    _amend(tx, plan.amend)
    _set_beside(tx, plan.beside)
    made = {each["id"] for table, each in fresh if table == "cases"}
    _wake(tx, {case: times for case, times in wakes.items() if case not in made}, now)
    seqs = audit.append(tx, [line for line, _ in told],  # last: the head is everybody's lock
                        lambda found: (*last, _remembered(told, found)))
    reach(Seam.WRITTEN)
    return seqs


New = tuple[str, Mapping[str, Any]]
"""A new row, with its table's name; or what a row becomes (`store.bulk.Moves`), with its subject's."""


def _become(plan: Plan) -> tuple[list[New], list[New]]:
    """The new rows as they are after this plan's own changes of them, and what rows that are there already become.

    Raises `Moved` if one of several changes of a row doesn't follow the one before.
    """
    fresh: dict[tuple[str, Any], Mapping[str, Any]] = {
        (each.table, each.row.get("id", number)): each.row for number, each in enumerate(plan.insert)}
    moving: dict[tuple[str, str], Mapping[str, Any]] = {}
    for each in plan.change:
        new, key = (CHANGE_OF[each.subject].name, each.id), (each.subject, each.id)
        before = fresh.get(new) or moving.get(key) or {"id": each.id, "seen": each.seen, "version": each.seen}
        if before["version"] != each.seen:
            raise Moved(f"{each.subject} {each.id}", each.seen, before["version"])
        after = {**before, **each.sets, "state": each.to, "version": each.seen + 1}
        if new in fresh:
            fresh[new] = after
        else:
            moving[key] = after
    return [(table, row) for (table, _), row in fresh.items()], [(subject, row) for (subject, _), row in moving.items()]


def _inserted(inserts: Iterable[New], wakes: Mapping[str, int], now: datetime) -> Iterator[Rows]:
    """In the order in which rows refer to each other; those of a table that name the same columns together."""
    grouped: dict[str, dict[tuple[str, ...], list[Mapping[str, Any]]]] = {}
    for name, new in inserts:
        times = wakes.get(new["id"]) if name == "cases" else None
        row = {**new, "wake_wanted": times, "wake_at": now} if times else new
        grouped.setdefault(name, {}).setdefault(tuple(row), []).append(row)
    for name, table in ROWS.items():
        for rows in grouped.get(name, {}).values():
            yield Rows(table, rows)


def _moves(changes: Iterable[New]) -> Iterator[Moves]:
    alike: dict[tuple[str, tuple[str, ...]], list[Mapping[str, Any]]] = {}
    for subject, row in changes:
        alike.setdefault((subject, tuple(row)), []).append(row)
    for (subject, _), rows in alike.items():
        yield Moves(CHANGE_OF[subject], rows)


def _amend(tx: Transaction, amends: Iterable[Amend]) -> None:
    for each in amends:
        table = ROWS[each.table]
        done = tx.execute(update(table).where(table.c.id == each.id, table.c.version == each.seen)
                          .values(version=each.seen + 1, **each.sets))
        if done.rowcount != 1:
            raise Moved(f"the entry {each.id} of {each.table}", each.seen, None)


def _set_beside(tx: Transaction, sets: Iterable[Beside]) -> None:
    """Rows that get the same values, as in a batch that fell due together, take one statement."""
    alike: dict[tuple[str, str], list[Beside]] = {}
    for each in sets:
        alike.setdefault((each.table, repr(sorted(each.sets.items()))), []).append(each)
    for group in alike.values():
        table = ROWS[group[0].table]
        key, = table.primary_key.columns
        tx.execute(update(table).where(among.among(key, [each.id for each in group])).values(**group[0].sets))


def _settle(tx: Transaction, fired: Sequence[str], cancel: Iterable[tuple[str, str]], now: datetime) -> None:
    if fired:
        tx.execute(deadline_questions.fired(fired, now))
    ended: dict[str, list[str]] = {}
    for subject, event in cancel:
        ended.setdefault(event, []).append(subject)
    for event, subjects in ended.items():
        tx.execute(deadline_questions.cancelled(subjects, event, now))


def _armed(arm: Iterable[Arm], now: datetime) -> Rows:
    return Rows(tables.deadlines, [
        {"id": new_id(), "case_id": a.case, "subject": a.subject, "subject_id": a.subject_id, "event": a.event,
         "ladder": a.ladder, "level": a.level, "repeat": a.repeat, "due_at": a.due_at,
         "rule": None if a.rule is None else dict(a.rule), "armed_at": now} for a in arm])


def _void(tx: Transaction, plan: Plan, now: datetime) -> None:
    if plan.void:
        tx.execute(update(tables.decisions).where(tables.decisions.c.id.in_(plan.void)).values(voided_at=now))
    if plan.withdraw:
        tx.execute(update(tables.evidence).where(tables.evidence.c.id.in_(plan.withdraw)).values(withdrawn_at=now))


def _end(tx: Transaction, ended: Iterable[tuple[str, datetime]]) -> None:
    """Before anything new: of each sort one stop goes on at a time."""
    for stop, at in ended:
        tx.execute(update(tables.stops).where(tables.stops.c.id == stop).values(ended_at=at))


def _reached(reached: Iterable[tuple[str, str]], now: datetime) -> Rows:
    return Rows(tables.reached, [{"case_id": case, "person": person, "since": now}
                                 for case, person in dict.fromkeys(reached)], unless="case_id, person")


def _wake(tx: Transaction, wakes: Mapping[str, int], now: datetime) -> None:
    often: dict[int, list[str]] = {}
    for case, times in wakes.items():
        often.setdefault(times, []).append(case)
    for times, ids in often.items():
        tx.execute(case_questions.woken(ids, times, now))


def _wakes(wake: Iterable[str]) -> list[Message]:
    return [Message(f"wake:{case}:{new_id()}", PREFECT, {"do": "wake", "case": case}, case)
            for case in sorted(wake)]


def _events(changes: Iterable[Change]) -> list[Message]:
    """Transitions are emitted as Prefect events, those of one transaction by one message.

    They name ids and states, never persons or reasons.
    """
    found = [{"case": c.line.case, "subject": c.subject, "subject_id": c.id, "event": c.event, "from": c.frm,
              "to": c.to, "happened": iso(c.line.happened)} for c in changes if c.frm != c.to]
    cases = {each["case"] for each in found}
    if not found:
        return []
    return [Message(f"events:{new_id()}", PREFECT, {"do": "events", "events": found},
                    cases.pop() if len(cases) == 1 else None)]


def _told(plan: Plan) -> list[tuple[AuditRecord, Change | None]]:
    """Its lines of history in the order in which they are written, each with the change that it tells of."""
    before, behind = ([(c.line, c) for c in plan.change if c.follows is follows] for follows in (False, True))
    return [*before, *((line, None) for line in plan.record), *behind]


def _remembered(told: Sequence[tuple[AuditRecord, Change | None]], seqs: Sequence[int]) -> Rows:
    return Rows(tables.transitions, [
        {"id": new_id(), "case_id": c.line.case, "subject": c.subject, "subject_id": c.id, "event": c.event,
         "from_state": c.frm, "to_state": c.to, "actor": c.line.actor, "happened_at": c.line.happened,
         "noticed_at": c.line.noticed, "audit_seq": seq}
        for (_, c), seq in zip(told, seqs, strict=True) if c is not None])
