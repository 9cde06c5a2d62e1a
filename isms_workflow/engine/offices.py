"""Who is in office, holds what and stands in for whom, how they want to be told, and which programme is in force: read once
and kept until something of it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.notification import Quiet, Rule, Wishes
from isms_workflow.domain.people import Delegation, Deputy, Directory, Holding, Order, Override, Person
from isms_workflow.store.statements import cases as case_questions
from isms_workflow.store.statements import directory as questions
from isms_workflow.store.statements import notifications, on_call

NEVER = datetime.max.replace(tzinfo=UTC)
MOST = 8
"""Kept at most: a process has one database, seldom two, and somebody may still be reading what was before."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds from `since` on and before `until`, when somebody's time or turn ends by itself.

    `wishes` are those of whoever chose any; `programme` is the digest of the one in force, None before set-up.
    """

    since: datetime
    until: datetime
    directory: Directory
    wishes: Mapping[str, Wishes]
    programme: str | None


_kept: dict[str, Standing] = {}


def directory(tx: Connection, now: datetime) -> Directory:
    """Who holds what at this instant."""
    return standing(tx, now).directory


def standing(tx: Connection, now: datetime, asked: str | None = None) -> Standing:
    """What holds at this instant; `asked` is the token that this transaction was just told of.

    The database draws a new token with every change, so what is kept under a token is what stands there now, in this
    transaction; also where a later one takes the change back.
    """
    token: str | None = asked or tx.execute(questions.version()).scalar()
    found = _kept.get(token or "")
    if found is not None and found.since <= now < found.until:
        return found
    made = _read(tx, now)
    if token is not None and tx.execute(questions.version()).scalar() == token:  # else it changed while we read
        if len(_kept) >= MOST:
            _kept.clear()
        _kept[token] = made
    return made


def _read(tx: Connection, now: datetime) -> Standing:
    rows = tx.execute(questions.all_people()).all()
    people = {row.id: Person(row.id, row.role, row.zone, _active(row, now), row.ends_at) for row in rows}
    deputies = [Deputy(r.person, r.deputy, r.named_by, r.ended_at) for r in tx.execute(questions.deputies_named())]
    delegations = tuple(Delegation(r.person, r.delegate, r.starts_at, r.ends_at, r.given_by)
                        for r in tx.execute(questions.delegations_running(), {"now": now}))
    overrides = tuple(Override(r.id, r.rotation, r.person, r.starts_at, r.ends_at, r.made_by, r.made_at)
                      for r in tx.execute(on_call.running(), {"now": now}))
    ends = (*(p.ends for p in people.values() if p.ends and p.ends > now), *(d.ends for d in delegations), *(o.ends for o in overrides))
    return Standing(now, min(ends, default=NEVER), Directory(
        people,
        tuple(Holding(r.responsibility, r.person, r.granted_at, r.granted_by)
              for r in tx.execute(questions.holdings())),
        tuple(each for each in deputies if each.ended is None),
        delegations,
        tuple(each for each in deputies if each.ended is not None),
        overrides,
        {row.email: row.id for row in rows if row.email},
        tuple(Order(r.id, r.turns, tuple(r.people), r.set_at) for r in tx.execute(on_call.orders())),
    ), {row.person: _wishes(row) for row in tx.execute(notifications.chosen_by())},
        tx.execute(case_questions.programme_in_force()).scalar())


def _active(row: Any, now: datetime) -> bool:
    return row.deactivated_at is None and (row.ends_at is None or row.ends_at > now)


def _wishes(row: Any) -> Wishes:
    quiet = Quiet(time.fromisoformat(row.quiet_from), time.fromisoformat(row.quiet_until)) if row.quiet_from else None
    return Wishes(tuple(Rule(r["channel"], timedelta(seconds=r["delay_s"]), r["what"]) for r in row.rules), quiet, row.zone)
