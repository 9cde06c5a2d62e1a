"""What holds for every address of the API: tokens, scopes, problems, keys, versions, pages, labels, the access log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import get_args

import pytest
from sqlalchemy import func, select, update

from isms_workflow.domain.gates import MACHINE
from isms_workflow.domain.steps import MACHINE as STEPS
from isms_workflow.engine.accounts import tokens
from isms_workflow.portal.api import gates, steps
from isms_workflow.portal.api.problems import MEDIA_TYPE
from isms_workflow.store import audit
from isms_workflow.store.tables import cases
from tests.portal.api.conftest import Programs, Situation


def spread(call: Programs) -> str:
    """The id of the step `scope`."""
    return call.world.step("scope").id


REFUSED: dict[str, tuple[Situation, int, str]] = {
    "no token": (lambda c: c.client.get("/api/v1/cycles"), 401, "no-token"),
    "a made-up token": (lambda c: c.client.get("/api/v1/cycles", headers={"Authorization": "Bearer isms_x"}), 401,
                        "no-token"),
    "another scheme": (lambda c: c.client.get("/api/v1/cycles", headers={"Authorization": "Basic eDp5"}), 401,
                       "no-token"),
    "a scope that is missing": (lambda c: c("maria", "POST", f"/steps/{spread(c)}/complete", scopes=("read",)), 403,
                                "out-of-scope"),
    "a scope that the role doesn't back": (lambda c: c("olga", "GET", "/cycles", scopes=("audit",)), 403,
                                           "out-of-scope"),
    "somebody else's step": (lambda c: c.write("dana", f"/steps/{spread(c)}/complete"), 403, "not-yours"),
    "evidence that is missing": (lambda c: c.write("maria", f"/steps/{spread(c)}/complete"), 422, "missing"),
    "no If-Match": (lambda c: c("maria", "POST", f"/steps/{spread(c)}/complete"), 428, "match-needed"),
    "an If-Match that is none": (lambda c: c("maria", "POST", f"/steps/{spread(c)}/complete",
                                             headers={"If-Match": "soon"}), 422, "wrong"),
    "a weak If-Match": (lambda c: c("maria", "POST", f"/steps/{spread(c)}/complete", headers={"If-Match": 'W/"1"'}), 412,
                        "weak-match"),
    "another version": (lambda c: c.write("maria", f"/steps/{spread(c)}/waive", {"reason": "x"}, 99), 412, "moved"),
    "nothing there": (lambda c: c("maria", "GET", "/steps/nothing"), 404, "unknown"),
    "no such address": (lambda c: c("maria", "GET", "/nothing"), 404, "http"),
    "another method": (lambda c: c("maria", "PUT", "/cycles"), 405, "http"),
    "a field that is missing": (lambda c: c.write("maria", f"/steps/{spread(c)}/extend", {"date": "2026-03-12"}), 422,
                                "unreadable"),
    "a field that is not known": (lambda c: c.write("maria", f"/steps/{spread(c)}/waive", {"reason": "", "x": 1}), 422,
                                  "unreadable"),
    "a text that can't be kept": (lambda c: c.write("maria", f"/steps/{spread(c)}/comments", {"text": "a\0b"}), 422,
                                  "unreadable"),
    "half a character": (lambda c: c("maria", "POST", f"/steps/{spread(c)}/comments", headers={
        "Content-Type": "application/json"}, content=b'{"text": "\\ud800"}'), 422, "unreadable"),
    "half a character in a name": (lambda c: c("maria", "POST", f"/steps/{spread(c)}/comments", headers={
        "Content-Type": "application/json"}, content=b'{"text": "a", "\\ud800": 1}'), 422, "unreadable"),
    "a field that is missing, of nobody": (lambda c: c.client.post(f"/api/v1/steps/{spread(c)}/extend", json={}), 401,
                                           "no-token"),
    "a field that is missing, without the scope": (lambda c: c("maria", "POST", f"/steps/{spread(c)}/extend", json={},
                                                               scopes=("read",)), 403, "out-of-scope"),
    "no document at all": (lambda c: c("maria", "POST", f"/steps/{spread(c)}/comments", headers={
        "Content-Type": "application/json"}, content=b'{"text'), 422, "unreadable"),
    "a state that no gate has": (lambda c: c("maria", "GET", "/gates?state=opne"), 422, "unreadable"),
    "an account that has ended": (lambda c: c.write("alex", "/people", {
        "name": "Eva", "email": "eva@example.org", "ends_at": "2020-01-01T00:00:00Z"}, scopes=("admin",)), 422, "wrong"),
    "a second cycle": (lambda c: c.write("maria", "/cycles"), 409, "not-allowed"),
}


@pytest.mark.parametrize(("asked", "status", "word"), REFUSED.values(), ids=REFUSED)
def test_every_refusal_is_a_problem_document(planning: Programs, asked: Situation, status: int, word: str) -> None:
    """RFC 9457: which sort, a sentence, where, and a reference that the log has too."""
    answer = asked(planning)
    said = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
    assert (said["status"], said["type"]) == (status, f"tag:isms-workflow,2026:{word}")
    assert said["detail"]
    assert len(said["reference"]) == 8


def test_the_states_that_can_be_asked_for_are_the_machines() -> None:
    """A new one in the machine is one here."""
    assert set(get_args(gates.State)) == MACHINE.states
    assert set(get_args(steps.State)) == STEPS.states


def test_a_token_ends_on_its_day(planning: Programs) -> None:
    """To the microsecond."""
    end = planning.world.now + timedelta(days=1)
    with planning.world.store.write() as tx:
        made = tokens.issue(tx, "short", ("read",), end, planning.world.actor("maria"), planning.world.now)
    headers = {"Authorization": f"Bearer {made.secret}"}
    assert planning.client.get("/api/v1/cycles", headers=headers).status_code == 200
    planning.world.sim.now = end
    assert planning.client.get("/api/v1/cycles", headers=headers).status_code == 401


def test_a_key_carries_a_write_out_once_and_answers_its_repeat_alike(both_call: Programs) -> None:
    """A program that lost the answer asks again, and changes nothing."""
    both_call.world.open_cycle()
    body, path = {"text": "as agreed"}, f"/steps/{spread(both_call)}/comments"
    first, again = (both_call.write("maria", path, body, key="k1") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert "Idempotent-Replayed" in again.headers
    assert len(both_call.get("maria", f"/steps/{spread(both_call)}")["comments"]) == 1


def test_a_repeat_that_would_be_refused_is_answered_as_the_first_was(planning: Programs) -> None:
    """The row has moved since, by the very request that is repeated."""
    planning.world.evidence("scope", "maria")
    path, seen = f"/steps/{spread(planning)}/complete", planning.world.step("scope").version
    first, again = (planning.write("maria", path, version=seen, key="k1") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (200, 200, again.json())
    assert planning.write("maria", path, version=seen, key="k2").status_code == 409


def test_of_two_at_one_instant_one_is_carried_out(both_call: Programs) -> None:
    """The other waits, is taken back, and answered alike; the chain has no gap."""
    body = {"title": "Somebody reads our mails", "category": "data_breach"}
    both_call.token("gil", ("report",))
    with ThreadPoolExecutor(4) as programs:
        sent = [programs.submit(both_call.write, "gil", "/incidents", body, key="k1", scopes=("report",)) for _ in range(4)]
        said = [each.result() for each in sent]
    assert {(each.status_code, each.json()["reference"]) for each in said} == {(201, said[0].json()["reference"])}
    assert sum("Idempotent-Replayed" in each.headers for each in said) == 3
    with both_call.world.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(cases)).scalar_one() == 1
        assert audit.verify(conn).ok


def test_a_key_is_each_persons_own_and_means_one_request(planning: Programs) -> None:
    """Another person's same key is another; another request under one's own is refused."""
    path = f"/steps/{spread(planning)}/comments"
    planning.write("maria", path, {"text": "one"}, key="k1")
    assert planning.write("ben", path, {"text": "two"}, key="k1").status_code == 201
    assert planning.write("maria", path, {"text": "three"}, key="k1").json()["type"].endswith("key-reused")


def test_a_refused_write_leaves_its_key_free(planning: Programs) -> None:
    """What was put right can be sent again under it."""
    path = f"/steps/{spread(planning)}/complete"
    assert planning.write("maria", path, key="k1").status_code == 422
    planning.world.evidence("scope", "maria")
    assert planning.write("maria", path, key="k1").status_code == 200


def test_a_write_is_answered_with_the_version_that_the_next_one_needs(planning: Programs) -> None:
    """Two programs at one row: the second is told that it was changed."""
    seen = planning("maria", "GET", f"/steps/{spread(planning)}").headers["ETag"]
    assert seen == f'"{planning.world.step("scope").version}"'
    path = f"/steps/{spread(planning)}/reassign"
    first = planning("maria", "POST", path, json={"to": planning.world.ids["ben"], "reason": "he knows"},
                     headers={"If-Match": seen})
    assert first.headers["ETag"] == f'"{planning.world.step("scope").version}"' != seen
    second = planning("maria", "POST", path, json={"to": planning.world.ids["ines"], "reason": "she knows"},
                      headers={"If-Match": seen})
    assert second.status_code == 412


def test_a_list_goes_on_where_the_page_ended(planning: Programs) -> None:
    """Each once, in order, whatever the size of the page."""
    found = [each["key"] for each in planning.pages("maria", "/steps?limit=7")]
    assert len(found) == len(set(found)) == 24


@pytest.mark.parametrize("limit", ["0", "201", "x"])
def test_a_page_has_a_size(planning: Programs, limit: str) -> None:
    """From 1 to 200."""
    assert planning("maria", "GET", f"/steps?limit={limit}").status_code == 422


def narrow(call: Programs, label: str) -> None:
    """The cycle is labelled."""
    with call.world.store.write() as tx:
        tx.execute(update(cases).values(label=label))


SIGHT = [
    ("internal", "gil", 200), ("confidential", "gil", 403), ("confidential", "olga", 200), ("confidential", "alex", 200),
    ("restricted", "olga", 404), ("restricted", "alex", 404), ("restricted", "maria", 200), ("restricted", "dana", 200),
]


@pytest.mark.parametrize(("label", "name", "status"), SIGHT)
def test_labels_hold_for_everything_in_the_case(planning: Programs, label: str, name: str, status: int) -> None:
    """The cycle, its steps and gates, one by one and in lists; what is restricted reads like what isn't there."""
    planning.world.complete_phase("plan")
    narrow(planning, label)
    gate, step = planning.world.gate("plan").id, spread(planning)
    for path in ("/cycles/PDCA-2026-0001", f"/steps/{step}", f"/gates/{gate}", f"/steps/{step}/evidence",
                 "/steps?cycle=PDCA-2026-0001"):
        assert planning(name, "GET", path, scopes=("read",)).status_code == status, path
    for path in ("/cycles", "/steps", "/gates"):
        assert bool(planning.get(name, path)["items"]) == (status == 200), path


