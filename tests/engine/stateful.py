"""How state machines are played in tests: the same examples each time, over copies of a migrated database."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def play(machine: type[RuleBasedStateMachine], steps: int) -> None:
    """Twenty examples of so many steps; the invariants hold after every one."""
    run_state_machine_as_test(machine, settings=settings(  # type: ignore[no-untyped-call]
        max_examples=20, stateful_step_count=steps, derandomize=True, print_blob=False,
        phases=(Phase.generate,),  # a failure is told as found: shrinking one takes minutes
        suppress_health_check=list(HealthCheck)))
