"""From an approval to the next phase's steps being open: through outbox, Prefect's server and our worker."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.table import Line, say
from tests.flows.stack import Stack
from tests.patience import eventually

CYCLES = 7
PHASES = (("plan", "do"), ("do", "check"), ("check", "act"))


def run() -> Iterator[Line]:
    """Three hand-overs a cycle, seven cycles; each from the quorum's last approval to the opened phase."""
    say(f"handover: {CYCLES * len(PHASES)} approvals on a real Prefect server and worker")
    with tempfile.TemporaryDirectory(prefix="isms-bench-") as folder:
        stack = Stack.begin(Path(folder))
        try:
            took = [seconds for _ in range(CYCLES) for seconds in _cycle(stack)]
        finally:
            stack.end()
    yield Line("from an approval to the next phase open", f"median {median(took):.2f} s", f"slowest {max(took):.2f} s", "",
               "≤ 2 s")


def _cycle(stack: Stack) -> Iterator[float]:
    stack.fresh_cycle()
    eventually("PLAN is open", lambda: stack.state() == "plan", 120)
    eventually("the run waits", lambda: stack.run_is("Suspended"), 120)
    for phase, then in PHASES:
        stack.act(lambda world, phase=phase: world.complete_phase(phase))
        eventually("the run waits for the gate", lambda: stack.run_is("Suspended"), 120)
        stack.act(lambda world, phase=phase: world.answer(phase, "dana"))
        began = time.perf_counter()
        stack.act(lambda world, phase=phase: world.answer(phase, "ravi"))
        eventually(f"{then} is open", lambda then=then: stack.state() == then)
        yield time.perf_counter() - began
