"""What a program may do in a person's name: the same commands, and the same refusals, as in the portal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from isms_workflow.domain.times import iso
from isms_workflow.settings import Settings
from tests.portal.api.conftest import Programs


def step_id(call: Programs, key: str) -> str:
    """A step by its name."""
    return call.world.step(key).id


def gate_of(call: Programs, phase: str) -> dict[str, Any]:
    """A gate as a program sees it."""
    found = call.get("dana", f"/gates/{call.world.gate(phase).id}")
    assert isinstance(found, dict)
    return found


def upload(call: Programs, key: str, who: str = "maria", name: str = "scope.pdf", content: bytes = b"the scope",
           **fields: str) -> Any:
    """A file for a step."""
    return call(who, "POST", f"/steps/{step_id(call, key)}/evidence", files={"file": (name, content)}, data=fields)


def answer(call: Programs, who: str, phase: str = "plan", **changes: Any) -> Any:
    """Somebody's answer at a gate, on what they were shown."""
    shown = gate_of(call, phase)
    body = {"round": shown["round"], "digest": shown["digest"], "answer": "approve", **changes}
    return call.write(who, f"/gates/{shown['id']}/decisions", body)


def test_a_program_leads_a_phase_from_its_steps_to_its_passed_gate(both_call: Programs) -> None:
    """Evidence, completed steps, two approvals by different people; the flow goes on to DO."""
    call = both_call
    assert call.write("maria", "/cycles").status_code == 201
    call.world.case = call.world.open_case()
    while owed := [s for s in call.get("maria", "/steps?state=open")["items"] if s["phase"] == "plan"]:
        for each in owed:
            who = call.world.name_of(each["owner"])
            assert upload(call, each["key"], who).status_code == 201
            assert call.write(who, f"/steps/{each['id']}/complete", version=each["version"]).status_code == 200
    assert answer(call, "dana").json()["decisions"][0]["answer"] == "approve"
    assert answer(call, "ravi").json()["state"] == "passed"
    call.world.sim.run_flows()
    assert call.get("maria", "/cycles/PDCA-2026-0001")["state"] == "do"


def test_the_channel_of_a_decision_is_the_api(planning: Programs) -> None:
    """An auditor sees that it didn't come from the portal."""
    planning.world.complete_phase("plan")
    answer(planning, "dana")
    from sqlalchemy import select

    from isms_workflow.store.tables import decisions

    with planning.world.store.read() as conn:
        assert conn.execute(select(decisions.c.channel)).scalar_one() == "api"


def test_an_answer_on_what_is_no_longer_there_is_refused(planning: Programs) -> None:
    """Evidence changed between looking and deciding: read it again."""
    planning.world.complete_phase("plan")
    shown = gate_of(planning, "plan")
    planning.world.evidence("scope", "maria", b"another")
    body = {"round": shown["round"], "digest": shown["digest"], "answer": "approve"}
    said = planning.write("dana", f"/gates/{shown['id']}/decisions", body)
    assert (said.status_code, said.json()["type"]) == (409, "tag:isms-workflow,2026:digest-changed")


ANSWERS = [
    ("maria", {}, 403, "conflicted"), ("ines", {}, 403, "not-yours"), ("dana", {"answer": "reject"}, 422, "reason-needed"),
    ("dana", {"answer": "return", "reason": "x"}, 422, "wrong"), ("dana", {"round": 2}, 412, "moved"),
    ("dana", {"answer": "perhaps"}, 422, "unreadable"), ("dana", {"digest": "7f3a"}, 422, "unreadable"),
]


@pytest.mark.parametrize(("who", "changes", "status", "word"), ANSWERS)
def test_the_gates_rules_hold(planning: Programs, who: str, changes: dict[str, Any], status: int, word: str) -> None:
    """Whoever did the work, holds nothing, or gives no reason is refused as in the portal."""
    planning.world.complete_phase("plan")
    said = answer(planning, who, **changes)
    assert (said.status_code, said.json()["type"].rpartition(":")[2]) == (status, word)


