"""Whatever people do to an incident, its clocks have an end, no level is told twice, and the history only grows."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import select

from isms_workflow.domain.clocks import escalation, response_due
from isms_workflow.domain.incident import UNANSWERED
from isms_workflow.engine import watchdog
from isms_workflow.engine.commands import incidents
from isms_workflow.errors import IsmsError
from isms_workflow.store import audit, tables
from tests.databases import Files
from tests.engine.incidents import do, report
from tests.engine.stateful import Verified, play
from tests.world import found

WHO = st.sampled_from(("ben", "ravi", "maria", "dana", "gil"))
SEVERITY = st.sampled_from(("critical", "high", "medium", "low"))
SAID = "because it must be"


class Handled(Verified):
    """One incident on SQLite; `template` is a migrated database."""

    def __init__(self) -> None:
        super().__init__()
        self.world, self.length = found(self.store), 0

    @initialize(category=st.sampled_from(("outage", "data_breach", "malware")), known=st.booleans())
    def reported(self, category: str, known: bool) -> None:
        """Of some severity."""
        report(self.world, category, ("Customer records", "Web shop") if known else ())

    def try_to(self, command: Any, who: str, *what: Any) -> None:
        """Something that may be refused; what may not is a bug of ours, and shows."""
        with suppress(IsmsError):
            do(self.world, command, who, None, *what)

    @rule(who=WHO)
    def acknowledge(self, who: str) -> None:
        """Somebody's word."""
        self.try_to(incidents.acknowledge, who)

    @rule(who=WHO, hours=st.integers(1, 60))
    def pause(self, who: str, hours: int) -> None:
        """For so many hours."""
        self.try_to(incidents.pause, who, self.world.now + timedelta(hours=hours), SAID)

    @rule(who=WHO)
    def resume(self, who: str) -> None:
        """Before its time."""
        self.try_to(incidents.resume, who)

    @rule(who=WHO, severity=SEVERITY)
    def reassess(self, who: str, severity: str) -> None:
        """Graver or lesser."""
        self.try_to(incidents.reassess, who, severity, SAID)

    @rule(who=WHO, severity=SEVERITY)
    def triage(self, who: str, severity: str) -> None:
        """It is one."""
        self.try_to(incidents.triage, who, severity, SAID)

    @rule(who=WHO)
    def escalate(self, who: str) -> None:
        """By hand."""
        self.try_to(incidents.escalate, who, SAID)

    @rule(who=WHO)
    def dismiss(self, who: str) -> None:
        """It was none."""
        self.try_to(incidents.dismiss, who, SAID)

    @rule(who=WHO)
    def take_back(self, who: str) -> None:
        """It was one after all."""
        self.try_to(incidents.take_back, who, SAID)

    @rule(who=WHO, category=st.sampled_from(("outage", "data_breach", "malware")), known=st.booleans())
    def absorb(self, who: str, category: str, known: bool) -> None:
        """Another is reported, graver or lesser, and merged into it."""
        case = self.world.case
        report(self.world, category, ("Customer records", "Web shop") if known else ())
        self.try_to(incidents.merge, who, case, "")
        self.world.case = case

    @rule(who=WHO)
    def respond(self, who: str) -> None:
        """Somebody is at it."""
        self.try_to(incidents.respond, who)

    @rule(who=WHO)
    def reopen(self, who: str) -> None:
        """It isn't over."""
        settled = [s.id for s in self.world.view().steps_of("responding") if s.is_settled]
        self.try_to(incidents.reopen, who, settled[-1:], SAID)

    @rule(who=WHO)
    def work(self, who: str) -> None:
        """Everything that is open is done."""
        for phase in ("responding", "lessons_learned"):
            self.world.complete_phase(phase)
        with suppress(IsmsError, AssertionError):  # the gate isn't open
            self.world.answer("lessons_learned", who)

    @rule(minutes=st.sampled_from((1, 20, 45, 90, 300, 1500, 5000)))
    def wait(self, minutes: int) -> None:
        """Nobody does anything."""
        self.world.advance(minutes=minutes)

    @invariant()
    def every_clock_has_an_end(self) -> None:
        """Nothing waits for ever (invariant 6 of the design)."""
        if not self.world.case:
            return
        with self.store.read() as conn:
            assert watchdog.look(conn, self.world.now) == []

    @invariant()
    def armed_is_what_the_history_says(self) -> None:
        """The instants can be computed anew at any time."""
        if not self.world.case or (view := self.world.view()).case.state not in UNANSWERED:
            return
        armed, now = dict(self.world.armed(self.world.case)), self.world.now
        level, response = escalation(view, now), response_due(view)
        assert (armed.get("ladder"), armed.get("response")) == (
            None if level is None else max(level.due_at, armed.get("ladder", now)) if level.due_at <= now else level.due_at,
            None if response is None or view.incident.breached_at else  # type: ignore[union-attr]
            max(response, armed.get("response", now)) if response <= now else response)

    @invariant()
    def no_level_is_told_twice(self) -> None:
        """By the clock, at the report, or when it became due by a decision; what people tell beside it is told so."""
        told: Counter[tuple[int, int, str]] = Counter()
        with self.store.read() as conn:
            for row in conn.execute(select(tables.audit.c.kind, tables.audit.c.body, tables.audit.c.subject).where(
                    tables.audit.c.kind.in_(("deadline.expired", "incident.escalated")),
                    tables.audit.c.subject == self.world.case)):
                data = json.loads(row.body)["data"]
                if not data.get("again"):
                    told[data["level"], data["repeat"], data["ladder"] if data["repeat"] else ""] += 1
        assert all(times == 1 for times in told.values()), told

    @invariant()
    def the_history_only_grows(self) -> None:
        """Reopening continues it."""
        with self.store.read() as conn:
            length = audit.head(conn)[0]
        assert length >= self.length
        self.length = length


@pytest.fixture
def machine(sqlite_files: Files) -> type[Handled]:
    """The state machine over a migrated database."""
    return type("Handled", (Handled,), {"files": sqlite_files})


@pytest.mark.timeout(240)
def test_any_sequence_of_people_and_time(machine: type[Handled]) -> None:
    """Acknowledged, paused, resumed, reassessed, escalated, dismissed, taken back, answered, reopened, in any order."""
    play(machine, 20)
