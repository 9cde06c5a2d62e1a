"""The cycle's flow on a real Prefect server: what it shows, and what it survives."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from isms_workflow.engine import programmes
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.prefect import server
from isms_workflow.engine.prefect.local import child_environment
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Programme
from isms_workflow.store.tables import audit, deadlines, transitions
from tests.flows.stack import ROOT, Stack
from tests.notify.post_office import PostOffice
from tests.patience import eventually
from tests.world import OPERATOR, World

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.timeout(420)]

HOUR = timedelta(hours=1)
AHEAD = timedelta(seconds=3)
"""From the server's going to the escalation's instant: time enough for one step to be done."""

LATE = timedelta(seconds=2)
"""No escalation may be later; how late they are is measured in `bench/`."""


def history(stack: Stack) -> tuple[int, int]:
    """How much has been recorded of cases, but for what falls due meanwhile."""
    with stack.store.read() as conn:
        return (conn.execute(select(func.count()).select_from(audit).where(
                    audit.c.case_id.is_not(None), audit.c.actor != "clock")).scalar_one(),
                conn.execute(select(func.count()).select_from(transitions)).scalar_one())


def pass_plan(world: World) -> None:
    """PLAN from its first step to its gate."""
    world.pass_phase("plan")


def hasty() -> Programme:
    """The shipped programme, but PLAN's gate is due an hour after it opens, and goes to the ISMS manager at once.

    Whatever the tests before have sent to her, nothing is bundled.
    """
    files = {name: text for name, text in shipped().items() if name != "notifications.yaml"}
    for name, old, new in (
            ("pdca.yaml", "quorum: 2\n      due: 5 working days", "quorum: 2\n      due: 1 hours"),
            ("ladders.yaml", "{to: approvers, offset: 0 days}\n      - {to: isms_manager, offset: 1 working days at 09:00}",
             "{to: isms_manager, offset: 0 hours}")):
        assert old in files[name], f"{name} has changed"
        files[name] = files[name].replace(old, new, 1)
    return parse(files)


@pytest.fixture
def nearly_done(running: Stack) -> Iterator[Stack]:
    """A cycle opened an hour ago under the hasty programme: of PLAN only its last step is owed, and the run waits for it."""
    running.act(lambda world: put_in_force(world, hasty()))
    running.fresh_cycle(ago=HOUR)
    running.world.complete_phase("plan", but="soa")
    eventually("the run waits for the last step", lambda: running.run_is("Suspended")
               and running.run()["state"]["message"].startswith("Waits for step soa"))
    yield running
    running.act(lambda world: put_in_force(world, parse(shipped())))


def put_in_force(world: World, programme: Programme) -> None:
    """Another version, for the cycles to come."""
    with world.sim.write() as (tx, when):
        programmes.apply(tx, programme, OPERATOR, when)


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
    artifact = eventually("the state that the case ended in is shown", lambda: shown(stack, reference, "closed"))
    assert "Okafor" not in artifact["data"]


def shown(stack: Stack, reference: str, state: str) -> Mapping[str, Any] | None:
    """The artifact on the run's page, once it says this state."""
    artifact: Mapping[str, Any] = stack.api("GET", f"/artifacts/{reference.lower()}/latest")
    return artifact if f"# {reference}: {state}" in artifact["data"] else None


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


@pytest.mark.parametrize("by", [signal.SIGSTOP, signal.SIGKILL], ids=["hangs", "refuses"])
def test_escalations_do_not_need_prefect_and_the_run_catches_up(nearly_done: Stack, office: PostOffice,
                                                                by: signal.Signals) -> None:
    """The server is away: a gate opens, escalates on time and is decided; afterwards the flow goes on by itself."""
    stack = nearly_done
    with stack.without_server(by):
        assert not server.reachable(stack.settings, timeout=0.5)
        stack.act(lambda world: world.complete("soa"), at=utc_now() - HOUR + AHEAD)
        gate = stack.world.gate("plan")
        sent = eventually("the escalation's mail is there", lambda: escalations(office, stack), seconds=20)
        due, fired = escalated(stack, gate.id)
        stack.act(lambda world: decide(world, "plan"))
        assert (stack.world.gate("plan").state, stack.state()) == ("passed", "plan")
        assert not server.reachable(stack.settings, timeout=0.5)
    assert sent == ["maria@example.org"]
    assert (due, due <= fired < due + LATE) == (gate.due_at, True), f"due {due}, fired {fired}"
    eventually("DO is open", lambda: stack.state() == "do")
    assert [step.key for step in stack.world.view().steps_of("do") if step.state == "open"]


def decide(world: World, phase: str) -> None:
    """Both approvals that a gate asks for."""
    for who in ("dana", "ravi"):
        world.answer(phase, who)


def escalations(office: PostOffice, stack: Stack) -> list[str]:
    """To whom this cycle's escalations were mailed."""
    reference = stack.world.view().case.reference
    return [str(mail["To"].addresses[0].addr_spec) for mail in list(office.inbox)
            if all(words in str(mail["Subject"]) for words in ("Escalated to you: The gate of PLAN", reference))]


def escalated(stack: Stack, gate: str) -> tuple[datetime, datetime]:
    """When a gate's one escalation fell due, and when it was carried out."""
    with stack.store.read() as conn:
        row = conn.execute(select(deadlines).where(deadlines.c.subject_id == gate, deadlines.c.outcome == "fired")).one()
    return row.due_at, row.noticed_at


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
