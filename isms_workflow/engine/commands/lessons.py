"""Commands on what incidents teach: entries, the corrective actions that they become, and what the cycle makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.ids import new_id
from isms_workflow.domain.lessons import LESSONS_STEP, Lesson
from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Missing, Unknown, Wrong
from isms_workflow.domain.rules import lessons as rules
from isms_workflow.domain.rules.corrective import LONGEST_TITLE, Draft
from isms_workflow.domain.rules.evidence import Committed
from isms_workflow.domain.rules.lessons import Entry
from isms_workflow.domain.sight import sees
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, Step, programme_key
from isms_workflow.engine import reading
from isms_workflow.engine.commands import corrective
from isms_workflow.engine.commands.common import case_id, in_turn
from isms_workflow.engine.commands.incidents import of_incident
from isms_workflow.engine.writer import write
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import cases as case_questions
from isms_workflow.store.statements import lessons as questions
from isms_workflow.store.statements import mails as reached_questions


@dataclass(frozen=True, slots=True)
class Becomes:
    """What an entry becomes: a new corrective action, with an owner and how grave it is."""

    owner: str
    gravity: str
    title: str = ""  # empty: as the entry says


def add(tx: Transaction, case: str, found: Entry, actor: Actor, when: When) -> str:
    """Adds an entry to an incident's lessons; returns its id. Raises `Wrong`, `NotYours`, `NotAllowed`, `Missing`, `Frozen`."""
    view = of_incident(tx, case, when)
    sort = rules.check_entry(view, found, when.happened)
    text, salt = found.text.strip(), audit.new_salt()
    item = Lesson(new_id(), sort, found.parent, audit.commitment(salt, text), actor.id, withdrawn=False, answer=None, action=None)
    row: dict[str, Any] = {
        "id": item.id, "case_id": view.case.id, "step_id": rules.step_of(view, sort).id, "sort": sort, "parent": found.parent,
        "at": found.at, "text": text, "commitment": item.commitment, "author": actor.id, "written_at": when.happened}
    write(tx, [rules.add(view, found, item, row, Committed(text, salt), actor, when)], when.noticed)
    return item.id


def withdraw(tx: Transaction, lesson: str, reason: str, actor: Actor, when: When) -> None:
    """An entry no longer counts. Raises `Unknown`, `NotYours`, `NotAllowed`, `Missing`, `Frozen`, `ReasonNeeded`."""
    write(tx, [rules.withdraw(_of_lesson(tx, lesson, when), lesson, reason, actor, when)], when.noticed)


def decline(tx: Transaction, lesson: str, reason: str, actor: Actor, when: When) -> None:
    """An action item isn't carried out, with a reason. Raises as `withdraw`."""
    write(tx, [rules.answered(_of_lesson(tx, lesson, when), lesson, None, reason, actor, when)], when.noticed)


def take_up(tx: Transaction, lesson: str, becomes: Becomes, actor: Actor, when: When) -> str:
    """An action item becomes a corrective action, in this one transaction; returns its case's id.

    Raises as `withdraw`, and `Wrong` for an owner or gravity that can't be.
    """
    in_turn(tx)
    view = _of_lesson(tx, lesson, when)
    rules.may_answer(view, lesson, actor)
    plan, action = corrective.planned(tx, _draft(tx, view, lesson, becomes), view, actor, when)
    write(tx, [plan], when.noticed)  # first: the entry refers to it
    write(tx, [rules.answered(view, lesson, action, "", actor, when)], when.noticed)
    return action.case.id


def _draft(tx: Transaction, view: CaseView, lesson: str, becomes: Becomes) -> Draft:
    said = str(tx.execute(questions.text_of(lesson)).scalar() or "")
    title = becomes.title.strip() or " ".join(said.split())[:LONGEST_TITLE]
    return Draft(title or f"What {view.case.reference} taught", said, becomes.gravity, becomes.owner)


def _of_lesson(tx: Transaction, lesson: str, when: When) -> CaseView:
    """The incident that an entry belongs to, locked. Raises `Unknown`."""
    case = tx.execute(questions.case_of(lesson)).scalar()
    if case is None:
        raise Unknown("lesson", lesson)
    return reading.view(tx, case, when.noticed, lock=True)


