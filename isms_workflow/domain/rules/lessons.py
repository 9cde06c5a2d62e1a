"""What may be done with an incident's lessons: entries are added and withdrawn, and what is to change is decided on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from isms_workflow.domain.clocks import severity_of
from isms_workflow.domain.incident import ANY, HANDLING, LEARNING, UNANSWERED
from isms_workflow.domain.lessons import ASKED, SORTS, STEPS, Lesson, Sort
from isms_workflow.domain.machine import OWNER, rule
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Beside, Insert, Plan
from isms_workflow.domain.records import LessonRecord, Scalar
from isms_workflow.domain.refusals import Missing, NotAllowed, Unknown, Wrong
from isms_workflow.domain.rules import gates, steps
from isms_workflow.domain.rules.common import after, entitled, reasoned, record
from isms_workflow.domain.rules.evidence import Committed
from isms_workflow.domain.times import When, iso
from isms_workflow.domain.views import CaseView, Step

LONGEST = 2000
ADD = rule("add to the lessons of", {"waiting", "open", "done"}, None, OWNER, *HANDLING)
"""Whoever answers incidents, and whoever owes the step that the entry belongs to."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody adds; `at` is when something happened, `parent` the cause that this one explains."""

    sort: str
    text: str
    at: datetime | None = None
    parent: str | None = None


def step_of(view: CaseView, sort: Sort) -> Step:
    """The step of the lessons to which a sort of entry belongs; another programme's first one, or, for what is to change, its last."""
    found = view.steps_of(LEARNING)
    return next((s for s in found if s.key == STEPS[sort]), found[-1] if sort == "item" else found[0])


def all_of(view: CaseView) -> tuple[Lesson, ...]:
    """Every entry of an incident, in the order in which they were added."""
    return tuple(sorted((each for step in view.steps for each in step.lessons), key=lambda each: each.id))


def check_entry(view: CaseView, found: Entry, now: datetime) -> Sort:
    """Raise `Wrong` for the first field that can't be."""
    sort = next((each for each in SORTS if each == found.sort), None)
    if sort is None:
        raise Wrong("sort", found.sort, f"one of {', '.join(SORTS)}")
    if not 0 < len(found.text.strip()) <= LONGEST:
        raise Wrong("text", f"{len(found.text.strip())} characters", f"write 1 to {LONGEST:,} characters")
    if (sort == "event") != (found.at is not None):
        raise Wrong("at", iso(found.at) if found.at else "", "say when it happened" if sort == "event" else
                    "only what happened has an instant")
    if found.at is not None and found.at > now:
        raise Wrong("at", iso(found.at), "it lies ahead: give the instant at which it happened")
    causes = {each.id for each in all_of(view) if each.sort == "cause" and not each.withdrawn}
    if found.parent is not None and (sort != "cause" or found.parent not in causes):
        raise Wrong("parent", found.parent, "name another cause of this incident, or none")
    return sort


def may_add(view: CaseView, sort: Sort, actor: Actor) -> Step:
    """The step that an entry belongs to. Raises `NotAllowed`, `Frozen`, `NotYours` where nobody, or not this person, adds one.

    Once it has ended, only what is to change may still be added, to one whose severity asks for no lessons.
    """
    step = step_of(view, sort)
    ended = view.case.state == "closed" and sort == "item" and not severity_of(view).lessons and not view.latest_gate(LEARNING)
    if view.case.state not in ANY and not ended:
        raise NotAllowed(view.case.reference, f"add {SORTS[sort]}", view.case.state, ())
    if view.case.state in UNANSWERED and sort != "event":
        raise Missing(f"{SORTS[sort]} of {view.case.reference}", "nobody has responded yet; what happened can be noted already")
    if not ended:
        steps.touch(view, step)
    entitled(view, ADD, actor, view.case.reference, step, step.phase)
    return step


def add(view: CaseView, found: Entry, item: Lesson, row: dict[str, Any], text: Committed, actor: Actor, when: When) -> Plan:
    """An entry more; an open gate covers it, and approvals given before it are void."""
    step = may_add(view, item.sort, actor)
    facts: dict[str, Scalar] = {"lesson": item.id, "sort": item.sort, "parent": item.parent,
                                "at": iso(found.at) if found.at else None}
    line = replace(record(LessonRecord.ADDED, view, step.id, actor, when, facts), private={"text": text.text},
                   salts={"text": text.salt})
    return Plan(insert=(Insert("lessons", row),), record=(line,)) + _recovered(view, step, (*step.lessons, item), actor, when)


def _recovered(view: CaseView, step: Step, lessons: tuple[Lesson, ...], actor: Actor, when: When) -> Plan:
    then = after(view, replace(step, lessons=lessons))
    then = replace(then, workers=then.workers | {(step.id, actor.id)})
    return gates.recover(view, then, step.phase, actor, when)


