"""Files that come with an incident's report: kept as it was sent, under the incident's label, for whoever may see it.

They are evidence of the incident itself: no step is done by them, and no gate asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from isms_workflow.domain.clocks import incidents_of
from isms_workflow.domain.people import Actor
from isms_workflow.domain.plan import Insert, Plan
from isms_workflow.domain.records import AuditRecord, EvidenceRecord, Scalar
from isms_workflow.domain.refusals import NotAllowed, NotYours, Wrong
from isms_workflow.domain.rules.common import record
from isms_workflow.domain.rules.evidence import Committed
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView

AT_ONCE = 10
"""Files that one report brings."""

MOST = 50
"""Files that an incident takes from whoever reports it; what is more belongs in an archive."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is stored already, as its row, and its name."""

    row: Mapping[str, Any]
    name: Committed


def attach(view: CaseView, files: Sequence[Attachment], kept: int, actor: Actor, when: When) -> Plan:
    """Whoever reported the incident adds files to what they said; `kept` are there already.

    Raises `NotYours`, `NotAllowed` after the incident's end, `Wrong` if they are too many.
    """
    may(view, actor)
    enough(len(files), kept)
    return Plan(insert=tuple(Insert("evidence", each.row) for each in files),
                record=tuple(_line(view, each, actor, when) for each in files))


def may(view: CaseView, actor: Actor) -> None:
    """Nothing, or why the actor can't: `NotYours`, `NotAllowed`. Whoever answers the incident has its steps for files."""
    _, incident = incidents_of(view)
    if actor.id not in (incident.reported_by, incident.source):
        raise NotYours(f"a file to the report of {view.case.reference}", "attach", "whoever reported it; others add theirs to a step")
    if view.case.closed_at is not None:
        raise NotAllowed(view.case.reference, "attach a file", view.case.state, ())


def enough(new: int, kept: int = 0) -> None:
    """Raise `Wrong` if there are more files than a report brings, or an incident takes."""
    if new > AT_ONCE:
        raise Wrong("files", f"{new} files", f"at most {AT_ONCE} at once: put them into one archive")
    if new + kept > MOST:
        raise Wrong("files", f"{new + kept} files", f"at most {MOST} for an incident: put them into one archive")


def _line(view: CaseView, file: Attachment, actor: Actor, when: When) -> AuditRecord:
    facts: dict[str, Scalar] = {"evidence": str(file.row["id"]), "sha256": str(file.row["sha256"]), "replaces": None,
                                "size": int(file.row["size"])}
    line = record(EvidenceRecord.ADDED, view, view.case.id, actor, when, facts)
    return replace(line, private={"name": file.name.text}, salts={"name": file.name.salt})
