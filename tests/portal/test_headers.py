"""What holds for every answer: headers, forms of one's own session, files as attachments."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from isms_workflow.portal.security import address
from isms_workflow.settings import Settings
from tests.portal.visitor import House

PAGES = {"sign-in": ("", "/login"), "a page": ("maria", "/cycle"), "not found": ("maria", "/cases/PDCA-1999-0001"),
         "forbidden": ("gil", "/system"), "static": ("", "/static/isms.css"), "the API": ("", "/api/v1/cycles"),
         "health": ("", "/health")}


@pytest.mark.parametrize(("who", "path"), PAGES.values(), ids=PAGES)
def test_every_answer_has_the_headers(planning: House, who: str, path: str) -> None:
    """A strict content security policy without inline scripts, no sniffing, no framing, no referrer elsewhere."""
    headers = planning.visitor(who).get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert (headers["x-content-type-options"], headers["x-frame-options"]) == ("nosniff", "DENY")
    assert headers["referrer-policy"] == "same-origin"


def test_a_failure_of_ours_has_the_headers_too(planning: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its row in the access log; the page says what next, and nothing of what failed."""
    monkeypatch.setattr("isms_workflow.portal.pages.programme._versions", lambda *_: 1 / 0)
    answer = planning.visitor("maria").get("/programme")
    assert (answer.status_code, "What next" in answer.text, "ZeroDivision" in answer.text) == (500, True, False)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
    assert planning.attempts() == [("maria", "read /programme", "GRANTED")]


