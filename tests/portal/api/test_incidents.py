"""Incidents for programs: everybody reports, responders see it through, and nobody sees what isn't theirs to see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, get_args

import pytest
from sqlalchemy import update

from isms_workflow.domain.incident import MACHINE
from isms_workflow.domain.times import iso
from isms_workflow.engine import programmes
from isms_workflow.portal import api
from isms_workflow.portal.api import incidents
from isms_workflow.programme.load import kept, shipped
from isms_workflow.store.tables import cases
from isms_workflow.store.tables import incidents as table
from tests.counting import counted
from tests.engine.incidents import have_systems
from tests.engine.incidents import report as reported
from tests.portal.api.conftest import Programs
from tests.world import OPERATOR

REPORT = ("read", "report")
MAIL = {"title": "Someone reads our mails", "category": "unauthorised_access"}


def report(call: Programs, by: str = "gil", **more: Any) -> Any:
    """Somebody's program reports an incident."""
    return call.write(by, "/incidents", {**MAIL, **more}, scopes=REPORT)


def reference(call: Programs, **more: Any) -> str:
    """The same; its reference, and the case of this world."""
    said = report(call, **more)
    assert said.status_code in (200, 201), said.text
    call.world.case = said.json()["id"]
    return str(said.json()["reference"])


def do(call: Programs, name: str, verb: str, body: Any = None, by: str = "ben", **more: Any) -> Any:
    """An action on an incident."""
    return call.write(by, f"/incidents/{name}/{verb}", body, **more)


@pytest.mark.parametrize("who", ["gil", "olga", "ben", "alex"])
def test_everybody_reports(call: Programs, who: str) -> None:
    """Whatever their access role; it is answered with what they may hear of it."""
    said = report(call, who, description="on the mail server").json()
    assert (said["state"], said["new"], said["occurrences"]) == ("reported", True, 0)
    assert call.get(who, f"/incidents/{said['reference']}/report")["title"] == MAIL["title"]


def test_a_token_without_the_scope_reports_nothing(call: Programs) -> None:
    """Not even one that writes."""
    assert call.write("ben", "/incidents", MAIL).status_code == 403


def test_a_report_names_systems_of_the_register(both_call: Programs) -> None:
    """Its severity and label follow from what they need and hold."""
    have_systems(both_call.world)
    ids = {each["name"]: each["id"] for each in both_call.get("ben", "/systems")["items"]}
    name = reference(both_call, systems=[ids["Customer records"]], occurred_at=iso(both_call.world.now - timedelta(hours=1)))
    found = both_call.get("ben", f"/incidents/{name}")
    assert (found["severity"], found["label"], found["systems"]) == ("high", "confidential", [ids["Customer records"]])
    assert found["waits"][0]["what"] == "its triage"
    assert "triage" in found["possible"]
    assert not {"lapse", "breach"} & set(found["possible"])
    assert report(both_call, systems=["nowhere"]).json()["type"].endswith("wrong")


def test_the_same_key_of_the_same_caller_is_an_occurrence(both_call: Programs) -> None:
    """Answered with 200 and the one that is open; another's same key is another."""
    first, again = (report(both_call, external_key="ids-77") for _ in range(2))
    assert (first.status_code, again.status_code, again.json()["id"]) == (201, 200, first.json()["id"])
    assert (again.json()["new"], again.json()["occurrences"]) == (False, 1)
    other = report(both_call, "olga", external_key="ids-77")
    assert (other.status_code, other.json()["id"] == first.json()["id"]) == (201, False)


def test_a_repeat_of_a_request_is_no_occurrence(call: Programs) -> None:
    """An idempotency key means one request, an external key one thing that happened."""
    first, again = (call.write("gil", "/incidents", {**MAIL, "external_key": "a"}, key="k1", scopes=REPORT) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())


def test_a_responder_sees_it_through(both_call: Programs) -> None:
    """Acknowledged, triaged, taken up; each answer has the version that the next needs."""
    name = reference(both_call)
    version = both_call.get("ben", f"/incidents/{name}")["version"]
    said = do(both_call, name, "acknowledge", version=version)
    assert said.json()["acknowledged_by"] == both_call.world.ids["ben"]
    said = do(both_call, name, "triage", {"severity": "high", "reason": "it is the board's"}, version=said.json()["version"])
    assert (said.json()["state"], said.json()["severity"]) == ("triaged", "high")
    said = do(both_call, name, "respond", by="ravi", version=said.json()["version"])
    assert (said.json()["state"], said.headers["ETag"]) == ("responding", f'"{said.json()["version"]}"')
    (step,) = [each for each in said.json()["steps"] if each["key"] == "contain"]
    assert step["owner"] == both_call.world.ids["ravi"]
    assert both_call.get("ravi", f"/steps?cycle={name}")["items"]
    assert both_call.get("gil", f"/incidents/{name}/report")["state"] == "responding"