def test_a_token_without_the_scope_decide_approves_nothing(planning: Programs) -> None:
    """An integration that uploads evidence can't pass a gate."""
    planning.world.complete_phase("plan")
    shown = gate_of(planning, "plan")
    body = {"round": shown["round"], "digest": shown["digest"], "answer": "approve"}
    said = planning.write("dana", f"/gates/{shown['id']}/decisions", body, scopes=("read", "write"))
    assert said.status_code == 403


def test_a_rejected_phase_is_restarted_by_top_management(planning: Programs) -> None:
    """With the steps that reopen, and a reason."""
    planning.world.complete_phase("plan")
    answer(planning, "ravi", answer="reject", reason="not our risks")
    gate = gate_of(planning, "plan")
    body = {"reason": "again", "steps": [step_id(planning, "scope")]}
    assert planning.write("maria", f"/gates/{gate['id']}/restart", body).status_code == 403
    assert planning.write("dana", f"/gates/{gate['id']}/restart", body, gate["version"]).status_code == 200
    assert planning.world.step("scope").state == "open"


def test_a_lapsed_gate_opens_its_next_round(planning: Programs) -> None:
    """By the phase's owner, as it stands."""
    planning.world.complete_phase("plan")
    planning.world.advance(days=60)
    gate = gate_of(planning, "plan")
    assert planning.write("maria", f"/gates/{gate['id']}/next-round", {"reason": "away"}).status_code == 200
    assert gate_of(planning, "plan")["round"] == 2


STEPS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "waived":     ("maria", "waive", {"reason": "no need"}, {"state": "waived"}),
    "extended":   ("maria", "extend", {"date": "2026-03-12", "reason": "the depot"}, {"extensions": 1}),
    "reassigned": ("maria", "reassign", {"to": "ben", "reason": "he knows"}, {"owner": "ben"}),
    "commented":  ("ben", "comments", {"text": "as agreed"}, {}),
}


@pytest.mark.parametrize(("who", "verb", "body", "then"), STEPS.values(), ids=STEPS)
def test_a_step_is(planning: Programs, who: str, verb: str, body: dict[str, Any], then: dict[str, Any]) -> None:
    """What may be done with a step is done, and answered with the step as it is then."""
    ids = planning.world.ids
    said = planning.write(who, f"/steps/{step_id(planning, 'scope')}/{verb}",
                          {k: ids.get(v, v) for k, v in body.items()})
    assert said.status_code in (200, 201), said.text
    assert {k: said.json()[k] for k in then} == {k: ids.get(v, v) if isinstance(v, str) else v for k, v in then.items()}


def test_a_settled_step_is_reopened(planning: Programs) -> None:
    """By a recorded decision."""
    planning.world.complete("scope")
    said = planning.write("maria", f"/steps/{step_id(planning, 'scope')}/reopen", {"reason": "wrong site"})
    assert said.json()["state"] == "open"


def test_a_waived_step_is_carried_over_at_the_last_gate(planning: Programs) -> None:
    """By name, by somebody of the gate."""
    world = planning.world
    for phase in ("plan", "do", "check"):
        world.pass_phase(phase)
    planning.write("maria", f"/steps/{step_id(planning, 'lessons')}/waive", {"reason": "nothing happened"})
    world.complete_phase("act")
    assert answer(planning, "dana", "act").status_code == 422
    said = planning.write("dana", f"/steps/{step_id(planning, 'lessons')}/disposition", {"to": world.ids["ben"]})
    assert said.status_code == 200
    assert answer(planning, "dana", "act").status_code == 201


CYCLES = [
    ("maria", "pause", {"until": "2026-03-02", "reason": "we move house"}, 200),
    ("maria", "resume", None, 409), ("maria", "start", None, 409),
    ("maria", "cancel", {"reason": "we merge"}, 403), ("dana", "cancel", {"reason": "we merge"}, 200),
    ("dana", "cancel", {"reason": " "}, 422), ("dana", "pause", {"until": "2026-03-02", "reason": "x"}, 403),
]


