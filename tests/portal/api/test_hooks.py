"""Webhooks: a source of its own reports under a signature, once a message, and a stranger learns nothing."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from isms_workflow.connectors import signatures
from isms_workflow.engine import nightly
from isms_workflow.settings import Settings
from isms_workflow.store import audit
from isms_workflow.store.files import EvidenceFiles
from isms_workflow.store.tables import audit as history
from isms_workflow.store.tables import hook_answers, incidents, occurrences
from tests.engine.incidents import have_systems
from tests.portal.api.conftest import Programs

ADMIN = ("read", "admin")
ALERT = {"title": "The shop does not answer"}


def made(call: Programs, **more: Any) -> dict[str, Any]:
    """Alex makes a webhook."""
    body = {"name": "Monitoring", "kind": "webhook", "category": "outage", **more}
    said = call.write("alex", "/sources", body, scopes=ADMIN)
    assert said.status_code == 201, said.text
    found = said.json()
    assert isinstance(found, dict)
    return found


def post(call: Programs, source: dict[str, Any], body: Any, message: str = "m1", **headers: str) -> httpx.Response:
    """The source posts a message."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    at = str(int(call.world.now.timestamp()))
    signed = {"webhook-id": message, "webhook-timestamp": at,
              "webhook-signature": signatures.signature(source["secret"], message, at, content)}
    path = source["url"].partition("/hooks/")[2]
    return call.client.post(f"/hooks/{path}", content=content, headers={**signed, **headers})


def count(call: Programs, table: Any) -> int:
    """How many rows."""
    with call.world.store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_webhook_reports_under_its_own_name(both_call: Programs) -> None:
    """Nobody's account: the history and the incident name the source."""
    have_systems(both_call.world)
    source = made(both_call)
    body = {**ALERT, "systems": ["web shop", "Atlantis"], "description": "since noon", "key": "shop"}
    said = post(both_call, source, body)
    assert (said.status_code, said.json()["new"]) == (201, True)
    found = both_call.get("ben", f"/incidents/{said.json()['reference']}")
    assert (found["source"], found["reported_by"], found["severity"]) == (source["id"], None, "critical")
    assert found["description"] == "since noon\n\nNamed, and not in the register: Atlantis"
    assert ("incident_reported", "ben") in both_call.world.mails()
    with both_call.world.store.read() as conn:
        assert audit.verify(conn).ok
        assert conn.execute(select(history.c.actor).where(history.c.kind == "incident.reported")).scalar_one() == source["id"]


def test_a_report_without_a_known_system_is_never_dropped(call: Programs) -> None:
    """It has the severity for the unknown."""
    said = post(call, made(call), {**ALERT, "systems": ["Atlantis"]})
    assert call.get("ben", f"/incidents/{said.json()['reference']}")["severity"] == "medium"


def test_what_a_message_doesn_t_say_is_as_the_source_was_made(call: Programs) -> None:
    """Category and systems."""
    have_systems(call.world)
    ids = [each["id"] for each in call.get("ben", "/systems")["items"] if each["name"] == "Customer records"]
    said = post(call, made(call, category="data_breach", systems=ids), ALERT)
    found = call.get("ben", f"/incidents/{said.json()['reference']}")
    assert (found["category"], found["systems"], found["severity"]) == ("data_breach", ids, "high")


