"""Questions about what a mail says, asked when it leaves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select

from isms_workflow.store.statements.among import among
from isms_workflow.store.tables import (
    audit,
    audit_private,
    cases,
    channels,
    deadlines,
    organisation,
    outbox,
    people,
    programmes,
    reached,
    sources,
    transitions,
)


def person(person_id: str) -> Select[Any]:
    """Who a mail is for, as they are now."""
    return select(people).where(people.c.id == person_id)


def names() -> Select[Any]:
    """What people are called; null once erased."""
    return select(people.c.id, people.c.name)


def source_names() -> Select[Any]:
    """What the sources that report by themselves are called."""
    return select(sources.c.id, sources.c.kind, sources.c.name)


def organisation_name() -> Select[Any]:
    """Whose ISMS it is."""
    return select(organisation.c.name)


def armed(subject: str) -> Select[Any]:
    """What is armed for a case, step or gate itself, earliest first."""
    return (select(deadlines).where(deadlines.c.subject_id == subject, deadlines.c.settled_at.is_(None))
            .order_by(deadlines.c.due_at))


def armed_of_each(cases_of: Collection[str]) -> Select[Any]:
    """The same of many cases themselves."""
    return (select(deadlines).where(among(deadlines.c.subject_id, cases_of), deadlines.c.settled_at.is_(None))
            .order_by(deadlines.c.due_at))


def reached_of(case: str) -> Select[Any]:
    """Whom a ladder of the case has reached."""
    return select(reached.c.person).where(reached.c.case_id == case)


def reached_of_each(ids: Collection[str]) -> Select[Any]:
    """The same of many cases at once, each with its case."""
    return select(reached.c.case_id, reached.c.person).where(among(reached.c.case_id, ids))


def last_record(kind: str, subject: str, case: str | None) -> Select[Any]:
    """The newest record of a kind about something; `case` finds it in the index where it belongs to one."""
    query = select(audit).where(audit.c.kind == kind, audit.c.subject == subject)
    query = query if case is None else query.where(audit.c.case_id == case)
    return query.order_by(audit.c.seq.desc()).limit(1)


def records_at(kind: str, happened: datetime, cases_of: Collection[str]) -> Select[Any]:
    """The records of a kind about these cases that happened at one instant."""
    return (select(audit.c.subject, audit.c.case_id, audit.c.body)
            .where(among(audit.c.case_id, cases_of), audit.c.kind == kind, audit.c.happened_at == happened)
            .order_by(audit.c.seq))


def private(seq: int, field: str) -> Select[Any]:
    """A free text beside a record; null once erased."""
    return select(audit_private.c.value).where(audit_private.c.seq == seq, audit_private.c.field == field)


def successor(kind: str, closed_at: datetime) -> Select[Any]:
    """The reference of the case that was opened when another closed."""
    return (select(cases.c.reference).where(cases.c.kind == kind, cases.c.opened_at >= closed_at)
            .order_by(cases.c.opened_at, cases.c.id).limit(1))


def message(message_id: str) -> Select[Any]:
    """A message that was refused."""
    return select(outbox).where(outbox.c.id == message_id)


def deadline(deadline_id: str) -> Select[Any]:
    """A deadline that was set aside."""
    return select(deadlines).where(deadlines.c.id == deadline_id)


def outage(channel: str) -> Select[Any]:
    """What a channel that can't be reached said last."""
    return select(channels.c.error).where(channels.c.name == channel)


def applied(digest: str) -> Select[Any]:
    """Who put a version of the programme in force, and when."""
    return select(programmes.c.applied_by, programmes.c.applied_at).where(programmes.c.digest == digest)


def cases_lately(since: datetime) -> Select[Any]:
    """For digests: the cases that are open, or ended after an instant."""
    return select(cases.c.id).where(or_(cases.c.closed_at.is_(None), cases.c.closed_at > since)).order_by(cases.c.id)


def moves_since(since: datetime, of: Collection[str]) -> Select[Any]:
    """For digests: what moved in these cases, but for steps, whose owners know."""
    return (select(transitions)
            .where(transitions.c.case_id.in_(of), transitions.c.noticed_at > since, transitions.c.subject != "step",
                   transitions.c.from_state != transitions.c.to_state)
            .order_by(transitions.c.audit_seq))


def levels(case: str, since: datetime, until: datetime) -> Select[Any]:
    """For an incident's mail: the levels that were carried out within a time, and when each had fallen due."""
    return select(audit.c.happened_at, audit.c.noticed_at).where(
        audit.c.case_id == case, audit.c.subject == case, audit.c.kind.in_(("deadline.expired", "deadline.skipped")),
        audit.c.noticed_at >= since, audit.c.noticed_at <= until)