def find(view: CaseView, lesson: str) -> tuple[Step, Lesson]:
    """An entry that counts, with its step. Raises `Unknown`."""
    for step in view.steps:
        for each in step.lessons:
            if each.id == lesson and not each.withdrawn:
                return step, each
    raise Unknown("lesson", lesson)


def withdraw(view: CaseView, lesson: str, reason: str, actor: Actor, when: When) -> Plan:
    """An entry no longer counts; it is never deleted. One that was decided on stays, and a cause that another explains."""
    step, found = find(view, lesson)
    may_add(view, found.sort, actor)
    what = f"an entry of {view.case.reference}"
    if found.answer is not None:
        raise NotAllowed(what, "withdraw", "decided on", ())
    if any(each.parent == found.id and not each.withdrawn for each in step.lessons):
        raise Missing(f"withdrawing {what}", "another cause explains it: withdraw that one first")
    why = reasoned("withdraw an entry", reason)
    line = record(LessonRecord.WITHDRAWN, view, step.id, actor, when, {"lesson": found.id, "sort": found.sort}, why)
    kept = tuple(replace(each, withdrawn=True) if each.id == found.id else each for each in step.lessons)
    return Plan(beside=(Beside("lessons", found.id, {"withdrawn_at": when.happened}),), record=(line,)) + _recovered(
        view, step, kept, actor, when)


def may_answer(view: CaseView, lesson: str, actor: Actor) -> tuple[Step, Lesson]:
    """The action item, if it waits for an answer and the actor may give it. Raises `Unknown`, `NotAllowed`, `NotYours`, `Frozen`."""
    step, found = find(view, lesson)
    if found.sort != "item":
        raise NotAllowed(f"an entry of {view.case.reference}", "decide on", f"no action item, but {SORTS[found.sort]}", ())
    _unanswered(view, found)
    may_add(view, "item", actor)
    return step, found


def _unanswered(view: CaseView, found: Lesson) -> None:
    if found.answer is not None:
        raise NotAllowed(f"an entry of {view.case.reference}", "decide on", f"decided on already ({found.answer})", ())


def answered(view: CaseView, lesson: str, action: CaseView | None, reason: str, actor: Actor, when: When) -> Plan:
    """An action item becomes a corrective action, or is declined with a reason. Raises as `may_answer`, and `ReasonNeeded`."""
    step, found = may_answer(view, lesson, actor)
    plan, then = _answer(view, step, found, action, None, reason, actor, when)
    kept = tuple(then if each.id == found.id else each for each in step.lessons)
    return plan + _recovered(view, step, kept, actor, when)


def _answer(view: CaseView, step: Step, found: Lesson, action: CaseView | None, cycle_step: Step | None, reason: str,
            actor: Actor, when: When) -> tuple[Plan, Lesson]:
    why = reason.strip() if action else reasoned("decline what was learned", reason)
    answer = "action" if action else "declined"
    then = replace(found, answer=answer, action=action.case.id if action else None)
    facts: dict[str, Scalar] = {"lesson": found.id, "answer": answer, "action": action.case.reference if action else None}
    sets = {"answer": answer, "action_case": then.action, "answered_by": actor.id, "answered_at": when.happened,
            "answered_in": cycle_step.id if cycle_step else None}
    line = record(LessonRecord.ANSWERED, view, step.id, actor, when, facts, why)
    return Plan(beside=(Beside("lessons", found.id, sets),), record=(line,)), then


APPLY = rule("apply what was learned in", {"open"}, None, OWNER, *HANDLING[1:])
"""Whoever owes the cycle's step, or the ISMS manager."""


def applied(cycle: CaseView, cycle_step: Step, view: CaseView, lesson: str, action: CaseView | None, reason: str, actor: Actor,
            when: When) -> Plan:
    """The cycle's step answers what an incident that has ended taught: a corrective action is named, or it is declined.

    Raises `Missing` unless the step is open and the incident closed, `NotYours`, `NotAllowed`, `Unknown`, `ReasonNeeded`.
    """
    step, found = may_apply(cycle, cycle_step, view, lesson, actor)
    return _answer(view, step, found, action, cycle_step, reason, actor, when)[0]


def may_apply(cycle: CaseView, cycle_step: Step, view: CaseView, lesson: str, actor: Actor) -> tuple[Step, Lesson]:
    """The entry, if the cycle's step asks of it and the actor may answer. Raises as `applied`."""
    step, found = find(view, lesson)
    what = f"what {view.case.reference} taught"
    if cycle_step.state not in APPLY.frm or cycle.case.closed_at is not None:
        raise Missing(f"applying {what}", f"step {cycle_step.key} of {cycle.case.reference} isn't open")
    if view.case.state != "closed" or found.sort not in ASKED:
        raise Missing(f"applying {what}", "the incident isn't closed" if found.sort in ASKED else "nothing is to change by it")
    _unanswered(view, found)
    entitled(cycle, APPLY, actor, cycle.case.reference, cycle_step, cycle_step.phase)
    return step, found
