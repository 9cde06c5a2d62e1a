"""How state machines are played in tests: the same examples each time, over copies of a migrated database."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from isms_workflow.store import audit
from isms_workflow.store.database import open_store


class OnCopy(RuleBasedStateMachine):
    """A machine on a database of its own, on SQLite; `template` is the migrated one that is copied."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        file = Path(self.folder.name) / "isms.db"
        shutil.copyfile(self.template, file)
        self.store = open_store(f"sqlite:///{file}")

    def teardown(self) -> None:
        """Nothing is left."""
        self.store.close()
        self.folder.cleanup()


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
