"""Erasing a person (GDPR, Article 17): what may go goes, what must stay is named with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, func, null, or_, select, update

from isms_workflow.store.database import Transaction
from isms_workflow.store.tables import (
    answers,
    audit,
    audit_private,
    comments,
    corrective_actions,
    decisions,
    evidence,
    incidents,
    lessons,
    notification_rules,
    outbox,
    people,
    sessions,
    tokens,
    tries,
    veris,
)


@dataclass(frozen=True)
class Stays:
    """Something that is kept: how many of it (None: nobody can count it from here), and why."""

    what: str
    count: int | None
    why: str


ELSEWHERE = (
    Stays("what others wrote about the person", None,
          "only a reader can find it; whoever wrote it corrects it where it stands"),
    Stays("mails already sent, exports and backups", None,
          "they have left this database; erase them where they lie, and here again after restoring an older backup"),
)


@dataclass(frozen=True)
class Erased:
    """What was erased, by name and number of rows, and what stays."""

    what: Mapping[str, int]
    stays: tuple[Stays, ...]


def erase(tx: Transaction, person: str, now: datetime) -> Erased:
    """Erases a person's data beside the chain, on the account, in comments, reports and names of files; the chain still verifies.

    For the command that has checked the right to do so, and writes the record. Doing it again erases nothing more.
    """
    counts = {
        "name and address on the account": _account(tx, person, now),
        "values beside the history": _beside(tx, person, now),
        "comments": tx.execute(
            update(comments).where(comments.c.author == person, comments.c.text.is_not(None))
            .values(text=None, erased_at=now)).rowcount,
        "names of evidence files": tx.execute(
            update(evidence).where(evidence.c.added_by == person, evidence.c.name.is_not(None))
            .values(name=None)).rowcount,
        "reports of incidents": tx.execute(
            update(incidents).where(incidents.c.reported_by == person, incidents.c.title.is_not(None))
            .values(title=None, description=None)).rowcount,
        "titles of corrective actions": tx.execute(
            update(corrective_actions).where(corrective_actions.c.opened_by == person, corrective_actions.c.title.is_not(None))
            .values(title=None, description=None)).rowcount,
        "entries of lessons": tx.execute(
            update(lessons).where(lessons.c.author == person, lessons.c.text.is_not(None))
            .values(text=None, erased_at=now)).rowcount,
        "files that incidents were imported from": tx.execute(
            update(veris).where(veris.c.case_id.in_(select(incidents.c.case_id).where(incidents.c.reported_by == person)),
                                veris.c.document.is_not(None))
            .values(document=null())).rowcount,
        "names of API tokens": tx.execute(
            update(tokens).where(tokens.c.person == person, tokens.c.name != "").values(name="")).rowcount,
        "kept answers of the API": tx.execute(delete(answers).where(answers.c.person == person)).rowcount,
        "what mail servers answered": tx.execute(  # it may name the address
            update(outbox).where(outbox.c.payload["to"].as_string() == person, outbox.c.error.is_not(None))
            .values(error=None)).rowcount + tx.execute(
            update(tries).where(tries.c.message_id.in_(select(outbox.c.id).where(outbox.c.payload["to"].as_string() == person)),
                                tries.c.answer.is_not(None)).values(answer=None)).rowcount,
        "notification rules": tx.execute(
            delete(notification_rules).where(notification_rules.c.person == person)).rowcount,
        "sessions": tx.execute(delete(sessions).where(sessions.c.person == person)).rowcount,
    }
    return Erased({name: count for name, count in counts.items() if count}, _stays(tx, person))


def _account(tx: Transaction, person: str, now: datetime) -> int:
    where = people.c.id == person, people.c.erased_at.is_(None)
    return tx.execute(update(people).where(*where).values(name=None, email=None, password=None, erased_at=now)).rowcount


def _beside(tx: Transaction, person: str, now: datetime) -> int:
    where = audit_private.c.person == person, audit_private.c.erased_at.is_(None)
    return tx.execute(update(audit_private).where(*where).values(value=None, salt=None, erased_at=now)).rowcount


def _stays(tx: Transaction, person: str) -> tuple[Stays, ...]:
    counted = (
        Stays("the account's opaque id", 1, "the history names people by it; nothing else tells whose it was"),
        Stays("records of the history", _count(tx, audit, or_(audit.c.actor == person, audit.c.subject == person)),
              "the chain proves what was decided and when; it holds commitments, not names or texts"),
        Stays("decisions", _count(tx, decisions, decisions.c.person == person),
              "an approval without its giver is worth nothing to an auditor"),
        Stays("evidence files", _count(tx, evidence, evidence.c.added_by == person),
              "decisions rest on their content; it is kept as long as the organisation's retention rule says"),
    )
    return (*(each for each in counted if each.count), *ELSEWHERE)


def _count(tx: Transaction, table: Table, where: ColumnElement[bool]) -> int:
    return int(tx.execute(select(func.count()).select_from(table).where(where)).scalar_one())