@pytest.mark.parametrize(("who", "verb", "body", "status"), CYCLES)
def test_a_cycle_as_a_whole(planning: Programs, who: str, verb: str, body: Any, status: int) -> None:
    """Paused by the ISMS manager, cancelled by top management, each by the machine's rule."""
    seen = planning.get(who, "/cycles/PDCA-2026-0001")["version"]
    assert planning.write(who, f"/cycles/PDCA-2026-0001/{verb}", body, seen).status_code == status


def test_a_file_goes_up_and_comes_back_as_it_was(both_call: Programs) -> None:
    """Streamed both ways, always an attachment, under its SHA-256."""
    both_call.world.open_cycle()
    content = bytes(range(256)) * 4096
    made = upload(both_call, "scope", name="Müller & Söhne.pdf", content=content).json()
    back = both_call("dana", "GET", f"/evidence/{made['id']}/file")
    assert back.content == content
    assert back.headers["content-disposition"] == "attachment; filename*=UTF-8''M%C3%BCller%20%26%20S%C3%B6hne.pdf"
    assert back.headers["content-type"] == "application/octet-stream"
    assert both_call.get("dana", f"/evidence/{made['id']}")["sha256"] == made["sha256"]


def test_a_newer_version_withdraws_the_older(planning: Programs) -> None:
    """Both stay; one counts."""
    old = upload(planning, "scope").json()["id"]
    upload(planning, "scope", content=b"v2", replaces=old)
    found = planning.get("maria", f"/steps/{step_id(planning, 'scope')}/evidence")["items"]
    assert [each["withdrawn"] for each in found] == [True, False]
    assert planning.write("maria", f"/evidence/{found[1]['id']}/withdraw", {"reason": "wrong"}).json()["withdrawn"]


def test_an_upload_under_a_key_is_one_file(planning: Programs) -> None:
    """The multipart's boundary differs each time; the request is the same."""
    path, headers = f"/steps/{step_id(planning, 'scope')}/evidence", {"Idempotency-Key": "k1"}
    made = [planning("maria", "POST", path, files={"file": ("a.pdf", b"x")}, headers=headers).json()["id"] for _ in "ab"]
    assert made[0] == made[1]


MOST = 25 * 1024 * 1024
BAD_FILES = [(b"", "scope.pdf", 422), (b"x" * (MOST + 1), "scope.pdf", 422), (b"x" * (MOST + 1024 * 1024), "scope.pdf", 413),
             (b"x", "x" * 201, 422)]


@pytest.mark.parametrize(("content", "name", "status"), BAD_FILES)
def test_a_file_that_can_t_be_taken_leaves_nothing_behind(planning: Programs, content: bytes, name: str,
                                                          status: int) -> None:
    """Empty, over-large, or with a name that is too long."""
    assert upload(planning, "scope", name=name, content=content).status_code == status
    assert planning.get("maria", f"/steps/{step_id(planning, 'scope')}/evidence")["items"] == []


