"""Questions about what reports incidents by itself."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, TextClause, Update, or_, select

from isms_workflow.store.statements.upserts import new_only
from isms_workflow.store.tables import hook_answers, sources


def all_of_them() -> Select[Any]:
    """For administrators: every source, those revoked too, in the order in which they came."""
    return select(sources).order_by(sources.c.id)


def after(source: str, limit: int) -> Select[Any]:
    """For programs: the next so many behind one."""
    return select(sources).where(sources.c.id > source).order_by(sources.c.id).limit(limit)


def of_id(source: str) -> Select[Any]:
    """One source, also if it was revoked."""
    return select(sources).where(sources.c.id == source)


def in_use(kind: str | None = None) -> Select[Any]:
    """For whoever takes reports: the sources that weren't revoked."""
    query = select(sources).where(sources.c.revoked_at.is_(None))
    return query if kind is None else query.where(sources.c.kind == kind)


def named(name: str) -> Select[Any]:
    """For the operator, who names one by its name or id: one in use."""
    return select(sources.c.id).where(or_(sources.c.id == name, sources.c.name == name), sources.c.revoked_at.is_(None))


def revoke(source: str, now: datetime) -> Update:
    """For an administrator; no row if it was revoked already."""
    return (sources.update().where(sources.c.id == source, sources.c.revoked_at.is_(None))
            .values(revoked_at=now).returning(sources.c.id))


@cache
def take() -> TextClause:
    """For a message of a webhook: one row for whoever takes it first, none for its repeats."""
    return new_only(hook_answers, ("source_id", "message"), "answered_at", "request")


def answer(source: str, message: str) -> Select[Any]:
    """For a repeat: what the first was answered."""
    return select(hook_answers).where(hook_answers.c.source_id == source, hook_answers.c.message == message)


def answered(source: str, message: str) -> Update:
    """For the first: what it is answered."""
    return hook_answers.update().where(hook_answers.c.source_id == source, hook_answers.c.message == message)
