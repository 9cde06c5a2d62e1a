"""An incident as a VERIS document, valid against the community's schema (veriscommunity.net, edition 1.4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from isms_workflow.domain.calendars import local_date
from isms_workflow.domain.times import iso
from isms_workflow.programme.incidents import IncidentWorkflow

EDITION = "1.4.1"
UNKNOWN = ["Unknown"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is said of an incident: `title` is None once erased, `systems` are names; `zone` is where days are counted."""

    id: str
    reference: str
    state: str
    title: str | None
    description: str | None
    category: str
    severity: str
    reported_at: datetime
    occurred_at: datetime | None
    responded_at: datetime | None
    closed_at: datetime | None
    systems: Sequence[str]
    organisation: str
    zone: str

    @property
    def is_filed(self) -> bool:
        """Nobody here has dealt with it: it came as it is."""
        return self.state == "closed" and self.responded_at is None


def document(facts: Facts, workflow: IncidentWorkflow, kept: dict[str, Any] | None) -> dict[str, Any]:
    """The document: what it was imported from with what has changed since, or one of our own.

    What the format asks for and we don't know is said to be unknown.
    """
    if kept is None:
        return _own(facts, workflow)
    if facts.is_filed:
        return kept
    said = deepcopy(kept)
    if facts.state in ("false_positive", "responding", "resolved", "lessons_learned", "closed"):
        said["security_incident"] = confirmed(facts.state)
    said.update(_impact(facts, workflow, said))
    plus = said.get("plus")
    said["plus"] = {**(plus if isinstance(plus, dict) else {}), **_plus(facts)}
    return said


def _own(facts: Facts, workflow: IncidentWorkflow) -> dict[str, Any]:
    began = local_date(facts.occurred_at or facts.reported_at, facts.zone)
    said = {
        "schema_version": EDITION, "incident_id": facts.id, "source_id": facts.organisation or "isms-workflow",
        "reference": facts.reference, "security_incident": confirmed(facts.state), "summary": _summary(facts),
        "timeline": {"incident": {"year": began.year, "month": began.month, "day": began.day}},
        "action": _action(facts, workflow), "actor": {"unknown": {"notes": "Not recorded."}},
        "asset": {"assets": [{"variety": "Unknown"}], "cloud": UNKNOWN,
                  **({"notes": f"Systems: {', '.join(facts.systems)}"} if facts.systems else {})},
        "discovery_method": {"unknown": True}, "plus": _plus(facts),
    }
    return said | _impact(facts, workflow, said)


def confirmed(state: str) -> str:
    """The format's word for how sure anybody is, by the incident's state."""
    if state == "false_positive":
        return "False positive"
    return "Suspected" if state in ("reported", "triaged") else "Confirmed"


def _summary(facts: Facts) -> str:
    return "\n\n".join(each for each in (facts.title, facts.description) if each) or "Erased."


def _action(facts: Facts, workflow: IncidentWorkflow) -> dict[str, Any]:
    actions = workflow.veris.actions if workflow.veris else {}
    name = next((action for action, category in actions.items() if category == facts.category), "unknown")
    if name == "unknown":
        known = {each.id: each.title for each in workflow.categories}
        return {name: {"notes": known.get(facts.category, facts.category)}}
    more = {"environmental": {}, "social": {"vector": UNKNOWN, "target": UNKNOWN}}.get(name, {"vector": UNKNOWN})
    return {name: {"variety": UNKNOWN, **more}}


def _impact(facts: Facts, workflow: IncidentWorkflow, said: dict[str, Any]) -> dict[str, Any]:
    """The rating for its severity, unless the one that is said gives the same; none where the programme has none."""
    ratings, before = workflow.veris.impact if workflow.veris else {}, said.get("impact", {})
    if ratings.get(before.get("overall_rating")) == facts.severity:
        return {}
    rating = next((rating for rating, severity in ratings.items() if severity == facts.severity), None)
    return {} if rating is None else {"impact": {**before, "overall_rating": rating}}


def _plus(facts: Facts) -> dict[str, Any]:
    """What only we have a word for, in the place that the format leaves to its users."""
    times = {"reported": facts.reported_at, "responded": facts.responded_at, "closed": facts.closed_at}
    return {"reference": facts.reference, "state": facts.state, "severity": facts.severity, "category": facts.category,
            "systems": list(facts.systems), **{name: iso(at) for name, at in times.items() if at}}
