"""Files of a report, sent by programs."""

from __future__ import annotations

from typing import Any

import httpx

from isms_workflow.engine.commands import incidents
from tests.engine.incidents import do, report
from tests.portal.api.conftest import Programs

PATH = "/incidents/INC-2026-0001/attachments"


def send(call: Programs, who: str, content: bytes = b"a line", name: str = "log.txt", key: str = "", path: str = PATH) -> httpx.Response:
    """A file to a report."""
    headers: dict[str, Any] = {"Idempotency-Key": key} if key else {}
    return call(who, "POST", path, scopes=("report",), files={"file": (name, content, "text/plain")}, headers=headers)


def test_whoever_reported_sends_a_file_to_it(both_call: Programs) -> None:
    """A guest, too, with a token that only reports; whoever sees the incident finds it there, once for a key."""
    report(both_call.world)
    made = send(both_call, "gil", key="1")
    again = send(both_call, "gil", key="1")
    assert (made.status_code, made.json(), again.headers["Idempotent-Replayed"]) == (201, again.json(), "true")
    assert (made.json()["name"], made.json()["size"]) == ("log.txt", 6)
    found, = both_call.get("ben", "/incidents/INC-2026-0001")["attachments"]
    assert (found["id"], found["step"], found["label"], found["added_by"]) == (
        made.json()["id"], None, "confidential", both_call.world.ids["gil"])
    sent = both_call("ben", "GET", f"/evidence/{found['id']}/file", scopes=("read",))
    assert (sent.content, sent.headers["content-disposition"].startswith("attachment;")) == (b"a line", True)
    assert both_call("gil", "GET", f"/evidence/{found['id']}", scopes=("read",)).status_code == 403


def test_what_can_t_be_is_refused_with_its_field(call: Programs) -> None:
    """Of others' reports, of ended ones, of files that can't be."""
    report(call.world)
    assert send(call, "ben").status_code == 403
    assert send(call, "ines").status_code == 403
    assert send(call, "gil", path="/incidents/INC-2026-0009/attachments").status_code == 404
    empty = send(call, "gil", b"")
    assert (empty.status_code, "it is empty" in empty.json()["detail"]) == (422, True)
    assert send(call, "gil", b"x" * (25 * 1024 * 1024 + 1)).status_code == 422
    do(call.world, incidents.dismiss, "ben", None, "a prank")
    assert send(call, "gil").status_code == 409