def test_its_clocks_are_stopped_and_go_on(call: Programs) -> None:
    """Paused, resumed, escalated by hand, reassessed."""
    name = reference(call)
    until = call.world.now + timedelta(hours=2)
    paused = do(call, name, "pause", {"until": iso(until), "reason": "the vendor"}).json()
    assert datetime.fromisoformat(paused["paused_until"]) == until
    assert do(call, name, "resume").json()["paused_until"] is None
    assert do(call, name, "escalate", {"reason": "she has to know"}).status_code == 200
    assert do(call, name, "reassess", {"severity": "low", "reason": "a test account"}).json()["severity"] == "low"


def test_an_end_is_taken_back_and_one_is_part_of_another(call: Programs) -> None:
    """Dismissed with a reason; merged into one that is open."""
    other, name = reference(call), reference(call)
    assert do(call, name, "dismiss", {"reason": "the scanner"}).json()["state"] == "false_positive"
    assert do(call, name, "take-back", {"reason": "it was none"}).json()["state"] == "triaged"
    said = do(call, name, "merge", {"into": other}).json()
    assert (said["state"], said["merged_into"]) == ("merged", call.get("ben", f"/incidents/{other}")["id"])
    assert call.get("ben", f"/incidents/{other}")["occurrences"] == 1


def test_one_that_isn_t_over_is_reopened(call: Programs) -> None:
    """By the steps that are owed again."""
    name = reference(call)
    do(call, name, "triage", {"severity": "low", "reason": "a test account"})
    do(call, name, "respond")
    call.world.complete_phase("responding")
    step = call.world.step("recover").id
    said = do(call, name, "reopen", {"steps": [step], "reason": "it is back"})
    assert (said.status_code, said.json()["state"]) == (200, "responding")


def test_the_isms_manager_puts_it_under_the_programme_in_force(call: Programs) -> None:
    """A responder doesn't."""
    name = reference(call)
    texts = shipped()
    texts["incident.yaml"] = texts["incident.yaml"].replace("response: 24 hours", "response: 12 hours")
    with call.world.store.write() as tx:
        programmes.apply(tx, kept(texts), OPERATOR, call.world.when())
    assert do(call, name, "re-plan", {"reason": "sooner"}).status_code == 403
    before = call.get("maria", f"/incidents/{name}")
    said = do(call, name, "re-plan", {"reason": "sooner"}, by="maria").json()
    assert said["programme"] != before["programme"]
    assert said["response_due"] < before["response_due"]


REFUSED: dict[str, tuple[str, str, Any, object, int, str]] = {
    "no If-Match": ("ben", "acknowledge", None, None, 428, "match-needed"),
    "another version": ("ben", "acknowledge", None, 9, 412, "moved"),
    "somebody without the responsibility": ("ines", "acknowledge", None, "*", 403, "not-yours"),
    "a response before the triage": ("ben", "respond", None, "*", 409, "not-allowed"),
    "a change without a reason": ("ben", "triage", {"severity": "low"}, "*", 422, "reason-needed"),
    "a severity that there isn't": ("ben", "triage", {"severity": "awful"}, "*", 422, "wrong"),
    "a naive instant": ("ben", "pause", {"until": "2026-01-06T08:00:00", "reason": "x"}, "*", 422, "unreadable"),
    "no such incident to merge into": ("ben", "merge", {"into": "INC-1999-0001"}, "*", 404, "unknown"),
    "no such verb": ("ben", "close", None, "*", 404, "http"),
}


