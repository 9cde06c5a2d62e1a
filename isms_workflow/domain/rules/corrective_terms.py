"""The terms that a corrective action goes by: its gravity, and the version of the programme. Either changes by a decision;
what counts from an instant counts anew from that very instant, and what was told stays told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from isms_workflow.domain.corrective_action import OBSERVING, REFERRED
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Beside, Plan, Subject, total
from isms_workflow.domain.records import CorrectiveRecord, Scalar
from isms_workflow.domain.refusals import NotAllowed, Wrong
from isms_workflow.domain.rules import apart
from isms_workflow.domain.rules.cases import check, move
from isms_workflow.domain.rules.common import LADDER, arm_ladder, reasoned
from isms_workflow.domain.rules.corrective import FOLLOW_UP, action_of, section_of, to_be_checked
from isms_workflow.domain.rules.owing import ladder_of
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, programme_key
from isms_workflow.programme.model import Programme


def reassess(view: CaseView, seen: int | None, gravity: str, reason: str, actor: Actor, when: When) -> Plan:
    """Another gravity, with a reason, by somebody who had no part in it: its check is due by that, from when it was done.

    Raises `NotYours`, `Conflicted`, `NotAllowed`, `Moved`, `Wrong`, `ReasonNeeded`.
    """
    check(view, "reassess", seen, actor)
    apart.refuse_doer(view, actor.id, f"the gravity of {view.case.reference}")
    workflow, action = action_of(view)
    known = [each.id for each in workflow.gravities]
    if gravity not in known:
        raise Wrong("gravity", gravity, f"one of {', '.join(known)}")
    if gravity == action.gravity:
        raise Wrong("gravity", gravity, "it has this gravity already")
    facts: dict[str, Scalar] = {"gravity": gravity, "before": action.gravity}
    why = reasoned("change the gravity of an action", reason)
    then = replace(view, corrective=replace(action, gravity=gravity))
    return move(view, "reassess", CorrectiveRecord.REASSESSED, actor, when, why, facts) + _checked_by(then, when) + Plan(
        beside=(Beside("corrective_actions", view.case.id, {"gravity": gravity}),))


def replan(view: CaseView, seen: int | None, programme: Programme, anchors: Mapping[str, datetime], reason: str, actor: Actor,
           when: When) -> Plan:
    """It goes on under the programme in force, whose ladders tell from now on; what is due stays due when it is.

    `anchors` are the instants that armed ladders count from, by step, gate or case. Raises as `reassess`, `Missing`.
    """
    check(view, "re-plan", seen, actor)
    if programme.digest == view.case.programme:
        raise NotAllowed(view.case.reference, "re-plan", "under the programme in force already", ())
    workflow, (_, action) = section_of(programme), action_of(view)
    if action.gravity not in {each.id for each in workflow.gravities}:
        raise Wrong("programme", programme.digest[:12], f"it has no gravity {action.gravity}: change the gravity first")
    gone = {programme_key(step.key) for step in view.steps} - {step.id for phase in workflow.phases for step in phase.steps}
    if gone:
        raise Wrong("programme", programme.digest[:12], f"it has no step {', '.join(sorted(gone))}, which this action has")
    facts: dict[str, Scalar] = {"programme": programme.digest, "before": view.case.programme}
    why = reasoned("re-plan an action", reason)
    then = replace(view, programme=programme)
    return move(view, "re-plan", CorrectiveRecord.REPLANNED, actor, when, why, facts, programme=programme.digest) + (
        _checked_by(then, when)) + _told_by(then, anchors, when)


def _checked_by(then: CaseView, when: When) -> Plan:
    """While its effect is awaited: the check is due by the new terms, at once if that is past."""
    done_at = then.case.phase_opened_at
    if then.case.state != OBSERVING or done_at is None:
        return Plan()
    armed = to_be_checked(then, done_at)
    return Plan(cancel=((then.case.id, FOLLOW_UP),), arm=(replace(armed, due_at=max(armed.due_at, when.happened)),))


def _told_by(then: CaseView, anchors: Mapping[str, datetime], when: When) -> Plan:
    """Every ladder that runs goes on as the new one of its sort, counted from what it counted from."""
    workflow, _ = action_of(then)
    running: list[tuple[str, Subject, str]] = [(s.id, "step", ladder_of(then, s)) for s in then.steps if s.state == "open"]
    running += [(g.id, "gate", workflow.gate(g.name).ladder if g.state == "open" else workflow.phase(g.name).waiting_ladder)
                for g in then.gates if g.state == "open" or g.waits_for_way_out]
    running += [(then.case.id, "case", workflow.referral_ladder)] if then.case.state == REFERRED else []
    return total(Plan(cancel=((name, LADDER),), arm=arm_ladder(then, subject, name, ladder, anchors[name], when.happened))
                 for name, subject, ladder in running if name in anchors)

