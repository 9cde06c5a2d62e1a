"""Many cases whose deadlines fall due at once, and how to tell what became of them."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, text

from isms_workflow.domain.calendars import DueRule
from isms_workflow.domain.ids import new_id
from isms_workflow.domain.times import iso
from isms_workflow.engine import programmes
from isms_workflow.programme.model import Span
from isms_workflow.store import audit, tables
from isms_workflow.store.database import Store, open_store
from tests.engine.crash.process import main
from tests.world import START, World, found

CASES = 30
DUE = START + timedelta(days=2)
NOW = DUE + timedelta(minutes=5)
HELD = timedelta(minutes=1)
"""What is told late waits some seconds, and the time of these processes stands still."""

LATER = NOW + timedelta(minutes=10)

PROCESSES = multiprocessing.get_context("forkserver")
"""Each is a process of its own, forked off one that has loaded the code: to load it takes longer than to live."""

PROCESSES.set_forkserver_preload(["tests.engine.crash.process"])


class Life:
    """A process from its beginning to its end, which may be sudden."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    @classmethod
    def begin(cls, *arguments: str) -> Life:
        """What `process.main` is told."""
        process = PROCESSES.Process(target=main, args=arguments)
        process.start()
        return cls(process)

    def kill(self) -> None:
        """At once, as `kill -9` does."""
        self._process.kill()

    def wait(self, seconds: float) -> int:
        """How it ended: 0 by itself, else minus the signal that ended it."""
        self._process.join(seconds)
        assert self._process.exitcode is not None, "it is still alive"
        return self._process.exitcode


@dataclass
class Scene:
    """A database with work to do, and the file in which delivered effects are noted."""

    url: str
    store: Store
    file: Path

    def start(self, what: str, now: datetime = NOW, seam: str = "") -> Life:
        """A clock or deliverer process; it dies at the seam if one is named."""
        at = now + HELD if what == "deliver" else now
        return Life.begin(what, self.url, iso(at), str(self.file), seam)

    def finish(self) -> None:
        """A fresh clock and a fresh deliverer do what is left; claims of the dead have run out by then."""
        for what in ("clock", "deliver"):
            assert self.start(what, LATER).wait(60) == 0, f"the {what} that tidies up failed"

    def outcome(self) -> Mapping[str, Any]:
        """What became of everything, without ids: the same for any order and any crash."""
        with self.store.read() as conn:
            return {"cases": _cases(conn), "transitions": _transitions(conn), "deadlines": _deadlines(conn),
                    "messages": _messages(conn), "fired": _fired(conn)}

    def check_chain(self) -> None:
        """The history verifies from the first record to the last."""
        with self.store.read() as conn:
            assert audit.verify(conn).broken is None

    def check_delivered(self, may_repeat: bool) -> None:
        """Every effect was delivered; twice only if a process died between deed and note."""
        counts = Counter(self.file.read_text().split()) if self.file.exists() else Counter()
        with self.store.read() as conn:
            keys = set(conn.execute(select(tables.outbox.c.key)).scalars())
            unsent = conn.execute(select(tables.outbox.c.key).where(tables.outbox.c.settled_at.is_(None))).all()
        assert (set(counts), unsent) == (keys, [])
        assert may_repeat or max(counts.values()) == 1


def prepare(url: str, file: Path) -> Scene:
    """A world, and beside its cycle thirty cases: each a gate that lapses and a step whose owner is reminded."""
    store = open_store(url)
    world = found(store)
    with store.write() as tx:
        tx.execute(text("DROP INDEX one_open_cycle"))  # thirty cycles at once are this test's, not a user's
        version = programmes.in_force(tx)
        rule = DueRule.of(DUE, Span(amount=0, unit="hours"), version.calendar).as_json()
        for number in range(CASES):
            _case(tx, world, f"PDCA-2026-{number + 1:04d}", version.programme.digest, {**rule, "base": iso(DUE)})
    return Scene(url, store, file)


def _case(tx: Connection, world: World, reference: str, programme: str, rule: Mapping[str, Any]) -> None:
    case, gate, step = new_id(), new_id(), new_id()
    common = {"version": 1, "opened_at": START}
    tx.execute(insert(tables.cases).values(id=case, kind="pdca", reference=reference, state="plan", machine_version=1,
                                           programme=programme, label="internal", **common))
    tx.execute(insert(tables.gates).values(id=gate, case_id=case, name="plan", round=1, state="open", digest="0" * 64,
                                           quorum=2, due_at=DUE, **common))
    tx.execute(insert(tables.steps).values(id=step, case_id=case, phase="plan", key="scope", position=0, state="open",
                                           responsibility="isms_manager", owner=world.ids["maria"], due_at=DUE, **common))
    armed = {"case_id": case, "due_at": DUE, "armed_at": START}
    tx.execute(insert(tables.deadlines).values(id=new_id(), subject="gate", subject_id=gate, event="lapse", **armed))
    tx.execute(insert(tables.deadlines).values(id=new_id(), subject="step", subject_id=step, event="ladder", ladder="step",
                                               level=1, rule=rule, **armed))


def _cases(conn: Connection) -> list[tuple[Any, ...]]:
    c = tables.cases.c
    return [tuple(row) for row in conn.execute(select(c.reference, c.state, c.wake_wanted).order_by(c.reference))]


def _transitions(conn: Connection) -> list[tuple[Any, ...]]:
    t, c = tables.transitions.c, tables.cases.c
    return sorted(tuple(row) for row in conn.execute(
        select(c.reference, t.subject, t.event, t.from_state, t.to_state, t.happened_at).join(
            tables.cases, c.id == t.case_id)))


def _deadlines(conn: Connection) -> list[tuple[Any, ...]]:
    d, c = tables.deadlines.c, tables.cases.c
    rows = conn.execute(select(c.reference, d.subject, d.event, d.level, d.repeat, d.due_at, d.outcome).join(
        tables.cases, c.id == d.case_id))
    return sorted(tuple(str(cell) for cell in row) for row in rows)


def _messages(conn: Connection) -> Counter[tuple[Any, ...]]:
    """Events are counted one by one: how many share a message depends on how many fell due together."""
    o, c = tables.outbox.c, tables.cases.c
    references = {row.id: row.reference for row in conn.execute(select(c.id, c.reference))}
    found: Counter[tuple[Any, ...]] = Counter()
    for row in conn.execute(select(o.case_id, o.channel, o.payload)):
        told = row.payload.get("events") or [{"case": row.case_id}]
        what = row.payload.get("notice") or row.payload.get("do")
        found.update((references.get(each["case"]), row.channel, what) for each in told)
    return found


def _fired(conn: Connection) -> Counter[int]:
    """How many audit records tell of each fired deadline: one, or it fired twice."""
    subjects = Counter(conn.execute(select(tables.audit.c.subject).where(
        tables.audit.c.kind.in_(("gate.lapsed", "deadline.expired")))).scalars())
    return Counter(subjects.values())
