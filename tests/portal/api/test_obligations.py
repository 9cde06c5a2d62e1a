"""The reports of an incident for programs: how they stand, and what is said about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from isms_workflow.engine import programmes
from isms_workflow.engine.commands import incidents
from isms_workflow.programme.load import kept, shipped
from isms_workflow.store.tables import evidence
from tests.engine.incidents import do, report
from tests.engine.obligations import BREACH
from tests.portal.api.conftest import Programs
from tests.portal.incidents import label
from tests.portal.visitor import House
from tests.world import OPERATOR

PATH = "/incidents/INC-2026-0001/obligations"


@pytest.fixture
def owing(call: Programs) -> Programs:
    """An incident under the programme as it is shipped."""
    with call.world.store.write() as tx:
        programmes.apply(tx, kept(shipped()), OPERATOR, call.world.when())
    report(call.world)
    return call


def standing(said: Any, name: str) -> Any:
    """How one report stands."""
    return next(each for each in said["obligations"] if each["id"] == name)


def test_from_the_questions_to_the_submission(owing: Programs) -> None:
    """The same rules as in the portal; each answer says how all of it stands then."""
    said = owing.get("ben", PATH)
    assert {"gdpr.personal_data_breach", "aware"} <= {each["id"] for each in said["questions"]}
    assert owing.write("ben", f"{PATH}/answers", {"answers": BREACH}).status_code == 200
    said = owing.write("ben", f"{PATH}/events", {"kind": "aware", "at": "2026-01-05T07:00:00Z"}).json()
    found = standing(said, "gdpr.notification")
    assert (found["state"], found["act_by"], found["latest_lawful"]) == ("running", "2026-01-08T07:00:00Z", "2026-01-08T08:00:00Z")
    sent = owing("ben", "POST", f"{PATH}/gdpr.notification/submit", data={"at": "2026-01-05T08:00:00Z"},
                 files={"file": ("notification.pdf", b"%PDF", "application/pdf")})
    found = standing(sent.json(), "gdpr.notification")
    assert (found["state"], found["in_time"]) == ("submitted", True)
    said = owing.write("maria", f"{PATH}/gdpr.register/waive", {"reason": "it is there already"}).json()
    assert standing(said, "gdpr.register")["state"] == "waived"
    event = next(each["id"] for each in said["events"] if each["kind"] == "waived")
    said = owing.write("maria", f"{PATH}/events/{event}/withdraw", {"reason": "it isn't"}).json()
    assert standing(said, "gdpr.register")["state"] == "running"


@pytest.mark.parametrize(("path", "body", "status", "says"), [
    ("answers", {"answers": {"gdpr.nothing": True}}, 422, "gdpr.nothing"),
    ("events", {"kind": "aware", "at": "2026-01-05"}, 422, "at"),
    ("events", {"kind": "aware", "at": "2026-01-05T07:00:00"}, 422, "timezone"),
    ("events", {"kind": "aware", "at": "9999-12-31T23:59:59-12:00"}, 422, "1900 to 2999"),
    ("answers", {"answers": {"gdpr.\0": True}}, 422, "U+0000"),
    ("events", {"kind": "sighed", "at": "2026-01-05T07:00:00Z"}, 422, "one of"),
    ("gdpr.nothing/waive", {"reason": "why not"}, 422, "one of"),
])
def test_what_cannot_be_is_refused(owing: Programs, path: str, body: Any, status: int, says: str) -> None:
    """Naming the field, and what would be right."""
    sent = owing.write("ben", f"{PATH}/{path}", body)
    assert sent.status_code == status
    assert says in sent.text


@pytest.mark.parametrize(("field", "value", "says"), [
    ("at", "0001-01-01T00:00:00+14:00", "1900 to 2999"), ("at", "soon", "an instant with its zone"),
    ("at", "2026-01-05T08:00:00", "at: '2026-01-05T08:00:00' can't be; an instant with its zone"), ("reason", "a\0b", "U+0000"),
])
def test_a_form_that_cannot_be_is_refused(owing: Programs, field: str, value: str, says: str) -> None:
    """A submission comes as a form: it is looked at as closely."""
    sent = owing("ben", "POST", f"{PATH}/gdpr.notification/submit", data={"at": "2026-01-05T08:00:00Z", field: value},
                 files={"file": ("notification.pdf", b"%PDF", "application/pdf")})
    assert (sent.status_code, says in sent.text) == (422, True)


def test_what_a_relief_depends_on_is_offered_and_answered(call: Programs) -> None:
    """For this incident alone, where the programme says nothing of it; nothing waits for it."""
    name = "obligations/organisation.yaml"
    with call.world.store.write() as tx:
        programmes.apply(tx, kept({**shipped(), name: shipped()[name].replace("dora: no", "dora: yes")}), OPERATOR, call.world.when())
    report(call.world)
    said = call.get("ben", PATH)
    asked = {each["id"]: each["needed_by"] for each in said["offered"]}
    assert asked["organisation.credit_institution"] == ["dora.initial", "dora.intermediate"]
    assert not asked.keys() & {each["id"] for each in said["questions"]}
    sent = call.write("ben", f"{PATH}/answers", {"answers": {"organisation.credit_institution": False}})
    assert (sent.status_code, [each["id"] for each in sent.json()["offered"]]) == (200, list(asked)[1:])
    assert call.write("ben", f"{PATH}/answers", {"answers": {"organisation.covered_entity": False}}).status_code == 422


def test_nothing_is_asked_of_an_incident_that_has_ended(owing: Programs) -> None:
    """It was none; taken back it asks again."""
    assert owing.get("ben", PATH)["questions"]
    do(owing.world, incidents.dismiss, "ben", None, "a prank")
    assert (owing.get("ben", PATH)["questions"], owing.get("ben", PATH)["offered"]) == ([], [])
    do(owing.world, incidents.take_back, "ben", None, "no prank")
    assert owing.get("ben", PATH)["questions"]


def test_a_file_whose_kind_cannot_be_said_is_any(owing: Programs) -> None:
    """The report itself is what counts."""
    assert owing.write("ben", f"{PATH}/answers", {"answers": BREACH}).status_code == 200
    assert owing.write("ben", f"{PATH}/events", {"kind": "aware", "at": "2026-01-05T07:00:00Z"}).status_code == 200
    sent = owing("ben", "POST", f"{PATH}/gdpr.notification/submit", data={"at": "2026-01-05T08:00:00Z"},
                 files={"file": ("notification.pdf", b"%PDF", "application/pdf\0")})
    assert sent.status_code == 200
    with owing.world.store.read() as conn:
        assert conn.execute(select(evidence.c.media_type)).scalar_one() == "application/octet-stream"


def test_who_may(owing: Programs) -> None:
    """A responder answers and doesn't decide; who may not see the incident finds nothing."""
    assert owing.write("ravi", f"{PATH}/answers", {"answers": BREACH}).status_code == 200
    assert owing.write("ravi", f"{PATH}/gdpr.register/waive", {"reason": "no"}).status_code == 403
    label(House(owing.world, None, owing.log, ""), "restricted")  # type: ignore[arg-type]  # the world is all that it takes
    assert owing("ines", "GET", PATH).status_code == 404


