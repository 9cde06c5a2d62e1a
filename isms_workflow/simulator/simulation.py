"""A simulation: one store, a time that is moved by hand, and flows run in place whenever they are woken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from sqlalchemy import select

from flows.corrective_action import corrective_action
from flows.incident import incident
from flows.pdca import pdca
from isms_workflow.domain.times import When, utc
from isms_workflow.engine import clock
from isms_workflow.engine.context import CONTEXT, Context
from isms_workflow.store.database import Store, Transaction
from isms_workflow.store.tables import cases

FLOWS: Mapping[str, Callable[[str], Any]] = {"pdca": pdca.fn, "incident": incident.fn, "corrective_action": corrective_action.fn}
"""The bodies of the flows, by kind of case."""


class Suspended(Exception):
    """The body waits; in Prefect its process would end here."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass
class Simulation:
    """Time is `now`, and passes only by `advance`. `said` holds what each case's flow last waited for."""

    store: Store
    now: datetime
    said: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def write(self) -> Iterator[tuple[Transaction, When]]:
        """One command by a person at this instant; afterwards woken flows run."""
        with self.store.write() as tx:
            yield tx, When.at(self.now)
        self.run_flows()

    def advance(self, until: datetime) -> None:
        """Lets time pass: each deadline is carried out at its own instant, and woken flows run at once."""
        until = utc(until)
        while (due := clock.earliest(self.store)) is not None and due <= until:
            self.now = max(self.now, due)
            while clock.turn(self.store, self.now):
                pass
            self.run_flows()
        self.now = max(self.now, until)

    def pass_time(self, **spans: float) -> None:
        """`advance` by so many days, hours, …"""
        self.advance(self.now + timedelta(**spans))

    def run_flows(self) -> None:
        """Runs the flow of every woken case until none is woken any more."""
        while woken := self._woken():
            for case, kind in woken:
                self.run_flow(case, kind)

    def run_flow(self, case: str, kind: str = "pdca") -> None:
        """Runs a case's flow from the top, as a resume does, until it waits or ends."""
        token = CONTEXT.set(Context(self.store, lambda: self.now, lambda: None, _suspend))
        try:
            FLOWS[kind](case)
            self.said[case] = "ended"
        except Suspended as waiting:
            self.said[case] = waiting.message
        finally:
            CONTEXT.reset(token)

    def _woken(self) -> list[tuple[str, str]]:
        with self.store.read() as conn:
            rows = conn.execute(select(cases.c.id, cases.c.kind).where(cases.c.wake_wanted > cases.c.wake_seen)
                                .order_by(cases.c.id)).all()
        return [(row.id, row.kind) for row in rows]


def _suspend(message: str) -> NoReturn:
    raise Suspended(message)
