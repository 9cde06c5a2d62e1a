"""How somebody wants to be told, for programs: the same rules as on the page."""

from __future__ import annotations

from sqlalchemy import update

from isms_workflow.store.tables import cases, outbox
from tests.portal.api.conftest import Programs

PATH = "/people/me/notifications"


def test_one_s_own_rules_are_read_and_replaced(both_call: Programs) -> None:
    """All of them at once; a repeat of the request changes nothing."""
    call = both_call
    before = call.get("ravi", PATH)
    assert before == {"rules": [], "quiet_from": None, "quiet_until": None, "zone": "UTC", "ways": []}
    body = {"rules": [{"channel": "mail", "delay_minutes": 5, "what": "escalations"}], "quiet_from": "22:00", "quiet_until": "07:00"}
    answer = call.write("ravi", PATH, body, key="k1", method="PUT")
    assert (answer.status_code, answer.json()) == (200, {**body, "zone": "UTC", "ways": []})
    assert call.write("ravi", PATH, body, key="k1", method="PUT").json() == answer.json()
    assert call.get("ravi", PATH)["rules"] == body["rules"]
    assert call.get("ben", PATH)["rules"] == []


def test_what_cannot_be_is_a_problem_with_its_field(call: Programs) -> None:
    """As in the portal."""
    for body, field in (({"rules": [{"channel": "fax"}]}, "channel"), ({"rules": [], "quiet_from": "22:00"}, "quiet_until"),
                        ({"rules": [{"channel": "mail", "what": "critical"}]}, "what")):
        answer = call.write("ravi", PATH, body, method="PUT")
        assert answer.status_code == 422
        assert field in answer.text


def test_the_proof_of_every_message_is_read(call: Programs) -> None:
    """By whoever may see the incident, and nobody else."""
    call.world.case = call.write("gil", "/incidents", {"title": "A strange mail", "category": "other"},
                                 scopes=("read", "report")).json()["id"]
    with call.world.store.write() as tx:
        tx.execute(update(outbox).where(outbox.c.person == call.world.ids["ben"]).values(held="quiet"))
    found = {call.world.name_of(each["person"]): (each["what"], each["channel"], each["state"], each["attempts"])
             for each in call.get("maria", f"/incidents/{call.world.case}/messages")["items"]}
    assert found == {"ben": ("the report", "mail", "held", []), "ravi": ("the report", "mail", "queued", [])}
    with call.world.store.write() as tx:
        tx.execute(update(cases).values(label="restricted"))
    assert call("ines", "GET", f"/incidents/{call.world.case}/messages").status_code == 404
