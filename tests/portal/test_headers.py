"""What holds for every answer: headers, forms of one's own session, files as attachments."""

from __future__ import annotations

import pytest

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


def test_what_is_somebodys_own_isn_t_kept_by_browsers(planning: House) -> None:
    """Pages aren't stored; static files are, under an address that changes with them."""
    assert planning.visitor("maria").get("/").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("token", ["", "0" * 43], ids=["none", "another"])
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
