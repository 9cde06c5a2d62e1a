"""Commands on corrective actions: opened by hand or from what an incident taught, led by their flow, judged by others."""

from __future__ import annotations

from isms_workflow.domain.access import strictest
from isms_workflow.domain.calendars import local_date
from isms_workflow.domain.corrective_action import CORRECTING, DOING, MACHINE, PLANNING
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Plan
from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.rules import corrective as rules
from isms_workflow.domain.rules import corrective_terms as terms
from isms_workflow.domain.rules.corrective import Draft
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import offices, programmes
from isms_workflow.engine.commands.cases import anchors, reference
from isms_workflow.engine.commands.common import in_turn, of_case
from isms_workflow.engine.writer import write
from isms_workflow.store.database import Transaction


def open_by_hand(tx: Transaction, found: Draft, actor: Actor, when: When) -> str:
    """An action that somebody saw the need of; returns its case's id. Raises `NotYours`, `Wrong`, `Missing`."""
    in_turn(tx)  # two that are opened at one instant get two references
    rules.may_open(programmes.in_force(tx).programme, offices.directory(tx, when.noticed), actor)
    plan, view = planned(tx, found, None, actor, when)
    write(tx, [plan], when.noticed)
    return view.case.id


def planned(tx: Transaction, found: Draft, source: CaseView | None, actor: Actor, when: When) -> tuple[Plan, CaseView]:
    """A new action that nobody has written yet; of a case that it comes from it inherits the label. Raises `Wrong`, `Missing`.

    Whoever asks has taken their turn.
    """
    now = programmes.in_force(tx)
    section = rules.section_of(now.programme)
    name = reference(tx, MACHINE.kind, local_date(when.happened, now.calendar.zone).year)
    label = strictest(section.label, *((source.case.label,) if source else ()))
    return rules.opened(found, name, now.programme, now.calendar, offices.directory(tx, when.noticed), label,
                        source.case.id if source else None, actor, when)


def of_action(tx: Transaction, case: str, when: When) -> CaseView:
    """The action by its case's id or reference, locked. Raises `Unknown`, also for a case of another kind."""
    view = of_case(tx, case, when)
    if view.corrective is None:
        raise Unknown("corrective action", case)
    return view


def plan_action(tx: Transaction, case: str, when: When) -> bool:
    """The flow: it is corrected. False if it isn't, or that was said already."""
    view = of_action(tx, case, when)
    if view.case.state != CORRECTING or not view.is_settled(CORRECTING):
        return False
    write(tx, [rules.plan_action(view, when)], when.noticed)
    return True


def carry_out(tx: Transaction, case: str, when: When) -> bool:
    """The flow: its plan is approved. False if it isn't any more, or is carried out already."""
    view = of_action(tx, case, when)
    if view.case.state != PLANNING or not _approved(view):
        return False
    write(tx, [rules.carry_out(view, when)], when.noticed)
    return True


def observe(tx: Transaction, case: str, when: When) -> bool:
    """The flow: it is done. False if it isn't any more, or its check is armed already."""
    view = of_action(tx, case, when)
    if view.case.state != DOING or not view.is_settled(DOING) or not _approved(view):
        return False
    write(tx, [rules.observe(view, when)], when.noticed)
    return True


def _approved(view: CaseView) -> bool:
    gate = view.latest_gate(PLANNING)
    return gate is not None and gate.state == "passed"


def bring_forward(tx: Transaction, case: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """Has it checked before its time. Raises `NotYours`, `NotAllowed`, `Moved`, `ReasonNeeded`."""
    write(tx, [rules.bring_forward(of_action(tx, case, when), seen, reason, actor, when)], when.noticed)


def judge(tx: Transaction, case: str, seen: int | None, effective: bool, reason: str, actor: Actor, when: When) -> None:
    """Says whether it was effective. Raises `NotYours`, `Conflicted`, `Missing`, `NotAllowed`, `Moved`, `ReasonNeeded`."""
    write(tx, [rules.judge(of_action(tx, case, when), seen, effective, reason, actor, when)], when.noticed)


def go_on(tx: Transaction, case: str, seen: int | None, owner: str | None, reason: str, actor: Actor, when: When) -> None:
    """Management has it tried again. Raises `NotYours`, `Conflicted`, `NotAllowed`, `Moved`, `Wrong`, `ReasonNeeded`."""
    write(tx, [rules.go_on(of_action(tx, case, when), seen, owner, reason, actor, when)], when.noticed)


def accept(tx: Transaction, case: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """Management accepts what remains. Raises as `go_on`."""
    write(tx, [rules.accept(of_action(tx, case, when), seen, reason, actor, when)], when.noticed)


def cancel(tx: Transaction, case: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """It is let go. Raises `NotYours`, `Conflicted`, `NotAllowed`, `Moved`, `ReasonNeeded`."""
    write(tx, [rules.cancel(of_action(tx, case, when), seen, reason, actor, when)], when.noticed)


def hand_over(tx: Transaction, case: str, seen: int | None, to: str, reason: str, actor: Actor, when: When) -> None:
    """Somebody else answers for it. Raises `NotYours`, `NotAllowed`, `Moved`, `Wrong`, `ReasonNeeded`."""
    write(tx, [rules.hand_over(of_action(tx, case, when), seen, to, reason, actor, when)], when.noticed)


def reassess(tx: Transaction, case: str, seen: int | None, gravity: str, reason: str, actor: Actor, when: When) -> None:
    """Another gravity. Raises as `cancel`, and `Wrong`."""
    write(tx, [terms.reassess(of_action(tx, case, when), seen, gravity, reason, actor, when)], when.noticed)


def replan(tx: Transaction, case: str, seen: int | None, reason: str, actor: Actor, when: When) -> None:
    """It goes on under the programme in force. Raises as `cancel`, and `Wrong` or `Missing` if that can't carry it."""
    view, now = of_action(tx, case, when), programmes.in_force(tx)
    write(tx, [terms.replan(view, seen, now.programme, anchors(tx, view), reason, actor, when)], when.noticed)
