"""What mails say about a corrective action as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from isms_workflow.domain.corrective_action import CHECKING, CORRECTING, DOING, OBSERVING, PLANNING, REFERRED
from isms_workflow.domain.forecast import title
from isms_workflow.domain.people import TOP_MANAGEMENT
from isms_workflow.domain.records import CaseRecord, CorrectiveRecord
from isms_workflow.domain.rules.corrective import action_of
from isms_workflow.engine.deliverer import Effect
from isms_workflow.engine.mailing.look import Look
from isms_workflow.engine.mailing.of_wait import Expand, Facts, told

STANDS = {CORRECTING: "being corrected", PLANNING: "its cause is looked for, and the action planned",
          DOING: "being carried out", OBSERVING: "done; it is to show whether it works",
          CHECKING: "being checked for its effectiveness", REFERRED: "waits for management to say how it goes on",
          "effective": "closed: it is effective", "accepted": "closed: what remains is accepted", "cancelled": "cancelled"}
"""How an action stands, in words."""


def ineffective(look: Look, person: str, effect: Effect) -> Facts:
    """A check found that it doesn't work."""
    view = look.view(str(effect.case))
    _, action = action_of(view)
    record = look.record(CorrectiveRecord.JUDGED, view.case.id, view.case.id)
    return {**_of_action(look, effect), "by": look.name(record.actor if record else None),
            "reason": record.reason if record else "", "at": told(effect.queued_at), "failed": effect.payload["about"]["failed"],
            "referred": bool(effect.payload["about"]["referred"]), "yours": action.owner == person}


def referred(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001 - all expanders are called alike
    """Top management says how it goes on."""
    view = look.view(str(effect.case))
    record = look.record(CorrectiveRecord.JUDGED, view.case.id, view.case.id)
    about = effect.payload["about"]
    return {**_of_action(look, effect), "by": look.name(record.actor if record else None),
            "reason": record.reason if record else "", "since": told(effect.queued_at), "due": about["due"],
            "failed": about["failed"], "then": look.then(view, view.case.id),
            "waits_for": [look.name(each) for each in view.directory.holders(TOP_MANAGEMENT)]}


def uncheckable(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """Everybody who could check it had part in it."""
    view = look.view(str(effect.case))
    workflow, _ = action_of(view)
    return {**_of_action(look, effect), "responsibility": title(view, workflow.check.responsibility), "at": told(effect.queued_at)}


def ended(look: Look, person: str, effect: Effect) -> Facts:  # noqa: ARG001
    """It is closed: effective, accepted as it is, or cancelled."""
    view, how = look.view(str(effect.case)), effect.payload["about"]["how"]
    kind = CorrectiveRecord.JUDGED if how == "effective" else CaseRecord.MOVED
    record = look.record(kind, view.case.id, view.case.id)
    return {**_of_action(look, effect), "how": how, "by": look.name(record.actor if record else None),
            "reason": record.reason if record else "", "at": told(view.case.closed_at or effect.queued_at)}


def handed_over(look: Look, person: str, effect: Effect) -> Facts:
    """Somebody else answers for it now."""
    view, about = look.view(str(effect.case)), effect.payload["about"]
    record = look.record(CorrectiveRecord.HANDED_OVER, view.case.id, view.case.id)
    return {**_of_action(look, effect), "before": look.name(about["from_person"]), "after": look.name(about["to_person"]),
            "yours": person == about["to_person"], "by": look.name(record.actor) if record else "",
            "reason": record.reason if record else "", "at": told(effect.queued_at)}


FACTS: Mapping[str, Expand] = {
    "action_ineffective": ineffective, "action_referred": referred, "action_uncheckable": uncheckable,
    "action_ended": ended, "action_handed_over": handed_over,
}


def _of_action(look: Look, effect: Effect) -> Facts:
    view = look.view(str(effect.case))
    _, action = action_of(view)
    return {"reference": view.case.reference, "link": f"/actions/{view.case.reference}", "title": look.title(view),
            "owner": look.name(action.owner), "stands": STANDS[view.case.state]}
