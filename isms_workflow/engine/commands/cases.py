"""Commands on a case as a whole."""

from __future__ import annotations

from datetime import datetime

from isms_workflow.domain.calendars import local_date
from isms_workflow.domain.people import ISMS_MANAGER, Actor
from isms_workflow.domain.plan import Plan
from isms_workflow.domain.refusals import NotAllowed, NotYours
from isms_workflow.domain.rules import cases as rules
from isms_workflow.domain.rules.cases import Carried
from isms_workflow.domain.rules.common import LADDER
from isms_workflow.domain.times import When, from_iso
from isms_workflow.domain.views import CaseView, held
from isms_workflow.engine import offices, programmes, reading
from isms_workflow.engine.commands.common import in_turn, of_case
from isms_workflow.engine.writer import write
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.statements import deadlines as deadline_questions

PREFIX = {"pdca": "PDCA", "incident": "INC", "corrective_action": "CAP"}
"""How the references of each kind begin."""


def open_cycle(tx: Transaction, actor: Actor, when: When) -> str:
    """Opens a cycle under the programme in force; it starts at once if every responsibility is held.

    Returns its id. Raises `NotAllowed` if one is open already, `NotYours` unless the actor is the
    ISMS manager, the operator or the engine's schedule.
    """
    in_turn(tx)
    people = offices.directory(tx, when.noticed)
    if actor.id not in ("operator", "engine") and not people.holds(actor.id, ISMS_MANAGER):
        raise NotYours("a cycle", "open", held(programmes.in_force(tx).programme, ISMS_MANAGER))
    already = tx.execute(questions.open_cases("pdca")).scalar()
    if already:
        open_one = reading.view(tx, already, when.noticed).case
        raise NotAllowed(open_one.reference, "open another cycle beside", open_one.state, ())
    plan, view = _planned(tx, "pdca", (), actor, when)
    write(tx, [plan], when.noticed)
    return view.case.id


def _planned(tx: Transaction, kind: str, carried: tuple[Carried, ...], actor: Actor,
             when: When) -> tuple[Plan, CaseView]:
    now = programmes.in_force(tx)
    name = reference(tx, kind, local_date(when.happened, now.calendar.zone).year)
    people = offices.directory(tx, when.noticed)
    return rules.plan_case(kind, name, now.programme, now.calendar, people, carried, actor, when)


def reference(tx: Transaction, kind: str, year: int) -> str:
    """The next human reference of a kind and year, e.g. `INC-2026-0042`."""
    return references(tx, kind, year, 1)[0]


def references(tx: Transaction, kind: str, year: int, many: int) -> list[str]:
    """So many of them, in order."""
    if not many:
        return []
    last = tx.execute(questions.next_numbers(), {"kind": kind, "year": year, "many": many}).scalar_one()
    return [f"{PREFIX[kind]}-{year}-{number:04d}" for number in range(last - many + 1, last + 1)]


def start(tx: Transaction, case: str, seen: int | None, actor: Actor, when: When) -> None:
    """Starts a planned case. Raises `Missing` naming the responsibilities that nobody holds."""
    view = of_case(tx, case, when)
    write(tx, [rules.start(view, seen, actor, when)], when.noticed)


def begin(tx: Transaction, case: str, phase: str, when: When) -> bool:
    """The flow goes on to a phase. False if the case is there, or further, already: nothing is written."""
    view = of_case(tx, case, when)
    order = [p.id for p in view.workflow.phases]
    if view.case.state not in order or order.index(view.case.state) >= order.index(phase):
        return False
    write(tx, [rules.begin(view, phase, when)], when.noticed)
    return True


def close(tx: Transaction, case: str, when: When) -> bool:
    """The flow ends the case; the same transaction opens the next one. False if it has ended already."""
    view = of_case(tx, case, when)
    if view.case.closed_at is not None:
        return False
    write(tx, [rules.close(view, when)], when.noticed)
    handed = {row.step_id: row.to_person for row in tx.execute(questions.carried_from(case))}
    carried = tuple(Carried(s, view.case.reference, handed[s.id]) for s in view.steps
                    if s.state == "waived" and s.id in handed)  # one that was reopened and done is owed no more
    plan, _ = _planned(tx, view.case.kind, carried, Actor("engine", "engine"), when)
    write(tx, [plan], when.noticed)
    return True


def pause(tx: Transaction, case: str, seen: int | None, until: str, reason: str, actor: Actor, when: When) -> None:
    """Pauses the case until a date, `2026-08-31`. Raises `Wrong`, `NotYours`, `ReasonNeeded`, `NotAllowed`."""
    view = of_case(tx, case, when)
    write(tx, [rules.pause(view, seen, until, reason, anchors(tx, view), actor, when)], when.noticed)


def anchors(tx: Transaction, view: CaseView) -> dict[str, datetime]:
    """What each armed ladder of the case counts from, by its step, gate or case."""
    rows = tx.execute(deadline_questions.unsettled((view.case.id,)))
    return {row.subject_id: from_iso(row.rule["base"]) for row in rows if row.event == LADDER and row.rule}


def resume(tx: Transaction, case: str, seen: int | None, actor: Actor, when: When) -> None:
    """Ends a pause before its time. Raises `NotYours`, `NotAllowed`."""
    view = of_case(tx, case, when)
    write(tx, [rules.resume(view, seen, anchors(tx, view), actor, when)], when.noticed)


def cancel(tx: Transaction, case: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """Top management ends the case before its time. Raises `NotYours`, `ReasonNeeded`, `NotAllowed`."""
    view = of_case(tx, case, when)
    write(tx, [rules.cancel(view, seen, reason, actor, when)], when.noticed)
