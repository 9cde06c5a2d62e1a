"""Who keeps away from what in a corrective action: whoever owns or did it doesn't decide on it, nor check it.

Separation of duties follows ISO/IEC 27001:2022, A.5.3; the check by somebody else, 10.2 d.
"""

from __future__ import annotations

from isms_workflow.domain.corrective_action import CHECKING, DOING, PHASES, PLANNING, round_of
from isms_workflow.domain.people import ISMS_MANAGER, TOP_MANAGEMENT
from isms_workflow.domain.refusals import Conflicted, Missing
from isms_workflow.domain.views import CaseView, Step

SETTLED_BY_THE_DEED = frozenset({DOING, CHECKING})
"""Phases whose steps nobody waives: an action that isn't done, or isn't checked, is cancelled as a whole."""


def doers(view: CaseView) -> frozenset[str]:
    """Who ever owned an action, or did, evidenced or waived a step of it but for the checks; nobody for another kind."""
    if view.corrective is None:
        return frozenset()
    checks = {step.id for step in view.steps_of(CHECKING)}
    return view.corrective.owners | {person for step, person in view.workers if step not in checks}


def refuse_doer(view: CaseView, person: str, what: str) -> None:
    """Raise `Conflicted` if somebody owned or did what they would decide on."""
    if person in doers(view):
        raise Conflicted(what, "you own the action, or did, or had part in what it consists of")


def owner_of(view: CaseView, step: Step) -> str | None:
    """Whose a step is that nobody in office owns: of an action the owner's, its check somebody's who had no part in it;
    else the first holder's of its responsibility.
    """
    directory = view.directory
    if view.corrective is None:
        return directory.owner(step.responsibility)
    if step.phase == CHECKING:
        able = (*directory.holders(step.responsibility), *directory.holders(ISMS_MANAGER), *directory.holders(TOP_MANAGEMENT))
        apart = doers(view)
        return next((person for person in able if person not in apart), directory.owner(step.responsibility))
    return view.corrective.owner if directory.is_active(view.corrective.owner) else directory.owner(step.responsibility)


def is_by_name(view: CaseView, step: Step) -> bool:
    """Whether a step is owned because its action is, whatever its owner holds."""
    return view.corrective is not None and step.phase != CHECKING and step.owner == view.corrective.owner


def may_own(view: CaseView, step: Step, person: str) -> None:
    """Raise `Conflicted` if a check would go to somebody who owned or did what it looks at."""
    if view.corrective is not None and step.phase == CHECKING and person in doers(view):
        raise Conflicted(f"step {step.key} of {view.case.reference}", "whoever owns or did it doesn't check it")


def is_current(view: CaseView, step: Step) -> bool:
    """Whether a step isn't the past: an earlier round of an action stays as it was."""
    return view.corrective is None or step.phase == PHASES[0] or round_of(step.key) == view.corrective.round


def check_step(view: CaseView, step: Step, event: str, actor: str) -> None:
    """Raise `Missing` or `Conflicted` where an action's own course forbids what the machine of steps allows."""
    if view.corrective is None:
        return
    what = f"step {step.key} of {view.case.reference}"
    if event == "waive" and step.phase in SETTLED_BY_THE_DEED:
        raise Missing(f"waiving {what}", "without it nothing is done or checked; cancel the action, with a reason, if it is to end")
    if step.phase == CHECKING and event in ("complete", "judge"):
        may_own(view, step, actor)
    if step.phase == CHECKING and event == "complete":
        raise Missing(what, "say whether the action was effective, and why; that completes it")
    if event == "reopen" and not _reopens(view, step):
        raise Missing(f"reopening {what}", "the action has gone on from there; the effectiveness check says whether a new "
                                           "round begins")


def _reopens(view: CaseView, step: Step) -> bool:
    here = view.case.state == step.phase or (step.phase == PLANNING and view.case.state == DOING)
    return here and step.phase != CHECKING and is_current(view, step)