def test_each_message_is_taken_once(both_call: Programs) -> None:
    """Its repeat is answered alike and writes nothing; another under the same key is an occurrence."""
    source = made(both_call)
    first, again = (post(both_call, source, {**ALERT, "key": "shop"}) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (count(both_call, incidents), count(both_call, occurrences)) == (1, 0)
    other = post(both_call, source, {**ALERT, "key": "shop"}, "m2")
    assert (other.status_code, other.json()["new"], count(both_call, occurrences)) == (200, False, 1)


def test_another_message_under_an_id_that_was_used_is_refused_and_not_lost(both_call: Programs) -> None:
    """It would be answered as the first was, and nobody would ever read it; under an id of its own it is taken."""
    source = made(both_call)
    assert post(both_call, source, ALERT).status_code == 201
    said = post(both_call, source, {**ALERT, "title": "Disk full"})
    assert (said.status_code, said.json()["type"]) == (422, "tag:isms-workflow,2026:id-reused")
    assert "give each message an id of its own" in said.json()["detail"]
    assert post(both_call, source, {**ALERT, "title": "Disk full"}, "m2").status_code == 201
    assert count(both_call, incidents) == 2


WRONG = {
    "a signature of somebody else's": lambda c, s: post(c, {**s, "secret": signatures.secret(b"x", s["id"])}, ALERT),
    "no signature": lambda c, s: c.client.post(f"/hooks/{s['id']}", json=ALERT),
    "a source that there isn't": lambda c, s: post(c, {**s, "url": "/hooks/nothing"}, ALERT),
    "an old message": lambda c, s: post(c, s, ALERT, **{"webhook-timestamp": "1614265330"}),
    "one that was revoked": lambda c, s: (c.write("alex", f"/sources/{s['id']}/revoke", scopes=ADMIN), post(c, s, ALERT))[1],
}


@pytest.mark.parametrize("act", WRONG.values(), ids=WRONG)
def test_a_stranger_learns_nothing(call: Programs, act: Any) -> None:
    """One sentence, whatever is wrong; the attempt is in the access log, and nothing is written."""
    source = made(call)
    said = act(call, source)
    assert said.status_code == 401
    assert (said.json()["type"], said.json()["title"]) == ("tag:isms-workflow,2026:not-signed", "No valid signature")
    assert said.json()["detail"].startswith("This isn't signed as it should be")
    (path,) = [what for _, what, outcome in call.attempts() if outcome == "DENIED"]
    assert path.startswith("write /hooks/")
    assert count(call, incidents) == 0


def test_a_secret_of_another_source_signs_nothing_here(call: Programs) -> None:
    """Each has its own, and an unknown one's could be derived by nobody outside."""
    one, two = made(call), made(call, name="Scanner")
    assert post(call, {**one, "secret": two["secret"]}, ALERT).status_code == 401


UNREADABLE: dict[str, tuple[Any, int]] = {
    "no document": (b'{"title', 422), "no title": ({}, 422), "an empty title": ({"title": " "}, 422),
    "a field that is not known": ({**ALERT, "severity": "low"}, 422), "an unknown category": ({**ALERT, "category": "weather"}, 422),
    "a naive instant": ({**ALERT, "occurred_at": "2026-01-05T08:00:00"}, 422),
    "a text that can't be kept": ({"title": "a\0b"}, 422), "over 1 MiB": (b"x" * (1024 * 1024 + 1), 413),
    "an instant of another age": ({**ALERT, "occurred_at": "0001-01-01T00:00:00+14:00"}, 422),
    "a name that can't be kept": ({**ALERT, "systems": ["a\0b"]}, 422),
    "a day ahead": ({**ALERT, "occurred_at": "2026-01-06T08:00:00Z"}, 422),
}


@pytest.mark.parametrize(("body", "status"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_can_t_be_read_says_why_and_leaves_nothing(call: Programs, body: Any, status: int) -> None:
    """A problem document; put right, it can be sent under the same id."""
    source = made(call)
    said = post(call, source, body)
    assert (said.status_code, said.json()["status"]) == (status, status), said.text
    assert count(call, hook_answers) == 0
    assert post(call, source, ALERT).status_code == 201


def test_what_is_no_json_is_said_of_the_body(call: Programs) -> None:
    """It has no field that could be named."""
    said = post(call, made(call), b'{"title').json()
    assert said["detail"].startswith("body: Invalid JSON")
    assert [each["field"] for each in said["errors"]] == ["body"]


def test_a_sender_s_clock_may_be_a_little_ahead(call: Programs) -> None:
    """By as much as its timestamp may."""
    said = post(call, made(call), {**ALERT, "occurred_at": "2026-01-05T08:01:00Z"})
    assert said.status_code == 201


def test_a_storm_is_bounded(both_call: Programs) -> None:
    """Sixty a minute; what is refused says when to try again, and another source isn't slowed."""
    source, other = made(both_call), made(both_call, name="Scanner")
    for number in range(60):
        assert post(both_call, source, {**ALERT, "key": "shop"}, f"m{number}").status_code in (200, 201)
    said = post(both_call, source, ALERT, "one more")
    assert (said.status_code, said.headers["Retry-After"]) == (429, "60")
    assert post(both_call, other, ALERT).status_code == 201
    both_call.world.advance(seconds=60)
    assert post(both_call, source, ALERT, "one more").status_code == 201


def test_a_page_of_somebody_else_s_posts_nothing(call: Programs) -> None:
    """A browser names the page; a program doesn't."""
    assert post(call, made(call), ALERT, Origin="https://evil.example").status_code == 403


def test_answers_are_kept_a_day(call: Programs, settings: Settings) -> None:
    """A message's own timestamp lets it be taken for five minutes."""
    post(call, made(call), ALERT)
    call.world.advance(days=1, minutes=1)
    nightly.forget(call.world.store, EvidenceFiles(settings.evidence_dir), call.world.now)
    assert count(call, hook_answers) == 0


def test_sources_are_for_administrators(call: Programs) -> None:
    """Made, listed without a secret, revoked, and made anew under the same name."""
    assert call.write("ben", "/sources", {"name": "x", "kind": "webhook", "category": "other"}).status_code == 403
    source = made(call)
    listed = call("alex", "GET", "/sources", scopes=ADMIN).json()["items"]
    assert [each["name"] for each in listed] == ["Monitoring"]
    assert "secret" not in listed[0]
    assert source["secret"].startswith("whsec_")
    body = {"name": "Monitoring", "kind": "webhook", "category": "outage"}
    assert call.write("alex", "/sources", body, scopes=ADMIN).status_code == 422
    revoked = call.write("alex", f"/sources/{source['id']}/revoke", scopes=ADMIN).json()
    assert revoked["revoked_at"] is not None
    assert call.write("alex", f"/sources/{source['id']}/revoke", scopes=ADMIN).status_code == 404
    made(call)


REFUSED = [({"category": "weather"}, "category"), ({"name": " "}, "name"), ({"systems": ["nowhere"]}, "systems"),
           ({"name": "a\x1bb"}, "name")]


@pytest.mark.parametrize(("changes", "said"), REFUSED)
def test_a_source_that_can_t_be_is_refused(call: Programs, changes: dict[str, Any], said: str) -> None:
    """The field, and what would be right."""
    body = {"name": "Monitoring", "kind": "webhook", "category": "outage", **changes}
    answer = call.write("alex", "/sources", body, scopes=ADMIN)
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (422, said)


def test_there_is_one_mailbox(call: Programs) -> None:
    """Its folder is a setting."""
    body = {"name": "Security mailbox", "kind": "maildir", "category": "other"}
    first = call.write("alex", "/sources", body, scopes=ADMIN).json()
    assert (first["url"], first["secret"]) == (None, None)
    assert call.write("alex", "/sources", {**body, "name": "Another"}, scopes=ADMIN).status_code == 422


def test_the_history_says_who_made_and_revoked_it(call: Programs) -> None:
    """Its name beside, where it can be erased; never the secret."""
    source = made(call)
    call.write("alex", f"/sources/{source['id']}/revoke", scopes=ADMIN)
    with call.world.store.read() as conn:
        rows = conn.execute(select(history.c.kind, history.c.actor, history.c.body).where(
            history.c.subject == source["id"])).all()
    assert [(r.kind, r.actor) for r in rows] == [("source.added", call.world.ids["alex"]),
                                                  ("source.revoked", call.world.ids["alex"])]
    assert not any(b"Monitoring" in r.body or b"whsec" in r.body for r in rows)
