"""The cycle's flow on a real Prefect server: what it shows, and what it survives."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import func, select

from isms_workflow.engine.prefect.local import child_environment
from isms_workflow.store.tables import audit, transitions
from tests.flows.stack import ROOT, Stack
from tests.patience import eventually
from tests.world import World

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.timeout(420)]


def history(stack: Stack) -> tuple[int, int]:
    """How much has been recorded."""
    with stack.store.read() as conn:
        return (conn.execute(select(func.count()).select_from(audit)).scalar_one(),
                conn.execute(select(func.count()).select_from(transitions)).scalar_one())


def pass_plan(world: World) -> None:
    """PLAN from its first step to its gate."""
    world.pass_phase("plan")


def test_the_run_says_what_it_waits_for_and_is_resumed_to_the_end(stack: Stack) -> None:
    """Suspended with its reason, resumed by decisions, completed; named and tagged after its case."""
    eventually("the run waits", lambda: stack.run_is("Suspended"))
    run = stack.run()
    reference = stack.world.view().case.reference
    assert (run["name"], "kind:pdca" in run["tags"]) == (reference, True)
    assert run["state"]["message"].startswith("Waits for step scope (isms_manager, due ")
    for phase, then in (("plan", "do"), ("do", "check"), ("check", "act"), ("act", "closed")):
        stack.act(lambda world, phase=phase: world.pass_phase(phase))  # type: ignore[misc]
        eventually(f"{phase} is followed by {then}", lambda then=then: stack.state() == then)  # type: ignore[misc]
    eventually("the run has completed", lambda: stack.run_is("Completed"))
    assert stack.world.open_case() != stack.world.case
    artifact = eventually("the running state is shown", lambda: stack.api("GET", f"/artifacts/{reference.lower()}/latest"))
    assert reference in artifact["data"]
    assert "Okafor" not in artifact["data"]


def test_resumed_by_hand_with_nothing_decided_it_suspends_again(stack: Stack) -> None:
    """Five times; and nothing has happened by it."""
    eventually("the run waits", lambda: stack.run_is("Suspended"))
    before = history(stack)
    for _ in range(5):
        since = stack.run()["state"]["timestamp"]
        stack.api("POST", f"/flow_runs/{stack.run()['id']}/resume", {})
        eventually("the run waits again", lambda since=since: stack.run_is("Suspended")  # type: ignore[misc]
                   and stack.run()["state"]["timestamp"] > since)
    assert history(stack) == before


def test_the_clock_does_not_need_prefect_and_the_run_catches_up(stack: Stack) -> None:
    """While the server is away people decide and deadlines fire; afterwards the flow goes on by itself."""
    eventually("the run waits", lambda: stack.run_is("Suspended"))
    stack.kill("server")
    stack.act(pass_plan)
    assert stack.world.gate("plan").state == "passed"
    stack.start_server()
    eventually("DO is open", lambda: stack.state() == "do")


def test_a_worker_killed_in_the_middle_of_a_run_loses_nothing(stack: Stack) -> None:
    """Its run stays Running for ever; the case gets another."""
    eventually("the run waits", lambda: stack.run_is("Suspended"))
    stack.act(pass_plan)
    eventually("the run is taken", lambda: not stack.run_is("Suspended") or stack.state() == "do")
    stack.kill("worker")
    stack.start("worker", "worker")
    eventually("DO is open", lambda: stack.state() == "do", seconds=100)
    eventually("a run waits in DO", lambda: stack.run_is("Suspended"), seconds=100)


@pytest.mark.parametrize("while_it", ["waits", "runs"])
def test_a_run_cancelled_by_the_operator_is_followed_by_another(stack: Stack, while_it: str) -> None:
    """Cancelling a run in Prefect's UI cancels no cycle: the next decision moves it."""
    eventually("the run waits", lambda: stack.run_is("Suspended"))
    cancelled = stack.run()["id"]
    if while_it == "runs":
        stack.act(pass_plan)
    state = {"type": "CANCELLING", "name": "Cancelling"} if while_it == "runs" else {"type": "CANCELLED",
                                                                                      "name": "Cancelled"}
    stack.api("POST", f"/flow_runs/{cancelled}/set_state", {"state": state, "force": True})
    if while_it == "waits":
        stack.act(pass_plan)
    eventually("DO is open", lambda: stack.state() == "do")
    eventually("another run waits", lambda: stack.run_is("Suspended") and stack.run()["id"])


def test_prefect_may_forget_everything(stack: Stack) -> None:
    """Its database is deleted: pools and deployments come back by themselves, and the next decision moves the cycle."""
    eventually("the run waits", lambda: stack.run_is("Suspended"))
    stack.lose_prefects_database()
    stack.act(pass_plan)
    eventually("DO is open", lambda: stack.state() == "do", seconds=100)


def test_the_same_flow_runs_on_prefects_process_pool(stack: Stack) -> None:
    """Deployed a second time: in a process of its own it opens store and clock from the settings."""
    eventually("the run waits", lambda: stack.run_is("Suspended"))
    deployment = stack.api("GET", "/deployments/name/pdca/pdca-process")
    run = stack.api("POST", f"/deployments/{deployment['id']}/create_flow_run",
                    {"parameters": {"case": stack.world.case}})
    environment = {**stack.environment, **child_environment(stack.settings), "ISMS_DATA": str(stack.settings.data)}
    done = subprocess.run([sys.executable, "-m", "prefect", "worker", "start", "--pool", "isms-process",
                           "--run-once"], env=environment, cwd=ROOT, capture_output=True, timeout=120, check=False)
    found = eventually("the run has ended", lambda: (r := stack.api("GET", f"/flow_runs/{run['id']}"))
                       and r["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED") and r)
    assert (found["state"]["type"], "Nothing to do" in (found["state"]["message"] or "")) == ("COMPLETED", True), (
        done.stderr.decode()[-2000:])
