"""Corrective actions for programs: the same rights, labels and commands as in the portal."""

from __future__ import annotations

from typing import get_args

from sqlalchemy import update

from isms_workflow.domain.corrective_action import MACHINE
from isms_workflow.portal.api import actions
from isms_workflow.store.tables import cases, corrective_actions
from tests.counting import counted
from tests.engine.actions import asked, open_action, referred
from tests.engine.incidents import report
from tests.portal.api.conftest import Programs


def test_its_states_are_those_of_its_machine() -> None:
    """A filter that doesn't know a state would refuse it."""
    assert set(get_args(actions.State)) == MACHINE.states


def test_one_is_opened_found_and_handed_over(call: Programs) -> None:
    """By whom the programme lets; a stale version is refused."""
    ids = call.world.ids
    body = {"title": "Restores were never tried", "owner": ids["ben"], "gravity": "minor"}
    assert call.write("ravi", "/actions", body).status_code == 403
    made = call.write("maria", "/actions", body, key="once").json()
    assert (made["reference"], made["state"], made["round"]) == ("CAP-2026-0001", "correcting", 1)
    assert call.write("maria", "/actions", body, key="once").json() == made
    assert [each["id"] for each in call.get("ben", "/actions?owner=me&state=correcting")["items"]] == [made["id"]]
    assert call.get("ravi", "/actions?owner=me")["items"] == []
    given = call.write("ben", f"/actions/{made['reference']}/hand-over", {"owner": ids["ravi"], "reason": "leave"}, version=1)
    assert (given.status_code, given.json()["owner"], given.headers["etag"]) == (200, ids["ravi"], '"2"')
    assert call.write("ravi", f"/actions/{made['reference']}/hand-over", {"owner": ids["ben"], "reason": "x"}, version=1).status_code == 412


def test_its_gravity_and_its_programme_are_changed(call: Programs) -> None:
    """By the ISMS manager, each with a reason; what can't be is refused."""
    open_action(call.world)
    name = call.world.view().case.reference
    said = call.write("maria", f"/actions/{name}/reassess", {"gravity": "major", "reason": "it stopped production"}, version=1)
    assert (said.status_code, said.json()["gravity"], said.headers["etag"]) == (200, "major", '"2"')
    assert call.write("ben", f"/actions/{name}/reassess", {"gravity": "minor", "reason": "so"}).status_code == 403
    assert call.write("maria", f"/actions/{name}/reassess", {"gravity": "mild", "reason": "so"}).status_code == 422
    refused = call.write("maria", f"/actions/{name}/replan", {"reason": "so"})
    assert (refused.status_code, "in force already" in refused.json()["detail"]) == (409, True)


def test_the_verdict_and_management_s_answer(call: Programs) -> None:
    """Effective or not is said once; the second time management goes on or accepts."""
    world = call.world
    open_action(world)
    asked(world)
    name = world.view().case.reference
    no = {"effective": False, "reason": "two of five failed"}
    refused = call.write("ines", f"/actions/{name}/verdict", no)
    assert (refused.status_code, "0 of 1 files" in refused.json()["detail"]) == (422, True)
    world.evidence("check", "ines")
    assert call.write("ben", f"/actions/{name}/verdict", no).status_code == 403
    assert call.write("ines", f"/actions/{name}/verdict", no).json()["state"] == "planning"
    open_action(world)
    referred(world)
    name = world.view().case.reference
    assert call.write("maria", f"/actions/{name}/accept", {"reason": "x"}).status_code == 403
    assert call.write("dana", f"/actions/{name}/go-on", {"reason": "x", "owner": world.ids["ravi"]}).json()["round"] == 3
    assert call.write("maria", f"/actions/{name}/cancel", {"reason": "x"}).json()["state"] == "cancelled"


def test_what_is_restricted_isn_t_there(call: Programs) -> None:
    """For those who aren't of its people."""
    open_action(call.world)
    with call.world.store.write() as tx:
        tx.execute(update(cases).values(label="restricted"))
    assert call("ravi", "GET", "/actions/CAP-2026-0001", scopes=("read",)).status_code == 404
    assert (call.get("ravi", "/actions")["items"], len(call.get("ben", "/actions")["items"])) == ([], 1)


def test_a_list_asks_no_question_for_each_action(both_call: Programs) -> None:
    """Nor for the incident that each comes from, whose label asks who its people are."""
    world = both_call.world

    def grown(count: int) -> None:
        for _ in range(count):
            source = report(world)
            made = open_action(world)
            with world.store.write() as tx:
                tx.execute(update(corrective_actions).where(corrective_actions.c.case_id == made).values(from_case=source))
                tx.execute(update(cases).values(label="restricted"))

    def asked() -> tuple[int, list[dict[str, object]]]:
        with counted(world.store) as statements:
            items = both_call.get("ben", "/actions")["items"]
        return len(statements), items

    grown(2)
    asked()
    few, _ = asked()
    grown(20)
    many, items = asked()
    assert (len(items), many) == (22, few)
    assert all(each["from_case"] for each in items)
    with world.store.write() as tx:
        tx.execute(update(cases).values(label="internal").where(cases.c.kind == "corrective_action"))
    assert {each["from_case"] for each in both_call.get("ines", "/actions")["items"]} == {None}