@pytest.mark.parametrize(("who", "verb", "body", "version", "status", "word"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_a_problem(call: Programs, who: str, verb: str, body: Any, version: object, status: int,
                                     word: str) -> None:
    """As everywhere in the API."""
    name = reference(call)
    headers = {} if version is None else {"If-Match": f'"{version}"' if version != "*" else "*"}
    said = call(who, "POST", f"/incidents/{name}/{verb}", json=body, headers=headers)
    assert (said.status_code, said.json()["type"].rpartition(":")[2]) == (status, word), said.text


SIGHT = [("confidential", "gil", 403), ("confidential", "olga", 200), ("restricted", "olga", 404), ("restricted", "alex", 404),
         ("restricted", "ben", 200), ("restricted", "maria", 200), ("internal", "gil", 200)]


@pytest.mark.parametrize(("label", "who", "status"), SIGHT)
def test_labels_hold_one_by_one_and_in_the_list(call: Programs, label: str, who: str, status: int) -> None:
    """What is restricted reads like what isn't there; whoever reported it hears how it stands all the same."""
    name = reference(call)
    with call.world.store.write() as tx:
        tx.execute(update(cases).values(label=label))
    assert call(who, "GET", f"/incidents/{name}", scopes=("read",)).status_code == status
    assert bool(call.get(who, "/incidents")["items"]) == (status == 200)
    assert call.get("gil", f"/incidents/{name}/report")["reference"] == name
    said = call(who, "GET", f"/incidents/{name}/report", scopes=REPORT)
    assert said.status_code == (200 if who == "gil" else status)
    outcome = "DENIED" if said.status_code in (403, 404) else "GRANTED"
    assert (who, f"read {api.PATH}/incidents/{name}/report", outcome) in call.attempts()


def test_a_restricted_one_can_t_be_merged_into_unseen(call: Programs) -> None:
    """Its name would tell that it is there."""
    other, name = reference(call), reference(call)
    with call.world.store.write() as tx:
        tx.execute(update(cases).where(cases.c.reference == other).values(label="restricted"))
    assert do(call, name, "merge", {"into": other}, by="ines").status_code == 404


FILTERS = [("state=reported", 1), ("state=triaged", 1), ("severity=high", 1), ("category=malware", 0),
           ("state=triaged&severity=medium", 0)]


@pytest.mark.parametrize(("asked", "count"), FILTERS)
def test_the_list_is_filtered(call: Programs, asked: str, count: int) -> None:
    """By state, severity and category, together."""
    name = reference(call)
    reference(call)
    do(call, name, "triage", {"severity": "high", "reason": "so"})
    assert len(call.get("ben", f"/incidents?{asked}")["items"]) == count


UNKNOWN = [("severity=zzz", "severity: 'zzz' can't be; one of critical, high, medium"), ("category=maleware", "malware")]


@pytest.mark.parametrize(("asked", "says"), UNKNOWN)
def test_a_word_that_no_programme_had_is_refused(call: Programs, asked: str, says: str) -> None:
    """With those that the programme in force knows: an empty list would look like good news."""
    reference(call)
    answer = call("ben", "GET", f"/incidents?{asked}")
    assert (answer.status_code, says in answer.json()["detail"]) == (422, True), answer.text


def test_a_word_of_a_past_programme_still_finds_its_incidents(call: Programs) -> None:
    """Whoever looks for old ones uses the words that they had."""
    name = reference(call)
    with call.world.store.write() as tx:
        tx.execute(update(table).values(category="burglary"))
    assert [each["reference"] for each in call.get("ben", "/incidents?category=burglary")["items"]] == [name]


def test_the_list_goes_on_where_the_page_ended(call: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each that may be seen, once, in order, whatever is hidden between them."""
    monkeypatch.setattr(incidents, "BATCH", 2)
    names = [reference(call) for _ in range(7)]
    with call.world.store.write() as tx:
        tx.execute(update(cases).where(cases.c.reference.in_(names[1:4])).values(label="restricted"))
    found = [each["reference"] for each in call.pages("olga", "/incidents?limit=2")]
    assert found == [names[0], *names[4:]]


def test_an_incident_is_no_cycle(call: Programs) -> None:
    """And the other way round."""
    name = reference(call)
    call.world.open_cycle()
    assert call("ben", "GET", f"/cycles/{name}").status_code == 404
    assert call.write("maria", f"/cycles/{name}/pause", {"until": "2026-03-02", "reason": "x"}).status_code == 404
    assert call("ben", "GET", "/incidents/PDCA-2026-0001").status_code == 404
    assert call("ben", "GET", "/incidents/PDCA-2026-0001/report").status_code == 404


def test_what_was_erased_is_null(call: Programs) -> None:
    """Title and description go with the person."""
    name = reference(call)
    with call.world.store.write() as tx:
        tx.execute(update(table).values(title=None, description=None))
    assert call.get("ben", f"/incidents/{name}")["title"] is None


def test_the_states_that_can_be_asked_for_are_the_machines() -> None:
    """A new one in the machine is one here."""
    assert set(get_args(incidents.State)) == MACHINE.states


def test_a_list_asks_no_question_for_each_incident(call: Programs) -> None:
    """Neither of those that everybody of the reader's role may see, nor of those whose label asks who their people are."""
    def asked() -> int:
        with counted(call.world.store) as statements:
            assert call.get("maria", "/incidents")["items"]
        return len(statements)

    reported(call.world)
    call.get("maria", "/incidents")
    few = asked()
    for _ in range(20):
        reported(call.world)
    assert asked() == few
