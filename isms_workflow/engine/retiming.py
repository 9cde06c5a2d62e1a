"""After a change of zone, of tzdata or of the holiday calendar: what is still to come falls due by today's calendar.

What has fired stays as it was. Each thing that moves is recorded, with the instant it had before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import update

from isms_workflow.domain.calendars import DueRule, WorkingCalendar
from isms_workflow.domain.clocks import moved_on
from isms_workflow.domain.duties import is_ours
from isms_workflow.domain.gates import MACHINE as GATE
from isms_workflow.domain.ladders import rung
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Change, Plan
from isms_workflow.domain.records import AuditRecord, DeadlineRecord, GateRecord, Scalar, StepRecord
from isms_workflow.domain.rules import duties, owing
from isms_workflow.domain.rules.common import LADDER, LAPSE, change, record
from isms_workflow.domain.rules.escalation import RESPONSE, WORD
from isms_workflow.domain.times import When, from_iso, iso
from isms_workflow.domain.views import CaseView, Gate, Step
from isms_workflow.engine import programmes, reading
from isms_workflow.engine.writer import write
from isms_workflow.store.database import Store, Transaction
from isms_workflow.store.statements import among
from isms_workflow.store.statements import cases as case_questions
from isms_workflow.store.statements import deadlines as questions
from isms_workflow.store.tables import deadlines, incidents


@dataclass(frozen=True, slots=True)
class Moved:
    """Something that falls due at another instant now: a step or gate by name, or a deadline by its event."""

    reference: str
    what: str
    before: datetime
    after: datetime

    def __str__(self) -> str:
        return f"{self.reference} {self.what}: {iso(self.before)} becomes {iso(self.after)}"


def retime(store: Store, actor: Actor, when: When) -> list[Moved]:
    """Recomputes every unsettled instant of every open case by the calendar now in force; what moved.

    One transaction a case. A deadline without a rule (the end of a pause, which a person chose) stays.
    """
    with store.read() as conn:
        ids = list(conn.execute(case_questions.open_cases()).scalars())
    return [moved for case in ids for moved in _retime_case(store, case, actor, when)]


def _retime_case(store: Store, case: str, actor: Actor, when: When) -> list[Moved]:
    with store.write() as tx:
        view = reading.view(tx, case, when.noticed, lock=True)
        if view.case.closed_at is not None:
            return []
        calendar = programmes.in_force(tx).calendar
        anchors: dict[str, datetime] = {}
        moved, plan = _rows(tx, view, calendar, anchors, actor, when)
        lines = list(_deadlines(tx, view, calendar, anchors, actor, when))
        write(tx, [plan, Plan(record=tuple(line for _, line in lines)), duties.recounted(view, when)], when.noticed)
        return [*moved, *(each for each, _ in lines)]


def _rows(tx: Transaction, view: CaseView, calendar: WorkingCalendar, anchors: dict[str, datetime], actor: Actor,
          when: When) -> tuple[list[Moved], Plan]:
    """Open steps and gates; `anchors` learns the new due instant of each that moves, for its ladder."""
    rules = _due_rules(tx, view)
    moved: list[Moved] = []
    changes: list[Change] = []
    rows: list[Step | Gate] = [*view.steps, *view.gates]
    for each in (row for row in rows if row.state == "open"):
        rule = rules.get(each.id)
        if rule is None or each.due_at is None:
            continue
        due_at = _later_of(rule.instant(calendar), each.opened_at)
        if due_at == each.due_at:
            continue
        anchors[each.id] = due_at
        changes.append(_change(view, each, due_at, rule.under(calendar), actor, when))
        moved.append(Moved(view.case.reference, each.key if isinstance(each, Step) else f"gate {each.name}",
                           each.due_at, due_at))
    return moved, Plan(change=tuple(changes))


def _later_of(due_at: datetime, opened_at: datetime | None) -> datetime:
    """A step that opens late is due no earlier than it opens."""
    return due_at if opened_at is None else max(due_at, opened_at)


def _change(view: CaseView, row: Step | Gate, due_at: datetime, rule: DueRule, actor: Actor, when: When) -> Change:
    assert row.due_at is not None  # asked before
    facts: dict[str, Scalar] = {"from": iso(row.due_at), "due": iso(due_at), "calendar": rule.calendar}
    sets = {"due_at": due_at, "due_rule": rule.as_json()}
    if isinstance(row, Step):
        return owing.move(view, row, "retime", StepRecord.RETIMED, actor, when, facts, "", **sets)
    return change(GATE, "gate", row, "retime", record(GateRecord.RETIMED, view, row.id, actor, when, facts), **sets)


def _due_rules(tx: Transaction, view: CaseView) -> dict[str, DueRule]:
    found: dict[str, DueRule] = {}
    for query in (case_questions.steps_of(), case_questions.gates_of()):
        for row in tx.execute(query, among.ids((view.case.id,))):
            if row.due_rule:
                found[row.id] = DueRule.from_json(row.due_rule)
    return found


def _deadlines(tx: Transaction, view: CaseView, calendar: WorkingCalendar, anchors: Mapping[str, datetime],
               actor: Actor, when: When) -> Iterator[tuple[Moved, AuditRecord]]:
    """What is armed, counted from its anchor, which may have moved itself."""
    for row in tx.execute(questions.unsettled((view.case.id,))).all():
        if not row.rule or is_ours(row.event):
            continue
        rule, base = _rule(view, row, calendar, anchors.get(row.subject_id))
        due_at = _instant(view, row, rule, calendar)
        if due_at == row.due_at:
            continue
        told = {**rule.under(calendar).as_json(), **({"base": base} if base else {})}
        tx.execute(update(deadlines).where(deadlines.c.id == row.id, deadlines.c.settled_at.is_(None))
                   .values(due_at=due_at, rule=told))
        if row.event == RESPONSE:
            tx.execute(update(incidents).where(incidents.c.case_id == row.case_id).values(response_due=due_at))
        facts: dict[str, Scalar] = {"deadline": row.id, "event": row.event, "from": iso(row.due_at), "due": iso(due_at)}
        yield (Moved(view.case.reference, f"{row.event} of {row.subject} {row.subject_id}", row.due_at, due_at),
               record(DeadlineRecord.RETIMED, view, row.subject_id, actor, when, facts))


def _instant(view: CaseView, row: Any, rule: DueRule, calendar: WorkingCalendar) -> datetime:
    """When it falls due; an incident's clocks stood still during its stops."""
    due_at = rule.instant(calendar)
    if view.incident is None or row.subject != "case" or row.event == WORD:
        return due_at
    stops = [stop for stop in view.incident.stops if row.event == LADDER or stop.what != "word"]
    return moved_on(due_at, rule, stops, calendar) or due_at


def _rule(view: CaseView, row: Any, calendar: WorkingCalendar, anchor: datetime | None) -> tuple[DueRule, str | None]:
    """A deadline's rule by its new anchor, and the base that its ladder is counted from."""
    rule, base = DueRule.from_json(row.rule), row.rule.get("base")
    if row.event == LAPSE:
        return (rule if anchor is None else replace(rule, anchor=anchor)), None
    if row.event != LADDER or base is None:
        return rule, base
    start = anchor or from_iso(base)
    return rung(view.programme.ladders[row.ladder], row.level, row.repeat, start, calendar).rule, iso(start)
