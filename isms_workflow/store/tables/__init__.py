"""SQLAlchemy tables, by noun."""

from isms_workflow.store.tables.audit import audit, audit_head, audit_private, checkpoints
from isms_workflow.store.tables.base import metadata
from isms_workflow.store.tables.corrective import corrective_actions, corrective_owners
from isms_workflow.store.tables.incidents import incident_systems, incidents, mail_links, occurrences, stops
from isms_workflow.store.tables.lessons import lessons
from isms_workflow.store.tables.notifications import notification_rules, tries
from isms_workflow.store.tables.obligations import obligation_answers, obligation_events
from isms_workflow.store.tables.on_call import overrides, rotation_orders
from isms_workflow.store.tables.people import (
    accesses,
    answers,
    attempts,
    delegations,
    deputies,
    directory_version,
    invitations,
    organisation,
    people,
    programmes,
    responsibilities,
    schema_info,
    services,
    sessions,
    tokens,
)
from isms_workflow.store.tables.sources import hook_answers, sources
from isms_workflow.store.tables.systems import systems
from isms_workflow.store.tables.veris import veris
from isms_workflow.store.tables.work import (
    cases,
    channels,
    comments,
    counters,
    deadlines,
    decisions,
    dispositions,
    evidence,
    gates,
    machine_states,
    outbox,
    planned_starts,
    reached,
    steps,
    transitions,
)

__all__ = [
    "accesses", "answers", "attempts", "audit", "audit_head", "audit_private", "cases", "channels", "checkpoints",
    "comments", "corrective_actions", "corrective_owners", "counters", "deadlines", "decisions", "delegations", "deputies", "directory_version", "dispositions", "evidence", "gates",
    "hook_answers", "incident_systems", "incidents", "invitations", "lessons", "machine_states", "mail_links", "metadata", "notification_rules", "obligation_answers",
    "obligation_events", "occurrences", "organisation", "outbox", "overrides", "people", "planned_starts", "programmes", "reached", "responsibilities", "rotation_orders",
    "schema_info", "services",
    "sessions", "sources", "steps", "stops", "systems", "tokens", "transitions", "tries", "veris",
]
