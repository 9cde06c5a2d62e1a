"""Which cases one reader may see, as a condition: for lists, which never read whole cases."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, false, or_

from isms_workflow.store.statements.among import among
from isms_workflow.store.tables import cases, reached, steps


@dataclass(frozen=True, slots=True)
class Eyes:
    """One reader: the labels that their role shows them; as people of cases, the kinds and programmes in which they
    hold an office, the responsibilities they hold, and the people whose named deputy they are.
    """

    person: str
    labels: frozenset[str]
    offices: Collection[tuple[str, str]]
    held: Collection[str]
    stands_in_for: Collection[str]


def seen_by(eyes: Eyes) -> ColumnElement[bool]:
    """For lists: the cases that role and label show; it says of every case what `domain.sight.sees` says."""
    told = exists().where(reached.c.case_id == cases.c.id, reached.c.person == eyes.person)
    owes = exists().where(steps.c.case_id == cases.c.id, theirs(eyes))
    office = or_(false(), *(and_(cases.c.kind == kind, cases.c.programme == digest) for kind, digest in eyes.offices))
    return or_(among(cases.c.label, sorted(eyes.labels)), office, told, owes)


def theirs(eyes: Eyes) -> ColumnElement[bool]:
    """Steps that the reader owns, or stands in at for their owner."""
    deputy = among(steps.c.owner, sorted(eyes.stands_in_for)) if eyes.stands_in_for else false()
    other = and_(steps.c.owner.is_not(None), among(steps.c.responsibility, sorted(eyes.held))) if eyes.held else false()
    return or_(steps.c.owner == eyes.person, deputy, other)
