"""In whatever order people answer, date, submit, decide, correct and wait: no submission is lost, and nothing that runs goes unwatched."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import select

from isms_workflow.domain.duties import LAWFUL, REMIND, Duties, event_of
from isms_workflow.domain.limits import anew
from isms_workflow.domain.obligations import State, obligations_of
from isms_workflow.domain.rules.obligations import askable
from isms_workflow.engine import watchdog
from isms_workflow.engine.commands import incidents
from isms_workflow.errors import IsmsError
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.obligations import SUBMITTED
from isms_workflow.store import tables
from tests.databases import Files
from tests.engine.incidents import do, report
from tests.engine.obligations import answer, date, submit, waive, withdraw
from tests.engine.stateful import Verified, play
from tests.world import found

ORGANISATION = "obligations/organisation.yaml"
TEXTS = {**shipped(), ORGANISATION: shipped()[ORGANISATION].replace(
    "nis2: no", "nis2: yes").replace("dora: no", "dora: yes").replace("sec: no", "sec: yes")}
"""Four acts hold: stages that start with others' submissions, that stand in for others, that repeat, and that can be put off."""

PROGRAMME = parse(TEXTS)
NAMES = st.sampled_from([each.id for each in obligations_of(PROGRAMME) if each.regime.regime in ("gdpr", "nis2", "dora", "sec")])
KINDS = st.sampled_from(("aware", "classified", "determined", "handled", "recovered", "reclassified", "requested", "delay_foreseen"))
OF = st.sampled_from((None, "nis2", "dora", "nis2.notification", "dora.initial", "nis2.intermediate"))
SAID = "because it must be"


