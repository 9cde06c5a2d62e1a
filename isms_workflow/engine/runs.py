"""A case as its flow sees it: verbs of the business, each asking the truth first. Safe to run again at any time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from isms_workflow.domain.corrective_action import DOING, PLANNING
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.waits import summary, waits
from isms_workflow.engine import leases, reading
from isms_workflow.engine.commands import cases as commands
from isms_workflow.engine.commands import corrective, incidents
from isms_workflow.engine.context import Context, current
from isms_workflow.errors import IsmsError
from isms_workflow.store.database import Transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CaseRun:
    """One execution of a flow's body over a case."""

    case: str
    context: Context

    def look(self) -> CaseView:
        """The truth now; whatever woke us up to here has been read."""
        context = self.context
        with context.store.write() as tx:
            view = reading.view(tx, self.case, context.now(), lock=True)
            leases.saw(tx, self.case, view.case.wake_wanted)
        return view

    def wait(self, until: Callable[[CaseView], bool]) -> CaseView:
        """Suspends until the truth says so; never trusts that being resumed means that the wait is over.

        A case that has ended meanwhile ends the flow with `CaseEnded`.
        """
        while not until(view := self.look()):
            if view.case.closed_at is not None:
                raise CaseEnded(view.case.reference, view.case.state)
            self.context.suspend(summary(waits(view)))
        return view

    def phases(self) -> tuple[str, ...]:
        """The phases of the case's own programme version, in order."""
        return tuple(p.id for p in self.look().workflow.phases)

    def started(self) -> None:
        """Waits until the case has left its first state."""
        self.wait(lambda view: view.case.started_at is not None)

    def entered(self, phase: str) -> None:
        """Waits until the case has come as far as a phase into which people lead it."""
        self.wait(lambda view: view.phase_opened(phase))

    def begin(self, phase: str) -> None:
        """Opens the phase, unless it is open, or done, already."""
        context = self.context
        with context.store.write() as tx:
            moved = commands.begin(tx, self.case, phase, When.at(context.now()))
        if moved:
            log.info("Phase %s is open.", phase, extra={"action": "case.phase_opened", "case": self.case})

    def require_steps(self, phase: str) -> None:
        """Waits until every step of the phase is done or waived."""
        self.wait(lambda view: view.is_settled(phase))

    def pass_gate(self, phase: str) -> None:
        """Waits until the phase's gate has passed, whatever rounds it takes."""
        self.wait(lambda view: (gate := view.latest_gate(phase)) is not None and gate.state == "passed")

    def require_reports(self) -> None:
        """Waits until every report that runs was submitted, or decided not to be owed, and nothing is unanswered."""
        self.wait(lambda view: view.duties is None or not view.duties.hold)

    def require_gates(self) -> None:
        """Waits until every gate has passed: one that was superseded by a reopening passes again before the end."""
        self.wait(lambda view: all((g := view.latest_gate(p.id)) is not None and g.state == "passed"
                                   for p in view.workflow.phases))

    def resolve(self) -> None:
        """Says that an incident's response is over, unless it isn't."""
        self._do(incidents.resolve)

    def learn(self) -> None:
        """Begins an incident's lessons, unless they have begun."""
        self._do(incidents.learn)

    def conclude(self) -> None:
        """Ends an incident, unless it has ended."""
        self._do(incidents.close)

    def plan_action(self) -> None:
        """Goes on from a corrective action's correction to its cause and plan, unless that has happened."""
        self._do(corrective.plan_action)

    def carry_out(self) -> None:
        """Has a corrective action's approved plan carried out, unless that is so."""
        self._do(corrective.carry_out)

    def observe(self) -> None:
        """Leaves a corrective action to show whether it is effective, unless it isn't done, or left already."""
        self._do(corrective.observe)

    def sent_back(self) -> None:
        """Waits until a corrective action is back at its root cause; one that has ended ends the flow."""
        self.wait(lambda view: view.case.state == PLANNING)

    def done(self) -> None:
        """Waits until everything of a corrective action's plan is done, and its plan stands approved."""
        self.wait(lambda view: view.is_settled(DOING) and (gate := view.latest_gate(PLANNING)) is not None
                  and gate.state == "passed")

    def _do(self, command: Callable[[Transaction, str, When], bool]) -> None:
        with self.context.store.write() as tx:
            command(tx, self.case, When.at(self.context.now()))

    def close(self) -> None:
        """Ends the case, which opens the next, unless it has ended already."""
        with self.context.store.write() as tx:
            commands.close(tx, self.case, When.at(self.context.now()))


class CaseEnded(Exception):
    """The case was cancelled, or closed by another run, while the flow waited: there is nothing left to lead."""

    def __init__(self, reference: str, state: str) -> None:
        super().__init__(reference, state)
        self.reference, self.state = reference, state

    def __str__(self) -> str:
        return f"{self.reference} is {self.state}."


@contextmanager
def leading(case: str) -> Iterator[CaseRun]:
    """A body at work on a case: it holds the lease, renews it, and gives it back however it ends but by a crash."""
    context = current()
    lease = leases.take(context.store, case, context.run(), context.now())
    if lease is None:
        yield CaseRun(case, context)
        return
    stop = threading.Event()
    threading.Thread(target=_renew, args=(context, case, lease, stop), daemon=True).start()
    try:
        yield CaseRun(case, context)
    finally:
        stop.set()
        leases.give_back(context.store, case, lease)


def case_run(case: str) -> CaseRun:
    """The case within a body that leads it already: for its tasks."""
    return CaseRun(case, current())


def _renew(context: Context, case: str, lease: str, stop: threading.Event) -> None:
    while not stop.wait(leases.RENEWAL.total_seconds()):
        try:
            leases.renew(context.store, case, lease, context.now())
        except IsmsError as error:  # tried again at the next turn; two may fail before the lease is lost
            log.warning("The lease on %s couldn't be renewed: %s", case, error, extra={"action": "lease.failed"})
