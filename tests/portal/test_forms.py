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
    assert "he is ill" in answer.text
    assert "2026-03-20" in answer.text


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


EMPTY = {"/": "No decision waits for you", "/cycle": "No cycle yet", "/cases": "No cases", "/evidence": "No evidence"}


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
