"""Commands on what reports incidents by itself: made and revoked by administrators, and the operator."""

from __future__ import annotations

from collections.abc import Sequence

from isms_workflow.domain.access import Action
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.people import Actor
from isms_workflow.domain.records import AuditRecord, Scalar, SourceRecord
from isms_workflow.domain.refusals import Missing, Unknown, Wrong
from isms_workflow.domain.times import When
from isms_workflow.engine import programmes, register
from isms_workflow.engine.accounts import authority
from isms_workflow.engine.commands.common import in_turn
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.store import audit
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import sources as questions
from isms_workflow.store.tables import sources

LONGEST_NAME = 80
KINDS = ("webhook", "maildir", "imap")
MAILBOXES = ("maildir", "imap")
"""Of each there is one, which the settings name."""


def add(tx: Transaction, name: str, kind: str, category: str, systems: Sequence[str], actor: Actor, when: When) -> str:
    """A source may report from now on; returns its id. `category` and `systems` are for reports that name none.

    Raises `NotPermitted`, `Wrong` naming the field, and `Missing` while the programme says nothing of incidents.
    """
    in_turn(tx)
    authority.require(tx, actor, Action.ADMIN, "Making a source", when.noticed)
    name = _checked(tx, name, kind, category)
    known = register.by_ids(tx, systems)
    for each in systems:
        if each not in known:
            raise Wrong("systems", each, "name systems of the register")
    source, kept = new_id(), list(dict.fromkeys(systems))
    tx.execute(sources.insert(), {"id": source, "name": name, "kind": kind, "category": category, "systems": kept,
                                  "made_by": actor.id, "made_at": when.happened})
    facts: dict[str, Scalar] = {"kind": kind, "category": category, "systems": " ".join(kept)}
    _record(tx, SourceRecord.ADDED, source, actor, when, facts, {"name": name})
    return source


def _checked(tx: Transaction, name: str, kind: str, category: str) -> str:
    found = " ".join(name.split())
    if not 0 < len(found) <= LONGEST_NAME or not found.isprintable():
        raise Wrong("name", name[:40], f"say in 1 to {LONGEST_NAME} characters what reports")
    if kind not in KINDS:
        raise Wrong("kind", kind, f"one of {', '.join(KINDS)}")
    workflow = programmes.in_force(tx).programme.workflows.get("incident")
    if not isinstance(workflow, IncidentWorkflow):
        raise Missing("a source", "the programme in force says nothing of incidents")
    if category not in {each.id for each in workflow.categories}:
        raise Wrong("category", category, f"one of {', '.join(each.id for each in workflow.categories)}")
    for row in tx.execute(questions.in_use()):
        if row.name == found:
            raise Wrong("name", found, "a source in use has this name; choose another, or revoke that one")
        if row.kind == kind and kind in MAILBOXES:
            raise Wrong("kind", kind, f"there is one mailbox of this kind, and {row.name} reports from it; revoke that first")
    return found


def revoke(tx: Transaction, source: str, actor: Actor, when: When) -> None:
    """Nothing of it is taken from now on. Raises `NotPermitted`, and `Unknown` if there is none in use."""
    authority.require(tx, actor, Action.ADMIN, "Revoking a source", when.noticed)
    if tx.execute(questions.revoke(source, when.happened)).first() is None:
        raise Unknown("source in use", source)
    _record(tx, SourceRecord.REVOKED, source, actor, when, {}, {})


def _record(tx: Transaction, kind: SourceRecord, source: str, actor: Actor, when: When, facts: dict[str, Scalar],
            private: dict[str, str]) -> None:
    audit.append(tx, [AuditRecord(kind, actor.id, when.happened, when.noticed, None, source,
                                  {**facts, "channel": actor.channel}, private)])