def apply_new(tx: Transaction, step: str, lesson: str, becomes: Becomes, actor: Actor, when: When) -> str:
    """The cycle's step: what an incident taught becomes a corrective action; returns its case's id. Raises as `apply`."""
    in_turn(tx)
    cycle, view = _both(tx, step, lesson, actor, when)
    rules.may_apply(cycle, cycle.step(step), view, lesson, actor)
    plan, action = corrective.planned(tx, _draft(tx, view, lesson, becomes), view, actor, when)
    write(tx, [plan], when.noticed)
    write(tx, [rules.applied(cycle, cycle.step(step), view, lesson, action, "", actor, when)], when.noticed)
    return action.case.id


def apply(tx: Transaction, step: str, lesson: str, action: str | None, reason: str, actor: Actor, when: When) -> None:
    """The cycle's step: for what an incident taught a corrective action is named, by reference, or it is declined (None).

    Raises `Unknown` for what the actor may not see, `Wrong` for no corrective action, `Missing`, `NotYours`, `NotAllowed`,
    `ReasonNeeded`.
    """
    cycle, view = _both(tx, step, lesson, actor, when)
    named = None if action is None else _named(tx, action, actor, when)
    write(tx, [rules.applied(cycle, cycle.step(step), view, lesson, named, reason, actor, when)], when.noticed)


def _both(tx: Transaction, step: str, lesson: str, actor: Actor, when: When) -> tuple[CaseView, CaseView]:
    """The cycle of a step and the incident of an entry, locked in one order."""
    cycle = tx.execute(case_questions.case_of_step(), {"step": step}).scalar()
    case = tx.execute(questions.case_of(lesson)).scalar()
    if cycle is None or case is None:
        raise Unknown("step" if cycle is None else "lesson", step if cycle is None else lesson)
    views = reading.views(tx, sorted({cycle, case}), when.noticed, lock=True)
    if not _seen(tx, views[case], actor, when):
        raise Unknown("lesson", lesson)
    if not applies(views[cycle], views[cycle].step(step)):
        raise Unknown("step of a cycle that applies what was learned", step)
    return views[cycle], views[case]


def applies(view: CaseView, step: Step) -> bool:
    """Whether a step is the cycle's that applies what was learned."""
    return view.case.kind == "pdca" and programme_key(step.key) == LESSONS_STEP


def _named(tx: Transaction, action: str, actor: Actor, when: When) -> CaseView:
    found = reading.views(tx, (case_id(tx, action.strip().upper()),), when.noticed)
    view = next(iter(found.values()), None)
    if view is None or view.corrective is None or not _seen(tx, view, actor, when):
        raise Wrong("action", action, "name a corrective action by its reference, e.g. CAP-2026-0001")
    return view


def _seen(tx: Connection, view: CaseView, actor: Actor, when: When) -> bool:
    reached = frozenset(tx.execute(reached_questions.reached_of(view.case.id)).scalars())
    return sees(view, actor.id, reached, when.noticed)


def unanswered(tx: Connection, actor: Actor, when: When) -> list[Any]:
    """What closed incidents taught that nothing was said of yet, as far as the actor may see the incidents."""
    rows = tx.execute(questions.asked()).all()
    views = reading.views(tx, {row.case_id for row in rows}, when.noticed) if rows else {}
    shown = {case for case, view in views.items() if _seen(tx, view, actor, when)}
    return [row for row in rows if row.case_id in shown]


def require_applied(tx: Connection, view: CaseView, step: Step, actor: Actor, when: When) -> None:
    """Raise `Missing` while the cycle's step would be declared complete with something learned that nothing was said of."""
    if not applies(view, step) or step.state != "open":
        return
    what, left = f"step {step.key} of {view.case.reference}", unanswered(tx, actor, when)
    if left:
        names = ", ".join(sorted({row.reference for row in left}))
        raise Missing(what, f"{len(left)} lessons of {names} wait for an answer: name a corrective action for each, or decline it")
    if step.owner and (theirs := unanswered(tx, Actor(step.owner, actor.channel), when)):  # a deputy may see less
        raise Missing(what, f"{len(theirs)} lessons wait for the answer of its owner, who alone may see them")
