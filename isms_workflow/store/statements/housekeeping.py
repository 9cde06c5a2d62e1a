"""Questions of the housekeeping: planned starts, heartbeats, evidence to look at again, rows to forget."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Delete, Select, TextClause, Update, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from isms_workflow.store.statements.upserts import new_only
from isms_workflow.store.tables import (
    answers,
    evidence,
    hook_answers,
    mail_links,
    planned_starts,
    programmes,
    services,
    sources,
)


def last_planned(schedule: str) -> Select[Any]:
    """For planned starts: the instant of a schedule that was handled last."""
    return select(func.max(planned_starts.c.planned_at)).where(planned_starts.c.schedule == schedule)


@cache
def handle_planned() -> TextClause:
    """For planned starts: one row for whoever handles an instant first, none for the others."""
    return new_only(planned_starts, ("schedule", "planned_at"), "handled_at", "outcome")


def started(schedule: str, planned_at: datetime, case: str) -> Update:
    """For planned starts: which case an instant opened."""
    return (update(planned_starts)
            .where(planned_starts.c.schedule == schedule, planned_starts.c.planned_at == planned_at)
            .values(outcome="started", case_id=case))


def planned(limit: int = 50) -> Select[Any]:
    """For the operator: what became of planned starts, newest first."""
    return select(planned_starts).order_by(planned_starts.c.planned_at.desc()).limit(limit)


def applied_versions() -> Select[Any]:
    """For planned starts: since when a schedule stands in the programme; newest version first."""
    return select(programmes.c.digest, programmes.c.applied_at).order_by(programmes.c.applied_at.desc())


def beat(dialect: str) -> Any:
    """For every process: it lives; a later beat overwrites what the earlier said."""
    make = postgresql_insert if dialect == "postgresql" else sqlite_insert
    statement = make(services)
    return statement.on_conflict_do_update(
        index_elements=["name", "process"],
        set_={"seen_at": statement.excluded.seen_at, "facts": statement.excluded.facts,
              "started_at": statement.excluded.started_at},
    )


def silence(name: str, process: str) -> Delete:
    """For a process that ends knowingly: nobody needs to look for it."""
    return delete(services).where(services.c.name == name, services.c.process == process)


def beating() -> Select[Any]:
    """For the health page: every process that was seen, and when."""
    return select(services).order_by(services.c.name, services.c.process)


def ran(name: str, since: datetime, at: datetime) -> Select[Any]:
    """For the clock: whether a process of this name that had begun by `at` was seen since, a beat or two before it."""
    return select(services.c.process).where(services.c.name == name, services.c.started_at <= at, services.c.seen_at >= since)


def forget_services(before: datetime) -> Delete:
    """For the nightly run: processes that haven't been seen for long."""
    return delete(services).where(services.c.seen_at < before)


def forget_answers(before: datetime) -> Delete:
    """For the nightly run: answers whose keys nobody repeats any more."""
    return delete(answers).where(answers.c.answered_at < before)


def forget_mail_links(before: datetime) -> Delete:
    """For the nightly round: links in mails that have expired."""
    return delete(mail_links).where(mail_links.c.expires_at < before)


def forget_hook_answers(before: datetime, mails_before: datetime) -> Delete:
    """For the nightly run: messages of webhooks that are too old to be taken anyway, and mails that have long been moved."""
    of_webhooks = hook_answers.c.source_id.in_(select(sources.c.id).where(sources.c.kind == "webhook"))
    return delete(hook_answers).where(
        or_(and_(of_webhooks, hook_answers.c.answered_at < before), hook_answers.c.answered_at < mails_before))


def files_kept() -> Select[Any]:
    """For the nightly run: how many different files there are."""
    return select(func.count(func.distinct(evidence.c.sha256)))


def files_to_check(limit: int) -> Select[Any]:
    """For the nightly run: the files that were looked at longest ago, those never looked at first."""
    oldest = func.min(func.coalesce(evidence.c.checked_at, datetime.fromisoformat("1970-01-01T00:00:00+00:00")))
    return select(evidence.c.sha256).group_by(evidence.c.sha256).order_by(oldest, evidence.c.sha256).limit(limit)


def files_overdue(before: datetime) -> Select[Any]:
    """For the nightly run: how many files were not looked at since."""
    stale = or_(evidence.c.checked_at.is_(None), evidence.c.checked_at < before)
    return select(func.count(func.distinct(evidence.c.sha256))).where(stale)


def checked(files: Collection[str], now: datetime) -> Update:
    """For the nightly run: these are as they were."""
    return update(evidence).where(evidence.c.sha256.in_(files)).values(checked_at=now, damaged_at=None)


def damaged(sha256: str, now: datetime) -> Update:
    """For the nightly run: this one isn't; the rows that weren't known to be damaged come back."""
    return (update(evidence).where(evidence.c.sha256 == sha256, evidence.c.damaged_at.is_(None))
            .values(checked_at=now, damaged_at=now)
            .returning(evidence.c.id, evidence.c.case_id, evidence.c.step_id))


def still_damaged(sha256: str, now: datetime) -> Update:
    """For the nightly run: it was looked at again, and is damaged as before."""
    return update(evidence).where(evidence.c.sha256 == sha256).values(checked_at=now)