def submitted(call: Programs, **more: Any) -> Any:
    """The report to the authority is recorded as sent; what was answered."""
    return call("ben", "POST", f"{PATH}/gdpr.notification/submit", data={"at": "2026-01-05T08:00:00Z"},
                files={"file": ("notification.pdf", b"%PDF", "application/pdf")}, **more)


def waived(call: Programs, **more: Any) -> Any:
    """It is decided that the entry in the register isn't owed."""
    return call.write("ben", f"{PATH}/gdpr.register/waive", {"reason": "it is there already"}, **more)


def known(call: Programs, **more: Any) -> Any:
    """Somebody noticed."""
    return call.write("ben", f"{PATH}/events", {"kind": "aware", "at": "2026-01-05T07:30:00Z"}, **more)


@pytest.mark.parametrize(("kind", "record", "takes", "other"), [
    ("submitted", submitted, "decide", "write"), ("waived", waived, "decide", "write"), ("aware", known, "write", "decide"),
])
def test_withdrawing_takes_the_scope_that_recording_took(owing: Programs, kind: str, record: Callable[..., Any], takes: str,
                                                         other: str) -> None:
    """A token that can't say that a report was sent can't unsay it either; a repeat is answered as the first was."""
    assert owing.write("ben", f"{PATH}/answers", {"answers": BREACH}).status_code == 200
    if kind != "aware":
        assert known(owing).status_code == 200
    assert record(owing, scopes=("read", other)).json()["type"].endswith("out-of-scope")
    said = record(owing, scopes=("read", takes)).json()
    event = next(each["id"] for each in said["events"] if each["kind"] == kind)
    path, body = f"{PATH}/events/{event}/withdraw", {"reason": "a slip"}
    refused = owing.write("ben", path, body, key="k1", scopes=("read", other))
    assert (refused.status_code, f"the scope {takes}" in refused.json()["detail"]) == (403, True)
    assert event in {each["id"] for each in owing.get("ben", PATH)["events"]}
    first, again = (owing.write("ben", path, body, key="k1", scopes=("read", takes)) for _ in range(2))
    assert (first.status_code, again.json(), "Idempotent-Replayed" in again.headers) == (200, first.json(), True)
    assert event not in {each["id"] for each in first.json()["events"]}


