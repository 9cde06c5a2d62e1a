"""Who was told: on the incident's page and on a page of its own, and whoever may not see the incident sees neither."""

from __future__ import annotations

from isms_workflow.settings import Settings
from tests.engine.mails import deliver
from tests.portal.incidents import FIRST, label, main_of
from tests.portal.visitor import House


def test_the_page_says_who_was_told_and_whether_it_arrived(reported: House, settings: Settings) -> None:
    """Before it leaves, and afterwards with what the receiver answered."""
    maria = reported.visitor("maria")
    assert "Who was told" in main_of(maria, FIRST)
    assert "queued" in main_of(maria, f"{FIRST}/told")
    deliver(reported.world, settings)
    page = main_of(maria, f"{FIRST}/told")
    assert all(said in page for said in ("Ben Ito", "Ravi Singh", "the report", "mail", "sent", ".eml"))
    assert "queued" not in page


def test_the_reporter_is_not_told_of_there(reported: House) -> None:
    """What was said to them says who they are; their report's page says how it stands."""
    assert "Gil Moreau" not in main_of(reported.visitor("maria"), f"{FIRST}/told")


def test_whoever_may_not_see_the_incident_sees_nobody(reported: House) -> None:
    """Names of responders of a restricted case are part of it."""
    label(reported, "restricted")
    answer = reported.visitor("ines").get(f"{FIRST}/told")
    assert answer.status_code == 404
    assert "Ben Ito" not in answer.text