def test_an_upload_is_answered_again_whatever_became_of_its_step(planning: Programs) -> None:
    """The answer was lost; meanwhile the step was waived."""
    path, headers = f"/steps/{step_id(planning, 'scope')}/evidence", {"Idempotency-Key": "k1"}
    files = {"file": ("scope.pdf", b"the scope")}
    first = planning("maria", "POST", path, files=files, headers=headers)
    assert planning.write("maria", f"/steps/{step_id(planning, 'scope')}/waive", {"reason": "not ours"}).status_code == 200
    again = planning("maria", "POST", path, files=files, headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert planning("maria", "POST", path, files=files).status_code != 201


def test_a_file_for_somebody_else_s_step_isn_t_kept(planning: Programs, settings: Settings) -> None:
    """Ravi may write, and has no part in it."""
    assert upload(planning, "scope", who="ravi").status_code == 403
    assert not [path for path in settings.evidence_dir.rglob("*") if path.is_file()]


def test_a_file_with_a_narrower_label_is_shown_to_fewer(planning: Programs) -> None:
    """Than the case it belongs to."""
    made = upload(planning, "scope", label="restricted").json()["id"]
    assert planning("gil", "GET", f"/evidence/{made}", scopes=("read",)).status_code == 404
    assert planning("gil", "GET", f"/evidence/{made}/file", scopes=("read",)).status_code == 404
    assert planning.get("gil", f"/steps/{step_id(planning, 'scope')}/evidence")["items"] == []
    assert planning.get("dana", f"/evidence/{made}")["label"] == "restricted"


ADMIN = ("read", "admin")


def test_an_administrator_leads_somebody_in_and_out_again(both_call: Programs) -> None:
    """Account, invitation, responsibility, role, end; the address is shown to administrators and oneself."""
    call = both_call
    body = {"name": "Noor Haddad", "email": "noor@example.org"}
    made = call.write("alex", "/people", body, scopes=ADMIN).json()
    link = call.write("alex", f"/people/{made['id']}/invitations", {"by": "link"}, scopes=ADMIN).json()
    assert "/invitation/" in link["url"]
    path = f"/people/{made['id']}"
    granted = call.write("alex", f"{path}/responsibilities", {"responsibility": "risk_owner"}, scopes=ADMIN).json()
    assert granted["responsibilities"] == ["risk_owner"]
    assert call.write("alex", path, {"role": "guest"}, method="PATCH", scopes=ADMIN).status_code == 422
    call.write("alex", f"{path}/responsibilities/risk_owner", method="DELETE", scopes=ADMIN)
    changed = call.write("alex", path, {"role": "guest"}, granted["version"], method="PATCH", scopes=ADMIN)
    assert changed.json()["role"] == "guest"
    assert call.write("alex", f"{path}/deactivate", scopes=ADMIN).json()["active"] is False
    assert (call.get("ben", path)["email"], call.get("ben", "/people/me")["email"]) == (None, "ben@example.org")


def test_who_isn_t_an_administrator_manages_nobody(planning: Programs) -> None:
    """The token can't even be made with that scope; without it every address refuses."""
    for path, body in (("/people", {"name": "x", "email": "x@example.org"}),
                       (f"/people/{planning.world.ids['ben']}/deactivate", None)):
        assert planning.write("maria", path, body).status_code == 403


def test_an_invitation_by_mail_is_in_nobodys_answer(call: Programs) -> None:
    """Only its reader sees the link."""
    said = call.write("alex", f"/people/{call.world.ids['ben']}/invitations", {"by": "mail"}, scopes=ADMIN)
    assert (said.status_code, said.json()["url"]) == (201, None)


def test_an_invitation_by_mail_under_a_key_is_one(call: Programs) -> None:
    """A repeat sends no second mail, and doesn't end the link in the first."""
    path, scopes = f"/people/{call.world.ids['gil']}/invitations", ("read", "admin")
    first, again = (call.write("alex", path, {"by": "mail"}, key="k1", scopes=scopes) for _ in range(2))
    assert (first.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, first.json(), "true")
    assert call.world.mails("invitation") == [("invitation", "gil")]


def test_a_deputy_and_a_delegation_are_given_by_the_person(planning: Programs) -> None:
    """A delegation by nobody else, not even an administrator."""
    ids, now = planning.world.ids, planning.world.now
    assert planning.write("maria", f"/people/{ids['maria']}/deputy", {"deputy": ids["ben"]},
                          method="PUT").json()["deputy"] == ids["ben"]
    body = {"to": ids["ines"], "starts_at": iso(now), "ends_at": iso(now + timedelta(days=3))}
    assert planning.write("alex", f"/people/{ids['dana']}/delegations", body, scopes=ALL_OF_ALEX).status_code == 403
    made = planning.write("dana", f"/people/{ids['dana']}/delegations", body)
    assert made.status_code == 201
    where = made.json()["at"].removeprefix("/api/v1")
    assert planning("dana", "DELETE", where).status_code == 204


ALL_OF_ALEX = ("read", "write", "admin")


def test_a_naive_instant_is_refused(planning: Programs) -> None:
    """At this boundary as at every other."""
    ids = planning.world.ids
    body = {"to": ids["ines"], "starts_at": "2026-01-05T08:00:00", "ends_at": "2026-01-08T08:00:00"}
    assert planning.write("dana", f"/people/{ids['dana']}/delegations", body).status_code == 422
