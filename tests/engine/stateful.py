"""How state machines are played in tests: the same examples each time, over copies of a migrated database."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from isms_workflow.store import audit
from tests.databases import Files, opened


class OnCopy(RuleBasedStateMachine):
    """A machine on a database of its own, on SQLite; `files` are where it gets one, which has been compiled for before."""

    files: Files

    def __init__(self) -> None:
        super().__init__()
        self.address = self.files.make()
        self.store = opened(self.address)

    def teardown(self) -> None:
        """Nothing is left for the next."""
        self.files.take_back(self.address)


class Verified(OnCopy):
    """Whose history is verified in the end."""

    def teardown(self) -> None:
        """Nothing is left, and the chain verifies."""
        with self.store.read() as conn:
            assert audit.verify(conn).ok
        super().teardown()


def play(machine: type[RuleBasedStateMachine], steps: int) -> None:
    """Twenty examples of so many steps; the invariants hold after every one."""
    run_state_machine_as_test(machine, settings=settings(  # type: ignore[no-untyped-call]
        max_examples=20, stateful_step_count=steps, derandomize=True, print_blob=False,
        phases=(Phase.generate,),  # a failure is told as found: shrinking one takes minutes
        suppress_health_check=list(HealthCheck)))
