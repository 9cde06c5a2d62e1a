"""The register of systems for programs: the same rules as in the portal."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from isms_workflow.domain.systems import DATA, LEVELS
from isms_workflow.portal.api import models
from tests.portal.api.conftest import Programs


def body(call: Programs, **changes: Any) -> dict[str, Any]:
    """Ravi's CRM."""
    return {"name": "CRM", "owner": call.world.ids["ravi"], "confidentiality": "medium", "integrity": "medium",
            "availability": "low", "data": ["special_category"], **changes}


def test_the_words_that_the_api_takes_are_the_register_s() -> None:
    """A new one there is one here."""
    assert get_args(models.Level) == LEVELS
    assert get_args(models.DataKind) == tuple(DATA)


def test_a_program_keeps_the_register(both_call: Programs) -> None:
    """Added, read, changed on the version that was seen, retired; each answer has the version for the next."""
    call = both_call
    made = call.write("maria", "/systems", body(call))
    assert (made.status_code, made.json()["data"]) == (201, ["personal", "special_category"])
    path = f"/systems/{made.json()['id']}"
    seen = call("gil", "GET", path, scopes=("read",))
    assert (seen.json(), seen.headers["ETag"]) == (made.json(), '"1"')
    changed = call.write("ravi", path, {"availability": "high", "description": "Customers"}, 1, method="PATCH")
    assert changed.json() == {**made.json(), "availability": "high", "description": "Customers", "version": 2}
    retired = call.write("maria", f"{path}/retire", {"reason": "replaced"}, 2)
    assert (retired.status_code, retired.headers["ETag"], bool(retired.json()["retired_at"])) == (200, '"3"', True)
    assert call.get("gil", path) == retired.json()


REFUSED: dict[str, tuple[str, str, str, Any, Any, int, str]] = {
    "whoever doesn't keep it": ("ben", "POST", "", {}, "*", 403, "not-yours"),
    "a name that is taken": ("maria", "POST", "", {"name": "erp"}, "*", 422, "wrong"),
    "a level that is none": ("maria", "POST", "", {"integrity": "huge"}, "*", 422, "unreadable"),
    "data of no known kind": ("maria", "POST", "", {"data": ["gossip"]}, "*", 422, "unreadable"),
    "no data": ("maria", "POST", "", {"data": []}, "*", 422, "wrong"),
    "an owner who only looks": ("maria", "POST", "", {"owner": "gil"}, "*", 422, "wrong"),
    "another's system": ("dana", "PATCH", "/ID", {"name": "SAP"}, "*", 403, "not-yours"),
    "another version": ("maria", "PATCH", "/ID", {"name": "SAP"}, 7, 412, "moved"),
    "no reason": ("maria", "POST", "/ID/retire", {"reason": " "}, 1, 422, "reason-needed"),
    "nothing there": ("maria", "PATCH", "/nothing", {"name": "SAP"}, "*", 404, "unknown"),
}


@pytest.mark.parametrize(("who", "method", "path", "changes", "version", "status", "word"), REFUSED.values(), ids=REFUSED)
def test_the_register_s_rules_hold(call: Programs, who: str, method: str, path: str, changes: dict[str, Any], version: Any,
                                   status: int, word: str) -> None:
    """Each a problem document of its sort; nothing is written."""
    erp = call.world.system("erp")
    before = call.get("gil", "/systems")
    given = {name: call.world.ids.get(str(value), value) for name, value in changes.items()}
    sent = given if path else body(call, **given)
    said = call.write(who, f"/systems{path}".replace("ID", erp), sent, version, method=method)
    assert (said.status_code, said.json()["type"].rpartition(":")[2]) == (status, word), said.text
    assert call.get("gil", "/systems") == before


def test_a_write_says_what_it_saw_and_a_token_what_it_may(call: Programs) -> None:
    """Without If-Match nothing is overwritten; without the scope `write` nothing is written."""
    path = f"/systems/{call.world.system('erp')}"
    assert call("maria", "PATCH", path, json={"name": "SAP"}).status_code == 428
    assert call.write("maria", path, {"name": "SAP"}, method="PATCH", scopes=("read",)).status_code == 403


def test_a_system_under_a_key_is_one(call: Programs) -> None:
    """A program that lost the answer asks again; the name would be taken otherwise."""
    first, again = (call.write("maria", "/systems", body(call), key="k1") for _ in range(2))
    assert (first.status_code, again.json(), again.headers["Idempotent-Replayed"]) == (201, first.json(), "true")


def test_the_list_goes_on_where_the_page_ended(call: Programs) -> None:
    """Each once, in the order in which they came; those retired apart where that is asked for."""
    call.world.system("erp")
    call.write("maria", f"/systems/{call.world.system('mail')}/retire", {"reason": "moved"})
    found = [each["name"] for each in call.pages("gil", "/systems?limit=3")]
    assert found == ["ERP", "Public website", "Mail", "File store"]
    assert [each["name"] for each in call.get("gil", "/systems?state=retired")["items"]] == ["Mail"]
    assert len(call.get("gil", "/systems?state=in_use")["items"]) == 3
