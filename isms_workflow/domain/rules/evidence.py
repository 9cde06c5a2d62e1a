"""Files and remarks on a step: what a gate covers changes with them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from isms_workflow.domain.access import Action, permits
from isms_workflow.domain.machine import OWNER, rule
from isms_workflow.domain.people import ISMS_MANAGER, Actor
from isms_workflow.domain.plan import Insert, Plan
from isms_workflow.domain.records import EvidenceRecord, Scalar, StepRecord
from isms_workflow.domain.refusals import Missing, Unknown, Wrong
from isms_workflow.domain.rules import gates, steps
from isms_workflow.domain.rules.common import after, entitled, named, reasoned, record
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView, Comment, Evidence, Step


@dataclass(frozen=True, slots=True)
class Committed:
    """A text with the salt of the commitment that stands for it, in the chain and in what a gate covers."""

    text: str
    salt: bytes


ADD = rule("evidence", {"open", "done"}, None, OWNER, ISMS_MANAGER)


def may(view: CaseView, step: Step, actor: Actor) -> None:
    """Nothing, or why the actor can't lay a file before the gate or take one away: `NotYours`, `Frozen`, `Missing`."""
    steps.touch(view, step)
    if step.state not in ADD.frm:
        raise Missing(f"evidence for {named(view, step)}", f"the step is {step.state}")
    entitled(view, ADD, actor, named(view, step), step, step.phase)


def deletes(view: CaseView, actor: Actor) -> bool:
    """Whether somebody's access role lets them take away uploads that aren't used yet."""
    person = view.directory.people.get(actor.id)
    return person is not None and person.active and permits(person.role, Action.DELETE)


def add(view: CaseView, step: Step, item: Evidence, replaces: str | None, row: dict[str, object], name: Committed,
        actor: Actor, when: When) -> Plan:
    """The owner, a deputy or the ISMS manager lays a file before the gate; replacing one withdraws the old version."""
    may(view, step, actor)
    kept = step.evidence
    if replaces is not None:
        kept = tuple(replace(e, withdrawn=True) if e.id == replaces else e for e in kept)
        if kept == step.evidence:
            raise Unknown("evidence", replaces)
    kind = EvidenceRecord.REPLACED if replaces else EvidenceRecord.ADDED
    facts: dict[str, Scalar] = {"evidence": item.id, "sha256": item.sha256, "replaces": replaces,
                                "size": int(str(row["size"]))}
    line = replace(record(kind, view, step.id, actor, when, facts), private={"name": name.text},
                   salts={"name": name.salt})
    then = after(view, replace(step, evidence=(*kept, item)))
    then = replace(then, workers=then.workers | {(step.id, actor.id)})
    return Plan(insert=(Insert("evidence", row),), withdraw=(replaces,) if replaces else (),
                record=(line,)) + gates.recover(view, then, step.phase, actor, when)


def withdraw(view: CaseView, step: Step, item: str, reason: str, actor: Actor, when: When) -> Plan:
    """A file no longer counts; it stays in the store and in the history. Only while its step is open: no gate has it yet.

    Whoever may add files may, and whose access role deletes: an administrator takes away what doesn't belong here.
    """
    if deletes(view, actor):
        steps.touch(view, step)
    else:
        may(view, step, actor)
    found = next((e for e in step.evidence if e.id == item and not e.withdrawn), None)
    if found is None:
        raise Unknown("evidence", item)
    if step.state == "done":
        raise Wrong("evidence", item, "the step is complete: replace the file, or have the step reopened")
    why = reasoned("withdraw evidence", reason)
    line = record(EvidenceRecord.WITHDRAWN, view, step.id, actor, when, {"evidence": item, "sha256": found.sha256}, why)
    return Plan(withdraw=(item,), record=(line,))


def comment(view: CaseView, step: Step, item: Comment, row: dict[str, object], text: Committed, actor: Actor,
            when: When) -> Plan:
    """A remark of anybody who may write and sees the case; it is part of what the gate covers."""
    steps.touch(view, step)
    if not view.directory.is_active(actor.id):
        raise Wrong("person", actor.id, "only an active person with role user or admin comments")
    line = replace(record(StepRecord.COMMENTED, view, step.id, actor, when, {"comment": item.id}),
                   private={"text": text.text}, salts={"text": text.salt})
    then = after(view, replace(step, comments=(*step.comments, item)))
    return Plan(insert=(Insert("comments", row),), record=(line,)) + gates.recover(view, then, step.phase, actor, when)