class Reported(Verified):
    """One incident on SQLite; `template` is a migrated database."""

    def __init__(self) -> None:
        super().__init__()
        self.world = found(self.store, programme=PROGRAMME)
        self.sent: Counter[str] = Counter()

    @initialize(aware=st.integers(0, 30), is_major=st.booleans())
    def reported(self, aware: int, is_major: bool) -> None:
        """Of a system with personal data; three times of four all that is asked is so, and since when is known."""
        report(self.world)
        if aware % 4:
            self.date("aware", None, aware)
            self.answer_all(value=True)
            self.answer_all(value=True)
            self.try_to(answer, {"gdpr.risk_unlikely": False}, reason=SAID)
            self.answer_all(value=True)
        if is_major:
            self.date("classified", None, 0)
            self.date("determined", None, 0)

    @property
    def duties(self) -> Duties:
        """What is known of its reports."""
        found = self.world.view().duties
        assert found is not None
        return found

    def try_to(self, deed: Callable[..., Any], *what: Any, **more: Any) -> bool:
        """Something that may be refused; what may not is a bug of ours, and shows."""
        with suppress(IsmsError):
            deed(self.world, *what, **more)
            return True
        return False

    @rule(data=st.data(), value=st.sampled_from((True, True, False, None)))
    def answer(self, data: st.DataObject, value: bool | None) -> None:
        """Any question, for the first time or again."""
        self.try_to(answer, {data.draw(st.sampled_from(askable(self.duties))): value}, reason=SAID)

    @rule(value=st.booleans())
    def answer_all(self, value: bool) -> None:
        """Everything that is open, alike."""
        if asked := [each.id for each in self.duties.owed if each.about != "event"]:
            self.try_to(answer, dict.fromkeys(asked, value), reason=SAID)

    @rule(kind=KINDS, of=OF, hours=st.integers(0, 30))
    def date(self, kind: str, of: str | None, hours: int) -> None:
        """Something happened; if it is recorded already, at another instant."""
        before = next((each.id for each in self.duties.dated if (each.event.kind, each.event.of) == (kind, of)), None)
        until = self.world.now + timedelta(days=2) if kind == "requested" else None
        self.try_to(date, kind, self.world.now - timedelta(hours=hours), reason=SAID, of=of, until=until, replaces=before)

    @rule(kind=st.sampled_from(("classified", "reclassified")), hours=st.integers(0, 2))
    def date_again(self, kind: str, hours: int) -> None:
        """It happened once more: major, not major after all, and major again."""
        self.try_to(date, kind, self.world.now - timedelta(hours=hours), reason=SAID)

    @rule(kind=st.sampled_from(("delay_allowed", "held_back")), hours=st.integers(0, 30), days=st.integers(1, 40))
    def put_off(self, kind: str, hours: int, days: int) -> None:
        """Somebody allowed it, for longer or shorter than they may."""
        if self.try_to(date, kind, self.world.now - timedelta(hours=hours), "maria", SAID, of="sec.item_1_05",
                       until=self.world.now + timedelta(days=days)):
            found = self.duties.standing("sec.item_1_05")
            assert any(each.until == self.world.now + timedelta(days=days) for each in found.permissions)

    @rule(data=st.data(), name=NAMES)
    def submit(self, data: st.DataObject, name: str) -> None:
        """Now, with reasons: something that runs, else whatever there is."""
        if running := [each.obligation.id for each in self.duties.running]:
            name = data.draw(st.sampled_from(running))
        self.sent[name] += self.try_to(submit, name, reason=SAID)

    @rule(name=NAMES)
    def waive(self, name: str) -> None:
        """It isn't to be reported."""
        self.try_to(waive, name)

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        """Something that was recorded, but no submission."""
        if known := [each.id for each in self.duties.dated if each.event.kind != SUBMITTED]:
            self.try_to(withdraw, data.draw(st.sampled_from(known)))

    @rule(what=st.sampled_from((incidents.dismiss, incidents.take_back)))
    def dismiss(self, what: Callable[..., Any]) -> None:
        """A false positive; or it was none."""
        with suppress(IsmsError):
            do(self.world, what, "ben", None, SAID)

    @rule(hours=st.sampled_from((1, 5, 26, 80)))
    def wait(self, hours: int) -> None:
        """Nobody says anything."""
        self.world.advance(hours=hours)

    @invariant()
    def every_wait_has_an_end(self) -> None:
        """Invariant 6 of the design."""
        if self.world.case:
            with self.store.read() as conn:
                assert watchdog.look(conn, self.world.now) == []

    @invariant()
    def what_runs_is_armed_and_nothing_else(self) -> None:
        """Reminders always; the lawful instant unless it has fired; of what doesn't run nothing."""
        if not self.world.case or self.world.view().case.closed_at is not None:
            return
        duties = self.duties
        running = {each.obligation.id: each for each in duties.running}
        armed = {each.event for each in duties.clocks if each.is_armed}
        assert {event.partition(":")[2] for event in armed} == set(running)
        for name, each in running.items():
            assert event_of(REMIND, name) in armed
            fired = any(c.event == event_of(LAWFUL, name) for c in duties.clocks if not c.is_armed)
            assert each.latest_lawful is None or event_of(LAWFUL, name) in armed or fired

    @invariant()
    def no_submission_is_lost(self) -> None:
        """Each counts as long as nobody withdraws it; one that doesn't repeat stays submitted, whatever else is said, unless
        it was ended and begins anew.
        """
        if not self.world.case:
            return
        kept = Counter(each.event.of for each in self.duties.dated if each.event.kind == SUBMITTED)
        assert kept == +self.sent
        for name in +self.sent:
            each = self.duties.standing(name)
            if each.state is not State.SUBMITTED and not each.obligation.stage.repeats:
                since = anew(each.obligation.regime, each.obligation.stage, self.duties.facts)
                assert since is not None
                assert all(event.at < since for event in self.duties.facts.submitted(name))
                assert any("before it began anew" in line for line in each.why)

    @invariant()
    def no_instant_is_missed_twice(self) -> None:
        """A breach is recorded once for a report and an instant."""
        with self.store.read() as conn:
            bodies = conn.execute(select(tables.audit.c.body).where(tables.audit.c.kind == "obligation.breached")).scalars()
            told = Counter((data["obligation"], data["latest_lawful"]) for data in (json.loads(each)["data"] for each in bodies))
        assert all(times == 1 for times in told.values()), told


@pytest.fixture
def machine(sqlite_files: Files) -> type[Reported]:
    """The state machine over a migrated database."""
    return type("Reported", (Reported,), {"files": sqlite_files})


@pytest.mark.timeout(240)
def test_any_order_of_answers_and_reports(machine: type[Reported]) -> None:
    """Answered, dated, submitted, decided, corrected, withdrawn, dismissed, taken back, waited."""
    play(machine, 8)


def test_the_world_is_one_in_which_much_can_happen() -> None:
    """Four acts hold for the organisation, so that the order of their reports can matter."""
    assert [name for name, value in PROGRAMME.organisation.regimes.items() if value] == ["gdpr", "nis2", "dora", "sec"]
