"""Cycles from their first step to their last gate, led by whoever runs the flows; and what became of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, update

from isms_workflow.domain.rules.common import LADDER
from isms_workflow.engine.context import utc_now
from isms_workflow.notify.digest import shared_key, together
from isms_workflow.notify.files import listing
from isms_workflow.programme.load import parse
from isms_workflow.programme.model import Programme
from isms_workflow.store import tables
from isms_workflow.store.database import Store, notify
from tests.patience import eventually
from tests.world import World, found, quiet

LET_UP_S = 150
"""How long services that were killed may take to be at work again: Prefect's server needs ten seconds, and back-off
grows to thirty."""

PHASES = ("plan", "do", "check", "act")


def lead(world: World, fall_due: Callable[[], None], last: Callable[[], None] = lambda: None) -> None:
    """What the people do from a cycle's first step until the next one is open; they wait for each phase to open.

    Twice in a phase `fall_due` is called, before its steps and before its gate; `last` before the very last answer.
    """
    for phase in PHASES:
        eventually(f"{phase} is open", lambda phase=phase: world.view().case.state == phase, LET_UP_S)  # type: ignore[misc]
        fall_due()
        world.complete_phase(phase)
        fall_due()
        world.answer(phase, "dana")
        if phase == PHASES[-1]:
            last()
        world.answer(phase, "ravi")
    eventually("the cycle is closed", lambda: world.view().case.closed_at is not None, LET_UP_S)
    world.case = world.open_case()
    eventually("the next cycle has begun", lambda: world.view().case.state == PHASES[0], LET_UP_S)


def bring_forward(store: Store, now: datetime) -> None:
    """Whatever somebody is reminded of next falls due now."""
    with store.write() as tx:
        tx.execute(update(tables.deadlines).where(tables.deadlines.c.settled_at.is_(None),
                                                  tables.deadlines.c.event == LADDER).values(due_at=now))
        notify(tx)


def overdue(store: Store) -> int:
    """How many deadlines wait for a clock."""
    d = tables.deadlines.c
    with store.read() as conn:
        return int(conn.execute(select(func.count()).where(d.settled_at.is_(None), d.due_at <= utc_now())).scalar_one())


def unbundled() -> Programme:
    """A quiet programme under which each mail leaves by itself: a year's work in minutes is a flood, and a bundle waits for ten."""
    return parse({name: text for name, text in quiet().items() if name != "notifications.yaml"})


def undisturbed(store: Store, start: datetime, cycles: int) -> Mapping[str, Any]:
    """What becomes of the same cycles in the simulator."""
    world = found(store, programme=unbundled(), start=start)
    world.open_cycle()

    def fall_due() -> None:
        bring_forward(store, world.now)
        world.advance(seconds=1)

    for _ in range(cycles):
        lead(world, fall_due)
    return outcome(store)


def outcome(store: Store) -> Mapping[str, Any]:
    """What became of everything, without ids and instants."""
    with store.read() as conn:
        return {"cases": _rows(conn, tables.cases.c.state, tables.cases.c.wake_wanted > tables.cases.c.wake_seen),
                "steps": _rows(conn, tables.steps.c.key, tables.steps.c.state),
                "gates": _rows(conn, tables.gates.c.name, tables.gates.c.round, tables.gates.c.state),
                "decisions": _decisions(conn),
                "transitions": _rows(conn, *(tables.transitions.c[name] for name in (
                    "subject", "event", "from_state", "to_state"))),
                "deadlines": _rows(conn, *(tables.deadlines.c[name] for name in (
                    "subject", "event", "level", "repeat", "outcome"))),
                "records": _rows(conn, tables.audit.c.kind),
                "mails": _mails(conn)}


def _rows(conn: Connection, *columns: Any) -> Counter[tuple[Any, ...]]:
    """How often each of these stands beside a case's reference."""
    table = next(c.table for c in columns if hasattr(c, "table"))
    query = select(tables.cases.c.reference, *columns)
    if table is not tables.cases:
        query = query.join_from(tables.cases, table, table.c.case_id == tables.cases.c.id)
    return Counter(tuple(row) for row in conn.execute(query))


def _decisions(conn: Connection) -> Counter[tuple[Any, ...]]:
    """How often each was given."""
    g, d = tables.gates.c, tables.decisions.c
    return Counter(tuple(row) for row in conn.execute(
        select(tables.cases.c.reference, g.name, g.round, d.responsibility, d.answer, d.voided_at).join_from(
            tables.cases, tables.gates, g.case_id == tables.cases.c.id).join(tables.decisions, d.gate_id == g.id)))


def _mails(conn: Connection) -> Counter[tuple[Any, ...]]:
    """How often each notice of a cycle was put into the outbox; what operators are told of outages is of no cycle."""
    o = tables.outbox.c
    rows = conn.execute(select(tables.cases.c.reference, o.payload).join_from(
        tables.outbox, tables.cases, o.case_id == tables.cases.c.id).where(o.channel == "mail"))
    return Counter((row.reference, row.payload["notice"]) for row in rows)


def lost_mails(store: Store, folder: Path) -> list[str]:
    """The keys of mails that are called sent although their letter, alone or with what left beside them, isn't there."""
    o = tables.outbox.c
    with store.read() as conn:
        sent = conn.execute(select(o.key, o.case_id.label("case"), o.payload, o.sensitive, o.settled_at).where(
            o.channel == "mail", o.outcome == "sent").order_by(o.settled_at)).all()
    left = [group for _, batch in groupby(sent, lambda row: row.settled_at) for group in together(batch)]  # what left at once
    there = {letter.key for letter in listing(folder, limit=100_000)}
    return [each[0].key for each in left if (shared_key(each) if len(each) > 1 else each[0].key) not in there]


def fired(store: Store) -> Counter[str]:
    """How many records tell of each deadline that fired."""
    with store.read() as conn:
        bodies = conn.execute(select(tables.audit.c.body).where(tables.audit.c.kind == "deadline.expired")).scalars()
        return Counter(json.loads(body)["data"]["deadline"] for body in bodies)
