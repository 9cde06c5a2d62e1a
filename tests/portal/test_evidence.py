"""Withdrawing a file on its step's page: who may, from which steps, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from isms_workflow.store.tables import evidence
from tests.portal.visitor import House
from tests.world import World, unknown


def page_of(house: House, key: str = "scope") -> str:
    """A step's page."""
    return f"/steps/{house.world.step(key).id}"


def counting(house: House, key: str = "scope") -> list[str]:
    """The files of a step that count."""
    return [e.id for e in house.world.step(key).evidence if not e.withdrawn]


def test_a_withdrawn_file_no_longer_counts(planning: House) -> None:
    """It stays on the page as withdrawn, with the reason in the history, and isn't offered again."""
    item, maria, page = planning.world.evidence("scope", "maria"), planning.visitor("maria"), page_of(planning)
    assert f'<option value="{item}">scope.pdf' in maria.read(page)
    answer = maria.send(f"{page}/withdraw", page, evidence=item, reason="it is the draft")
    assert (answer.status_code, counting(planning)) == (303, [])
    said = maria.read(page)
    for word in ("scope.pdf", "withdrawn", "withdrew evidence", "it is the draft", "It carries 0 of 1 files"):
        assert word in said, word
    assert f"{page}/withdraw" not in said


def test_only_files_that_count_are_offered(planning: House) -> None:
    """Not the version that another one replaced."""
    first = planning.world.evidence("scope", "maria")
    second = planning.world.evidence("scope", "maria", b"another scope", replaces=first)
    said = planning.visitor("maria").read(page_of(planning)).split(f'action="{page_of(planning)}/withdraw"', 1)[1]
    assert (f'value="{first}"' in said, f'value="{second}"' in said) == (False, True)


def test_a_file_that_may_not_be_seen_is_not_offered(planning: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who may withdraw evidence, and isn't of the case: of two files they choose from the one that they see."""
    hidden, shown = planning.world.evidence("scope", "maria"), planning.world.evidence("scope", "maria", b"another scope")
    with planning.world.store.write() as tx:
        tx.execute(update(evidence).values(label="restricted").where(evidence.c.id == hidden))
    monkeypatch.setattr("isms_workflow.portal.pages.steps.people_of", lambda *_: frozenset())
    offered = planning.visitor("maria").read(page_of(planning)).split(f'action="{page_of(planning)}/withdraw"', 1)[1]
    assert (f'value="{hidden}"' in offered, f'value="{shown}"' in offered) == (False, True)


NOT_OFFERED: dict[str, tuple[Callable[[World], object], str]] = {
    "there is no file": (lambda w: None, ""),
    "the step is complete": (lambda w: w.complete("scope"), "replace the file, or have the step reopened"),
    "a passed gate covers it": (lambda w: w.pass_phase("plan"), "a correction reopens the step"),
}


@pytest.mark.parametrize(("happens", "why"), NOT_OFFERED.values(), ids=NOT_OFFERED)
def test_where_nothing_can_be_withdrawn_nothing_is_offered(planning: House, happens: Callable[[World], object],
                                                           why: str) -> None:
    """The page says why, and a form that is sent all the same changes nothing."""
    happens(planning.world)
    maria, page, before = planning.visitor("maria"), page_of(planning), counting(planning)
    said = maria.read(page)
    assert (f"{page}/withdraw" in said, why in said) == (False, True)
    answer = maria.send(f"{page}/withdraw", evidence=next(iter(before), unknown()), reason="it is the draft")
    assert answer.status_code in (404, 409, 422)
    assert counting(planning) == before


def test_an_administrator_takes_away_an_upload_that_isn_t_used_yet(planning: House) -> None:
    """The right to delete goes as far as that: once the step is complete the file lies before its gate, and stays."""
    item, alex, page = planning.world.evidence("scope", "maria"), planning.visitor("alex"), page_of(planning)
    assert f"{page}/withdraw" in alex.read(page)
    assert alex.send(f"{page}/withdraw", page, evidence=item, reason="a payslip by mistake").status_code == 303
    assert counting(planning) == []
    planning.world.complete("scope")
    kept = counting(planning)
    assert f"{page}/withdraw" not in alex.read(page)
    assert alex.send(f"{page}/withdraw", evidence=kept[0], reason="a payslip by mistake").status_code == 422
    assert counting(planning) == kept


@pytest.mark.parametrize("who", ["olga", "gil", "ravi"])
def test_who_has_no_part_in_a_step_withdraws_nothing(planning: House, who: str) -> None:
    """It is a denied attempt, and their page has no such form."""
    item, visitor, page = planning.world.evidence("scope", "maria"), planning.visitor(who), page_of(planning)
    assert f"{page}/withdraw" not in visitor.read(page)
    assert visitor.send(f"{page}/withdraw", evidence=item, reason="it is the draft").status_code == 403
    assert counting(planning) == [item]
    assert (who, f"write {page}/withdraw", "DENIED") in planning.attempts()


def test_a_file_that_may_not_be_seen_can_t_be_told_from_none(planning: House) -> None:
    """Nor can one that another step carries: each is answered as if there were none."""
    planning.world.complete("scope")  # which opens the other
    (hidden,), elsewhere = counting(planning), planning.world.evidence("policy", "maria")
    with planning.world.store.write() as tx:
        tx.execute(update(evidence).values(label="restricted").where(evidence.c.id == hidden))
    alex, page = planning.visitor("alex"), page_of(planning)
    answers = {item: alex.send(f"{page}/withdraw", evidence=item, reason="x") for item in (hidden, elsewhere, unknown())}
    assert {answer.status_code for answer in answers.values()} == {404}
    said = {answer.text.split("<dt>What</dt>", 1)[1].split("</dd>", 1)[0].replace(item, "…") for item, answer in answers.items()}
    assert len(said) == 1
    assert counting(planning) == [hidden]


REFUSED = {"no file": ("", "it is the draft", "withdraw-evidence"), "no reason": ("chosen", " ", "withdraw-reason")}


@pytest.mark.parametrize(("choice", "reason", "field"), REFUSED.values(), ids=REFUSED)
def test_a_withdrawal_that_is_refused_comes_back_as_it_was_typed(planning: House, choice: str, reason: str,
                                                                 field: str) -> None:
    """With a summary that leads to the field; nothing is written."""
    item, maria, page = planning.world.evidence("scope", "maria"), planning.visitor("maria"), page_of(planning)
    answer = maria.send(f"{page}/withdraw", page, evidence=item if choice else "", reason=reason)
    assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True)
    assert (reason.strip() or f'value="{item}" selected') in answer.text
    assert counting(planning) == [item]
