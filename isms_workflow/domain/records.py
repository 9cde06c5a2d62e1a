"""Everything the history can say: one enum a subject, each value `subject.participle`.

Append only: a kind no longer written stays, because old records bear its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

Scalar = str | int | bool | None
"""What a record may hold: strings, booleans, null, integers below 2**53."""


class CaseRecord(StrEnum):
    """A case as a whole."""

    OPENED = "case.opened"
    MOVED = "case.moved"
    PAUSED = "case.paused"
    RESUMED = "case.resumed"
    MIGRATED = "case.migrated"
    CARRIED = "case.carried"
    DECLINED = "case.declined"


class IncidentRecord(StrEnum):
    """An information security incident, beside what every case does."""

    REPORTED = "incident.reported"
    OCCURRED = "incident.occurred"
    ACKNOWLEDGED = "incident.acknowledged"
    LAPSED = "incident.lapsed"
    ESCALATED = "incident.escalated"
    BREACHED = "incident.breached"
    REASSESSED = "incident.reassessed"
    PAUSED = "incident.paused"
    RESUMED = "incident.resumed"
    REPLANNED = "incident.replanned"
    ABSORBED = "incident.absorbed"
    FILED = "incident.filed"


class CorrectiveRecord(StrEnum):
    """A corrective action, beside what every case does."""

    OPENED = "action.opened"
    HANDED_OVER = "action.handed_over"
    BROUGHT_FORWARD = "action.advanced"
    JUDGED = "action.judged"
    REASSESSED = "action.reassessed"
    REPLANNED = "action.replanned"


class LessonRecord(StrEnum):
    """What is learned from an incident."""

    ADDED = "lesson.added"
    WITHDRAWN = "lesson.withdrawn"
    ANSWERED = "lesson.answered"


class StepRecord(StrEnum):
    """Work that one person owes."""

    ADDED = "step.added"
    OPENED = "step.opened"
    COMPLETED = "step.completed"
    WAIVED = "step.waived"
    REOPENED = "step.reopened"
    EXTENDED = "step.extended"
    REASSIGNED = "step.reassigned"
    COMMENTED = "step.commented"
    CANCELLED = "step.cancelled"
    RETIMED = "step.retimed"


class GateRecord(StrEnum):
    """An approval that a case waits for."""

    OPENED = "gate.opened"
    APPROVED = "gate.approved"
    ANSWERED = "gate.answered"
    PASSED = "gate.passed"
    RETURNED = "gate.returned"
    REJECTED = "gate.rejected"
    LAPSED = "gate.lapsed"
    WITHDRAWN = "gate.withdrawn"
    SUPERSEDED = "gate.superseded"
    VOIDED = "gate.voided"
    CHANGED = "gate.changed"
    RETIMED = "gate.retimed"


class DeadlineRecord(StrEnum):
    """An instant at which something had to happen."""

    EXPIRED = "deadline.expired"
    SKIPPED = "deadline.skipped"
    FAILED = "deadline.failed"
    RETRIED = "deadline.retried"
    RETIMED = "deadline.retimed"


class EvidenceRecord(StrEnum):
    """A file that a decision may rest on."""

    ADDED = "evidence.added"
    REPLACED = "evidence.replaced"
    WITHDRAWN = "evidence.withdrawn"
    DAMAGED = "evidence.damaged"


class PersonRecord(StrEnum):
    """Accounts, responsibilities, deputies and delegations."""

    ADDED = "person.added"
    INVITED = "person.invited"
    ACTIVATED = "person.activated"
    DEACTIVATED = "person.deactivated"
    CHANGED = "person.changed"
    RESET = "person.reset"
    GRANTED = "person.granted"
    REVOKED = "person.revoked"
    DEPUTISED = "person.deputised"
    DELEGATED = "person.delegated"
    UNDELEGATED = "person.undelegated"
    ERASED = "person.erased"
    TOKENED = "person.tokened"
    PREFERRED = "person.preferred"


class ObligationRecord(StrEnum):
    """Reports of an incident that an act, a contract or an insurance asks for."""

    ANSWERED = "obligation.answered"
    DATED = "obligation.dated"
    WITHDRAWN = "obligation.withdrawn"
    SUBMITTED = "obligation.submitted"
    WAIVED = "obligation.waived"
    BREACHED = "obligation.breached"


class SystemRecord(StrEnum):
    """The register of information systems."""

    ADDED = "system.added"
    CHANGED = "system.changed"
    RETIRED = "system.retired"


class OnCallRecord(StrEnum):
    """Who is on call out of their turn."""

    OVERRIDDEN = "on_call.overridden"
    RETURNED = "on_call.returned"
    ORDERED = "on_call.ordered"


class SourceRecord(StrEnum):
    """What reports incidents by itself: webhooks and mailboxes."""

    ADDED = "source.added"
    REVOKED = "source.revoked"


class ProgrammeRecord(StrEnum):
    """The organisation's definition of its ISMS, and the organisation itself."""

    APPLIED = "programme.applied"
    FOUNDED = "programme.founded"


class ChainRecord(StrEnum):
    """The chain about itself."""

    KEYED = "chain.keyed"
    ROTATED = "chain.rotated"
    CHECKED = "chain.checked"
    ACCESSES = "chain.accesses"
    RESTORED = "chain.restored"


class OutboxRecord(StrEnum):
    """Effects that never left."""

    DIED = "outbox.died"
    REVIVED = "outbox.revived"


Kind = (
    CaseRecord
    | IncidentRecord
    | CorrectiveRecord
    | LessonRecord
    | StepRecord
    | GateRecord
    | DeadlineRecord
    | EvidenceRecord
    | PersonRecord
    | ObligationRecord
    | SystemRecord
    | OnCallRecord
    | SourceRecord
    | ProgrammeRecord
    | ChainRecord
    | OutboxRecord
)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One line of the history before it is chained.

    `actor` is a person's opaque id, or one of `engine`, `clock`, `operator`. `data` goes into the
    chain as it is and holds nothing personal; each field of `private` (names, reasons, comments)
    goes there as a commitment only, its value beside it, where it can be erased. `about` is the
    person whose data `private` holds; None: the actor's own. `salts` are given where a row outside the
    chain holds the same commitment; otherwise each field gets a fresh one.
    """

    kind: Kind
    actor: str
    happened: datetime
    noticed: datetime
    case: str | None = None
    subject: str | None = None
    data: Mapping[str, Scalar] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict)
    about: str | None = None
    salts: Mapping[str, bytes] = field(default_factory=dict)
