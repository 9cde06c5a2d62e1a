"""Every attempt, granted or denied, stands in the access log; refusals write nothing to the chain."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from isms_workflow.engine.accesslog import Access, AccessLog
from isms_workflow.store.database import Store
from isms_workflow.store.tables import accesses, audit
from tests.portal.visitor import PASSWORD, House


def records(house: House) -> int:
    """How long the chain is."""
    with house.world.store.read() as conn:
        return int(conn.execute(select(func.count()).select_from(audit)).scalar_one())


def test_what_was_granted_is_logged(planning: House) -> None:
    """Who, what, how: reads and writes."""
    maria, page = planning.visitor("maria"), f"/steps/{planning.world.step('scope').id}"
    maria.send(f"{page}/comments", page, text="a remark")
    assert planning.attempts()[-2:] == [("maria", f"read {page}", "GRANTED"), ("maria", f"write {page}/comments", "GRANTED")]


def test_what_was_denied_is_logged_at_once(planning: House) -> None:
    """Before the answer leaves, not with the next group."""
    planning.visitor("gil").get("/system")
    with planning.world.store.read() as conn:
        row = conn.execute(select(accesses)).one()
    assert (row.person, row.resource, row.outcome) == (planning.world.ids["gil"], "/system", "DENIED")


def test_whoever_isn_t_signed_in_is_a_denied_nobody(planning: House) -> None:
    """Also somebody who tries a password."""
    planning.visitor().get("/cycle")
    assert planning.attempts() == [("-", "read /cycle", "DENIED")]


def test_static_files_and_health_are_no_accesses(planning: House) -> None:
    """They tell nothing of anybody."""
    for path in ("/static/isms.css", "/health"):
        planning.visitor().get(path)
    assert planning.attempts() == []


def test_a_link_that_signs_somebody_in_isn_t_written_down(planning: House) -> None:
    """Nobody who reads the log can use it."""
    planning.visitor().get("/invitation/abcdefghijk")
    assert planning.attempts() == [("-", "read /invitation/…", "DENIED")]


GUESSED = {"an invitation": "/invitation/guessed", "a set-up": "/setup/guessed"}


@pytest.mark.parametrize("path", GUESSED.values(), ids=GUESSED)
def test_a_guessed_link_is_a_denied_attempt(planning: House, path: str) -> None:
    """Looking at it, and using it: 410, and a row that says so."""
    stranger = planning.visitor()
    assert stranger.get(path).status_code == stranger.client.post(path, data={"password": PASSWORD}).status_code == 410
    assert {outcome for _, _, outcome in planning.attempts()} == {"DENIED"}


def test_nor_does_it_stand_in_the_process_s_log(house: House, caplog: pytest.LogCaptureFixture,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the page behind it fails."""
    monkeypatch.setattr("isms_workflow.portal.pages.account._invitation", lambda *_: 1 / 0)
    with caplog.at_level("INFO"):
        house.visitor().get("/invitation/abcdefghijk")
        house.visitor().get("/setup/abcdefghijk")
    ours = [each.getMessage() for each in caplog.records if each.name.startswith("isms_workflow")]
    assert ours
    assert not any("abcdefghijk" in each for each in ours)


def test_a_name_that_isn_t_ours_is_a_denied_attempt(planning: House) -> None:
    """Whoever leads our readers to us under another name."""
    planning.visitor("maria").client.get("/cycle", headers={"Host": "evil.example"})
    assert planning.attempts() == [("-", "read /cycle", "DENIED")]


def test_an_address_that_the_database_can_t_hold_is_logged_all_the_same(store: Store) -> None:
    """One row that is refused would take its group's others with it."""
    with AccessLog(store) as log:
        for resource in ("/steps/\x00", "/steps/\ud800", "/cycle"):
            log.record(Access(datetime(2026, 1, 5, tzinfo=UTC), None, "read", resource, "GRANTED"))
    with store.read() as conn:
        assert conn.execute(select(accesses.c.resource)).scalars().all() == ["/steps/\ufffd", "/steps/\ufffd", "/cycle"]


def test_no_refusal_writes_to_the_chain(at_gate: House) -> None:
    """It holds what happened, not what was tried."""
    before = records(at_gate)
    gate = at_gate.world.gate("plan")
    for who in ("gil", "maria", "alex"):
        at_gate.visitor(who).send(f"/gates/{gate.id}/approve", round="1", digest=gate.digest)
    at_gate.visitor("gil").get("/system")
    assert records(at_gate) == before
