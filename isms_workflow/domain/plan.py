"""Everything that one decision would write: data, compared whole in a test, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import chain
from operator import add, attrgetter
from typing import Any, Literal

from isms_workflow.domain.messages import Message
from isms_workflow.domain.records import AuditRecord

Subject = Literal["case", "step", "gate"]


@dataclass(frozen=True, slots=True)
class Change:
    """Compare-and-set of one row on (id, version), with the one line of history that says so.

    One that `follows` is told of behind the plan's own records: what they say is why.
    """

    subject: Subject
    id: str
    seen: int
    event: str
    frm: str
    to: str
    line: AuditRecord
    sets: Mapping[str, Any] = field(default_factory=dict)
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Insert:
    """A new row; tables are named so that the domain needs no SQL."""

    table: Literal["cases", "steps", "gates", "decisions", "dispositions", "evidence", "comments", "systems", "incidents",
                   "incident_systems", "occurrences", "stops", "overrides", "rotation_orders", "corrective_actions", "corrective_owners",
                   "lessons", "obligation_answers", "obligation_events", "veris"]
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Amend:
    """Compare-and-set on (id, version) of a row that has no machine: an entry of a register. It adds one to the version."""

    table: Literal["systems"]
    id: str
    seen: int
    sets: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Beside:
    """New values in a row that stands beside a case, without a version of its own: the same plan changes or locks the case."""

    table: Literal["incidents", "corrective_actions", "lessons", "obligation_events"]
    id: str
    sets: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Arm:
    """A deadline to arm; `rule` is what its instant is recomputed from."""

    case: str
    subject: Subject
    subject_id: str
    event: str
    due_at: datetime
    ladder: str | None = None
    level: int | None = None
    repeat: int = 0
    rule: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The writes of one decision. Plans add up; `write` carries out the sum in one transaction.

    `cancel` names (subject id, event) pairs whose armed deadlines end unfired, `void` the decisions
    that no longer count, `wake` the cases whose flow has something new to read, `reach` the people
    whom a ladder reached, `beside` what changes in rows beside a case, `end` the stops that end, and when.
    """

    insert: tuple[Insert, ...] = ()
    change: tuple[Change, ...] = ()
    beside: tuple[Beside, ...] = ()
    end: tuple[tuple[str, datetime], ...] = ()
    cancel: tuple[tuple[str, str], ...] = ()
    arm: tuple[Arm, ...] = ()
    void: tuple[str, ...] = ()
    withdraw: tuple[str, ...] = ()
    reach: tuple[tuple[str, str], ...] = ()
    wake: tuple[str, ...] = ()
    send: tuple[Message, ...] = ()
    record: tuple[AuditRecord, ...] = ()
    amend: tuple[Amend, ...] = ()

    def __add__(self, other: Plan) -> Plan:
        return Plan(*map(add, _parts(self), _parts(other)))


_parts: Callable[[Plan], tuple[Any, ...]] = attrgetter(*(each.name for each in fields(Plan)))


def total(plans: Iterable[Plan]) -> Plan:
    """All of them, in order, as one."""
    parts = list(plans)
    return parts[0] if len(parts) == 1 else Plan(*(tuple(chain.from_iterable(each)) for each in zip(*map(_parts, parts), strict=True)))