def test_a_refusal_of_something_restricted_says_what_a_refusal_of_nothing_says(planning: Programs) -> None:
    """Word for word, but for the name that was asked for."""
    narrow(planning, "restricted")
    there = planning("olga", "GET", f"/steps/{spread(planning)}", scopes=("read",)).json()
    nothing = planning("olga", "GET", "/steps/nothing", scopes=("read",)).json()
    same = ("type", "title", "status")
    assert [there[name] for name in same] == [nothing[name] for name in same]
    assert there["detail"].replace(spread(planning), "nothing") == nothing["detail"]


def test_every_attempt_is_in_the_access_log_with_its_person_and_outcome(planning: Programs) -> None:
    """Granted or denied; one that names nobody too, and one that was told `not found` of something restricted."""
    narrow(planning, "restricted")
    step = spread(planning)
    planning("maria", "GET", f"/steps/{step}")
    planning("olga", "GET", f"/steps/{step}", scopes=("read",))
    planning.client.get("/api/v1/cycles")
    assert sorted(planning.attempts()) == sorted([
        ("maria", f"read /api/v1/steps/{step}", "GRANTED"), ("olga", f"read /api/v1/steps/{step}", "DENIED"),
        ("-", "read /api/v1/cycles", "DENIED")])


def test_a_refusal_writes_nothing_to_the_history(planning: Programs) -> None:
    """The chain is as long as before."""
    from isms_workflow.store import audit

    with planning.world.store.read() as conn:
        before = audit.head(conn)
    for asked, status, _ in REFUSED.values():
        if status in (401, 404, 405, 412, 422, 428):
            asked(planning)
    planning.write("dana", f"/steps/{spread(planning)}/complete")
    with planning.world.store.read() as conn:
        seqs = audit.head(conn)[0] - before[0]
    issued = len([1 for name, _ in planning.secrets if name])
    assert seqs == issued, "only the tokens that the test itself made"


def test_the_api_describes_itself(call: Programs) -> None:
    """Every address has a summary and an answer that is a problem; no address is described that isn't there."""
    found = call.client.get("/api/v1/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    described = [(path, method, each) for path, methods in found["paths"].items() for method, each in methods.items()]
    assert len(described) > 30
    for path, method, each in described:
        assert each["description"], (path, method)
        assert "default" in each["responses"], (path, method)
        assert each["security"], (path, method)
