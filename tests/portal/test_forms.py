"""Forms: nothing typed is lost, a stale one says so, what was wrong is named, and empty pages teach."""

from __future__ import annotations

import pytest

from tests.portal.visitor import House


def test_a_stale_form_shows_what_was_typed(planning: House) -> None:
    """Two people edited: the later one reads their own words beside what is there now."""
    maria, step = planning.visitor("maria"), planning.world.step("scope")
    page = f"/steps/{step.id}"
    hidden = dict(maria.hidden(page, f"{page}/extend"))
    assert maria.send(f"{page}/extend", page, due="2026-02-20", reason="supplier is late").status_code == 303
    answer = maria.client.post(f"{page}/extend", data={**hidden, "due": "2026-03-20", "reason": "he is ill"})
    assert answer.status_code == 409
    for yours, now in (("he is ill", "supplier is late"), ("2026-03-20", "Fri 20 Feb 2026")):
        assert f'data-label="Yours">{yours}</td><td data-label="Now">{now}' in answer.text
    assert "Last of all Maria Okafor extended it" in answer.text


def test_a_stale_change_of_role_shows_both(planning: House) -> None:
    """Two administrators at one account."""
    alex, page = planning.visitor("alex"), f"/people/{planning.world.ids['gil']}"
    hidden = dict(alex.hidden(page, f"{page}/role"))
    assert alex.send(f"{page}/role", page, role="auditor").status_code == 303
    answer = alex.client.post(f"{page}/role", data={**hidden, "role": "user"})
    assert answer.status_code == 409
    assert 'data-label="Yours">user</td><td data-label="Now">auditor' in answer.text


REFUSED = {
    "a date that is none": ("maria", "extend", {"due": "soon", "reason": "supplier is late"}, "extend-due"),
    "a date that isn't later": ("maria", "extend", {"due": "2026-01-05", "reason": "supplier is late"}, "extend-due"),
    "nobody's name": ("maria", "reassign", {"owner": "", "reason": "supplier is late"}, ""),
    "no reason": ("maria", "waive", {"reason": " "}, "waive-reason"),
    "a reason that is too long": ("maria", "waive", {"reason": "supplier is late" * 300}, "waive-reason"),
    "a comment that is too long": ("maria", "comments", {"text": "supplier is late" * 300}, "comment-text"),
}


@pytest.mark.parametrize(("who", "event", "typed", "field"), REFUSED.values(), ids=REFUSED)
def test_a_form_that_is_refused_comes_back_as_it_was_typed(planning: House, who: str, event: str, typed: dict[str, str],
                                                           field: str) -> None:
    """On its page, with a summary that leads to the field."""
    visitor, page = planning.visitor(who), f"/steps/{planning.world.step('scope').id}"
    answer = visitor.send(f"{page}/{event}", page, **typed)
    assert answer.status_code == 422
    assert all(text in answer.text for text in typed.values())
    assert (f'href="#{field}"' in answer.text if field else 'role="alert"' in answer.text)
    assert "What good looks like" in answer.text


def test_an_invitation_that_is_refused_comes_back_as_it_was_typed(house: House) -> None:
    """Everything that was filled in, and the address as what was wrong."""
    alex = house.visitor("alex")
    answer = alex.send("/people", "/people", name="Eva Novak", email="ben@example.org", role="user")
    assert (answer.status_code, 'value="Eva Novak"' in answer.text, 'href="#invite-email"' in answer.text) == (422, True, True)


def test_a_way_on_without_its_reason_comes_back_as_it_was_chosen(at_gate: House) -> None:
    """Top management names the steps again only if it wants others."""
    at_gate.world.answer("plan", "dana", "reject", "the scope is wrong")
    dana, page = at_gate.visitor("dana"), f"/gates/{at_gate.world.gate('plan').id}"
    answer = dana.send(f"{page}/restart", page, reopen=at_gate.world.step("scope").id, reason="")
    assert (answer.status_code, 'href="#restart-reason"' in answer.text) == (422, True)
    assert f'value="{at_gate.world.step("scope").id}" checked' in answer.text