def test_an_event_that_isnt_there_cannot_be_withdrawn(owing: Programs) -> None:
    """It is named, to whoever may withdraw any."""
    sent = owing.write("ben", f"{PATH}/events/nothing/withdraw", {"reason": "a slip"})
    assert (sent.status_code, "nothing" in sent.json()["detail"]) == (404, True)


def test_a_draft_as_markdown_and_as_pdf(owing: Programs) -> None:
    """As the portal offers it, to whoever may see the incident."""
    text = owing("ben", "GET", f"{PATH}/gdpr.notification/draft")
    assert (text.headers["content-type"], text.text.startswith("# Notification")) == ("text/markdown; charset=utf-8", True)
    paper = owing("ben", "GET", f"{PATH}/gdpr.notification/draft", params={"format": "pdf"})
    assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert "INC-2026-0001-gdpr.notification.pdf" in paper.headers["content-disposition"]
    assert owing("ben", "GET", f"{PATH}/gdpr.nothing/draft").status_code == 404
    assert owing("ben", "GET", f"{PATH}/gdpr.notification/draft", params={"format": "docx"}).status_code == 422
    assert owing("ines", "GET", f"{PATH}/gdpr.notification/draft").status_code == 403


def test_a_report_is_put_off_in_somebodys_name_who_decides(call: Programs) -> None:
    """As any event, with a reason, by a token that may decide; what the act doesn't allow is refused with what it does."""
    name = "obligations/organisation.yaml"
    with call.world.store.write() as tx:
        programmes.apply(tx, kept({**shipped(), name: shipped()[name].replace("sec: no", "sec: yes")}), OPERATOR, call.world.when())
    report(call.world)
    call.write("ben", f"{PATH}/answers", {"answers": {"sec.may_be_material": True}})
    call.write("ben", f"{PATH}/events", {"kind": "determined", "at": "2026-01-05T08:00:00Z"})
    body = {"kind": "delay_allowed", "at": "2026-01-05T08:00:01Z", "of": "sec.item_1_05", "until": "2026-02-01T12:00:00Z"}
    assert call.write("maria", f"{PATH}/events", body, scopes=("read", "write")).status_code == 403
    assert "reason" in call.write("maria", f"{PATH}/events", body).text
    sent = call.write("maria", f"{PATH}/events", {**body, "until": "2026-03-01T12:00:00Z", "reason": "a letter"})
    assert (sent.status_code, "at most 30 days" in sent.text) == (422, True)
    found = standing(call.write("maria", f"{PATH}/events", {**body, "reason": "a letter"}).json(), "sec.item_1_05")
    assert (found["act_by"], found["latest_lawful"]) == ("2026-02-01T12:00:00Z", "2026-02-01T12:00:00Z")
    assert any("Item 1.05(c)" in line for line in found["explained"])
    event = next(each["id"] for each in call.get("maria", PATH)["events"] if each["kind"] == "delay_allowed")
    path, why = f"{PATH}/events/{event}/withdraw", {"reason": "a slip"}
    for scopes, status in ((("read", "write"), 403), (("read", "decide"), 403), (("read", "write", "decide"), 200)):
        assert call.write("maria", path, why, scopes=scopes).status_code == status