def test_a_failure_is_a_page_even_if_what_surrounds_pages_fails(planning: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What next, and the reference: without the menu."""
    monkeypatch.setattr("isms_workflow.portal.visit.alive", lambda *_: 1 / 0)
    answer = planning.visitor("maria").get("/cycle")
    assert (answer.status_code, "Reference" in answer.text) == (500, True)


def test_what_is_somebodys_own_isn_t_kept_by_browsers(planning: House) -> None:
    """Pages aren't stored; static files are, under an address that changes with them."""
    assert planning.visitor("maria").get("/").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("token", ["", "0" * 43, "fälschung"], ids=["none", "another", "no token at all"])
def test_a_form_of_another_session_is_refused(planning: House, token: str) -> None:
    """403, a row DENIED, and nothing changes."""
    maria, step = planning.visitor("maria"), planning.world.step("scope")
    answer = maria.client.post(f"/steps/{step.id}/comments", data={"csrf": token, "text": "hello"})
    assert answer.status_code == 403
    assert planning.world.step("scope").comments == ()
    assert planning.attempts()[-1][2] == "DENIED"


FOREIGN = {"another page": {"Origin": "https://evil.example"}, "no page at all": {"Origin": "null"},
           "another name": {"Host": "evil.example"}}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_form_from_elsewhere_is_not_taken(planning: House, headers: dict[str, str]) -> None:
    """Even with the right token: it was stolen, then."""
    maria, step = planning.visitor("maria"), planning.world.step("scope")
    answer = maria.client.post(f"/steps/{step.id}/comments", data={"csrf": maria.csrf(), "text": "hello"}, headers=headers)
    assert answer.status_code in (403, 421)
    assert planning.world.step("scope").comments == ()


BEFORE_SIGN_IN = ("/login", "/reset", "/setup/a-link", "/invitation/a-link", "/acknowledge/a-link", "/logout")
ELSEWHERE = {"another page": {"Origin": "https://evil.example"}, "another site": {"Sec-Fetch-Site": "cross-site"},
             "a neighbour": {"Sec-Fetch-Site": "same-site"}}


@pytest.mark.parametrize("path", BEFORE_SIGN_IN)
@pytest.mark.parametrize("headers", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_form_before_sign_in_is_taken_from_our_own_pages_only(planning: House, path: str,
                                                                headers: dict[str, str]) -> None:
    """Nobody is signed in as somebody else, or set up, from a page that they happen to read."""
    answer = planning.visitor().client.post(path, data={"email": "maria@example.org", "password": "x"}, headers=headers)
    assert (answer.status_code, planning.attempts()[-1][2]) == (403, "DENIED")


ONE_AFTER_THE_OTHER = [
    ((), "10.0.0.9", ["1.2.3.4"], "10.0.0.9"),
    (("10.0.0.1",), "10.0.0.1", ["1.2.3.4"], "1.2.3.4"),
    (("10.0.0.1",), "10.0.0.1", ["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
    (("10.0.0.1",), "10.0.0.1", ["6.6.6.6", "1.2.3.4"], "1.2.3.4"),
    (("10.0.0.1", "10.0.0.2"), "10.0.0.2", ["6.6.6.6, 1.2.3.4, 10.0.0.1"], "1.2.3.4"),
    (("10.0.0.1",), "10.0.0.1", [], "10.0.0.1"),
]


@pytest.mark.parametrize(("trusted", "peer", "told", "found"), ONE_AFTER_THE_OTHER)
def test_who_asks_is_what_the_nearest_trusted_proxy_heard(settings: Settings, trusted: tuple[str, ...], peer: str,
                                                          told: list[str], found: str) -> None:
    """What a stranger writes into the header counts for nothing, in whatever line it stands."""
    lines = [(b"x-forwarded-for", each.encode()) for each in told]
    request = Request({"type": "http", "headers": lines, "client": (peer, 4711)})
    portal: Any = SimpleNamespace(settings=settings.model_copy(update={"trusted_proxies": trusted}))
    assert address(request, portal) == found


def endless(part: bytes) -> Iterator[bytes]:
    """A body whose length nobody told."""
    yield part
    for _ in range(40):
        yield b"x" * 1024 * 1024


UPLOAD = (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n', "multipart/form-data; boundary=x")
TOO_MUCH = {"a form": ("/login", b"email=", "application/x-www-form-urlencoded", "1 MiB"),
            "a file": ("/login", *UPLOAD, "25 MiB"), "a program's file": ("/api/v1/steps/x/evidence", *UPLOAD, "25 MiB"),
            "a program's document": ("/api/v1/people", b"", "application/json", "1 MiB")}


@pytest.mark.parametrize(("path", "begin", "sort", "limit"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_a_body_without_a_length_ends_at_the_limit(planning: House, path: str, begin: bytes, sort: str,
                                                   limit: str) -> None:
    """Nobody fills the disk or the memory, signed in or not; what was wrong is said."""
    answer = planning.visitor().client.post(path, content=endless(begin), headers={"Content-Type": sort})
    assert (answer.status_code, limit in answer.text) == (413, True)


def test_a_program_at_the_wrong_name_gets_its_problem_document(planning: House) -> None:
    """As for every other refusal."""
    answer = planning.visitor().client.get("/api/v1/cycles", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["content-type"]) == (421, "application/problem+json")


def test_a_file_is_always_an_attachment(planning: House) -> None:
    """Whatever it says it is: a page among the evidence runs nowhere."""
    maria, step = planning.visitor("maria"), planning.world.step("scope")
    page = f"/steps/{step.id}"
    done = maria.send(f"{page}/evidence", page, files={"file": ("scope.html", b"<script>alert(1)</script>", "text/html")},
                      label="internal")
    assert done.status_code == 303
    (item,) = planning.world.step("scope").evidence
    answer = maria.get(f"/evidence/{item.id}/file")
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_text_that_looks_like_markup_is_a_text(planning: House) -> None:
    """Templates escape what people write."""
    maria, page = planning.visitor("maria"), f"/steps/{planning.world.step('scope').id}"
    maria.send(f"{page}/comments", page, text="<b onclick=x>bold</b>")
    assert "<b onclick" not in maria.get(page).text
    assert "&lt;b onclick" in maria.get(page).text