def test_what_was_typed_outlives_the_session(planning: House) -> None:
    """It is shown beside the way to sign in, which leads back; nothing is written."""
    maria, page = planning.visitor("maria"), f"/steps/{planning.world.step('scope').id}"
    token = maria.csrf()
    maria.client.cookies.clear()
    answer = maria.client.post(f"{page}/comments", data={"csrf": token, "text": "agreed with the plant"},
                               headers={"Referer": f"{planning.url}{page}"})
    assert (answer.status_code, "agreed with the plant" in answer.text, token in answer.text) == (401, True, False)
    assert f'href="/login?next={page}"' in answer.text
    assert planning.world.step("scope").comments == ()


def test_signing_in_leads_back_to_what_was_looked_for(planning: House) -> None:
    """With its filter; never to somebody else's page."""
    assert planning.visitor().get("/cases?state=open").headers["location"] == "/login?next=/cases%3Fstate%3Dopen"
    answer = planning.visitor().client.post("/logout", headers={"Referer": "https://evil.example/x"})
    assert answer.headers["location"] == "/login?next=/"


def test_a_gate_that_changed_since_it_was_shown_isn_t_decided(at_gate: House) -> None:
    """The evidence was replaced after the page was made."""
    dana, gate = at_gate.visitor("dana"), at_gate.world.gate("plan")
    page = f"/gates/{gate.id}"
    hidden = dict(dana.hidden(page, f"{page}/approve"))
    at_gate.world.evidence("scope", "maria", b"another scope", replaces=at_gate.world.step("scope").evidence[0].id)
    answer = dana.client.post(f"{page}/approve", data={**hidden, "comment": "as discussed"})
    assert (answer.status_code, "as discussed" in answer.text) == (409, True)
    assert at_gate.world.gate("plan").decisions == ()


@pytest.mark.parametrize(("answer", "said"), [("return", "reason"), ("reject", "reason")])
def test_what_isn_t_a_plain_yes_needs_its_reason(at_gate: House, answer: str, said: str) -> None:
    """The page comes back with it named, at its field."""
    dana, page = at_gate.visitor("dana"), f"/gates/{at_gate.world.gate('plan').id}"
    refused = dana.send(f"{page}/{answer}", page, comment="")
    assert refused.status_code == 422
    assert said in refused.text.split('role="alert"', 1)[1].split("</div>", 1)[0]


FILES = {"an empty one": b"", "none": None}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_an_upload_without_content_is_refused(planning: House, content: bytes | None) -> None:
    """Nothing is stored, and it is said."""
    maria, page = planning.visitor("maria"), f"/steps/{planning.world.step('scope').id}"
    files = None if content is None else {"file": ("scope.pdf", content)}
    answer = maria.send(f"{page}/evidence", page, files=files, label="internal")
    assert answer.status_code == 422
    assert planning.world.step("scope").evidence == ()


def test_an_over_large_upload_is_refused_before_it_is_read(planning: House) -> None:
    """It names the limit."""
    maria, page = planning.visitor("maria"), f"/steps/{planning.world.step('scope').id}"
    answer = maria.send(f"{page}/evidence", page, files={"file": ("scope.pdf", b"x" * (27 * 1024 * 1024))}, label="internal")
    assert (answer.status_code, "25 MiB" in answer.text) == (413, True)
    assert planning.world.step("scope").evidence == ()


def test_a_step_without_its_evidence_says_what_it_needs(planning: House) -> None:
    """The button is absent, with the reason why."""
    said = planning.visitor("maria").read(f"/steps/{planning.world.step('scope').id}")
    assert "It carries 0 of 1 files of evidence" in said


EMPTY = {"/": "No decision waits for you", "/cycle": "No cycle yet", "/cases": "No cases", "/evidence": "No evidence",
         "/systems": "No systems"}


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_page_teaches(house: House, path: str) -> None:
    """What would stand there, and how it comes about."""
    assert EMPTY[path] in house.visitor("maria").read(path)


def test_an_error_says_what_next_and_has_a_reference(planning: House) -> None:
    """The same that the log has."""
    answer = planning.visitor("maria").get("/cases/PDCA-1999-0001")
    assert answer.status_code == 404
    for word in ("What next", "Reference", "Check the address"):
        assert word in answer.text


def test_a_bad_csv_line_is_named_and_nobody_is_invited(house: House) -> None:
    """Whole or not at all."""
    alex = house.visitor("alex")
    people = alex.read("/people").count("@example.org")
    answer = alex.send("/people/csv", "/people", files={"file": ("people.csv", b"Eva,eva@example.org,user,\nNo address\n")})
    assert answer.status_code == 422
    assert "line 2" in answer.text
    assert alex.read("/people").count("@example.org") == people
