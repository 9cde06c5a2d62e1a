"""An incident on the running product: Prefect shows it, and its clocks never needed that."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from isms_workflow.engine.context import utc_now
from isms_workflow.store.tables import audit
from tests.engine.incidents import report, respond
from tests.flows.stack import Stack
from tests.notify.post_office import PostOffice
from tests.patience import eventually
from tests.world import World

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.timeout(420)]

MINUTES = timedelta(minutes=1)


def reported(stack: Stack, ago: timedelta = timedelta(0)) -> str:
    """A high incident, reported so long ago; it becomes the case of the stack's world."""
    stack.world.sim.now = utc_now() - ago
    report(stack.world)
    return stack.world.view().case.reference


def test_its_run_waits_for_people_and_ends_with_it(running: Stack) -> None:
    """Suspended while nobody is at it, resumed by what they do; the lessons close it."""
    reference = reported(running)
    eventually("the run waits", lambda: running.run_is("Suspended"))
    run = running.run()
    assert (run["name"], "kind:incident" in run["tags"]) == (reference, True)
    assert run["state"]["message"].startswith("Waits for its triage (incident_responder or isms_manager, due ")
    running.act(lambda world: respond(world, "ben"))
    running.act(lambda world: world.complete_phase("responding"))
    eventually("the lessons begin", lambda: running.state() == "lessons_learned")
    running.act(lambda world: world.complete_phase("lessons_learned"))
    running.act(lambda world: world.answer("lessons_learned", "maria"))
    eventually("it is closed", lambda: running.state() == "closed")
    eventually("the run has completed", lambda: running.run_is("Completed"))


def test_an_escalation_that_fell_due_while_everything_was_dead_fires_at_once_and_once(running: Stack,
                                                                                     office: PostOffice) -> None:
    """Killed five minutes before it and started ten minutes after: the record says how late, and why."""
    running.kill("clock")
    running.kill("deliverer")
    reference = reported(running, ago=timedelta(hours=2, minutes=10))
    running.start("clock", "clock")
    running.start("deliverer", "deliver")
    told = eventually("the manager is told", lambda: [letter for letter in office.inbox if letter["To"].addresses[0]
                                                      .addr_spec == "maria@example.org" and reference in letter["Subject"]])
    assert len(told) == 1
    data, late = escalated(running.world)
    assert (data["level"], data["late_because"]) == (0, "no clock was running")
    assert 10 * MINUTES <= late < 12 * MINUTES
    assert abs(data["late_s"] - late.total_seconds()) <= 1


def escalated(world: World) -> tuple[dict[str, object], timedelta]:
    """What the one record of the incident's escalation says, and how late it was."""
    with world.store.read() as conn:
        row = conn.execute(select(audit).where(audit.c.kind == "deadline.expired", audit.c.case_id == world.case)).one()
    return json.loads(row.body)["data"], row.noticed_at - row.happened_at
