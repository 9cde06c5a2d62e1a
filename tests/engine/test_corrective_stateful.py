"""Whatever people do to a corrective action: who owns or did it never decides, each follow-up fires once, no round is rewritten."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import select

from isms_workflow.domain.corrective_action import round_of
from isms_workflow.domain.rules.apart import doers
from isms_workflow.domain.rules.corrective import FOLLOW_UP
from isms_workflow.engine import watchdog
from isms_workflow.engine.commands import corrective, steps
from isms_workflow.errors import IsmsError
from isms_workflow.store.tables import deadlines
from tests.databases import Files
from tests.engine.actions import current, open_action
from tests.engine.incidents import do
from tests.engine.stateful import Verified, play
from tests.world import found

WHO = st.sampled_from(("ben", "ravi", "maria", "dana", "ines", "gil"))
SAID = "because it must be"


class Corrected(Verified):
    """One corrective action on SQLite; `template` is a migrated database."""

    def __init__(self) -> None:
        super().__init__()
        self.world, self.past = found(self.store), {}

    @initialize(owner=st.sampled_from(("ben", "ravi", "maria")), gravity=st.sampled_from(("major", "minor")))
    def opened(self, owner: str, gravity: str) -> None:
        """By Ines, for one of three."""
        open_action(self.world, by="ines", owner=owner, gravity=gravity)

    def decides(self, whoever: tuple[str, ...], command: Any, *what: Any) -> None:
        """A decision that each of them tries in turn; whoever's isn't refused had no part in it."""
        for who in whoever:
            barred, before = self.world.ids[who] in doers(self.world.view()), self.world.view().case.version
            with suppress(IsmsError):
                command(who, *what)
                assert not barred
            if self.world.view().case.version != before:
                return

    @rule(who=WHO, effective=st.sampled_from((False, False, False, True)), to=st.sampled_from((None, "ben", "ravi")))
    def go_further(self, who: str, effective: bool, to: str | None) -> None:
        """What comes next is done: somebody tries to decide it, and else whoever may."""
        state, owner = self.world.view().case.state, self.world.ids[to] if to else None
        while owed := [s for s in self.world.view().steps if s.state == "open" and s.phase != "checking"]:
            for step in owed:
                self.world.complete(step.key)
        if state == "planning":
            self.decides((who, "maria", "dana"), lambda by: self.world.answer("planning", by))
        elif state == "observing":
            self.world.advance(days=95)
        elif state == "checking":
            self.world.evidence(current("check", self.world), "maria")
            self.decides((who, "ines", "maria", "dana"), self.told, corrective.judge, effective)
        elif state == "referred":
            self.decides((who, "dana"), self.told, corrective.go_on, owner)

    def told(self, by: str, command: Any, *what: Any) -> None:
        """A command by somebody, with a reason."""
        do(self.world, command, by, None, *what, SAID)

    @rule(who=WHO, accepts=st.booleans())
    def end(self, who: str, accepts: bool) -> None:
        """Management accepts what remains, or it is cancelled; only once it has come far: else there is little to see."""
        action = self.world.view().corrective
        if action is not None and action.round > 2:
            self.decides((who,), self.told, corrective.accept if accepts else corrective.cancel)

    @rule(who=WHO, to=WHO)
    def hand_over(self, who: str, to: str) -> None:
        """To somebody else."""
        with suppress(IsmsError):
            do(self.world, corrective.hand_over, who, None, self.world.ids[to], SAID)

    @rule(who=WHO)
    def reopen(self, who: str) -> None:
        """The plan again."""
        with suppress(IsmsError), self.world.sim.write() as (tx, when):
            steps.reopen(tx, self.world.step(current("plan", self.world)).id, None, SAID, self.world.actor(who), when)

    @rule(days=st.sampled_from((1, 10, 31, 95)))
    def wait(self, days: int) -> None:
        """Nobody does anything."""
        self.world.advance(days=days)

    @invariant()
    def every_wait_ends(self) -> None:
        """In somebody in office (invariant 6 of the design)."""
        if self.world.case:
            with self.store.read() as conn:
                assert watchdog.look(conn, self.world.now) == []

    @invariant()
    def each_follow_up_fires_once_a_round(self) -> None:
        """Never twice, never for a round that wasn't done."""
        if not self.world.case:
            return
        with self.store.read() as conn:
            fired = Counter(conn.execute(select(deadlines.c.outcome).where(
                deadlines.c.case_id == self.world.case, deadlines.c.event == FOLLOW_UP)).scalars())
        action = self.world.view().corrective
        assert action is not None
        assert fired["fired"] + fired[None] <= action.round

    @invariant()
    def no_round_is_rewritten(self) -> None:
        """What an earlier one held stays as it was; a round follows each check that found it not effective, once decided."""
        if not self.world.case:
            return
        view = self.world.view()
        action = view.corrective
        assert action is not None
        assert action.round == action.failed + (view.case.state != "referred" and view.case.state != "accepted") or view.case.closed_at
        held = {s.key: (s.state, s.owner, s.settled_by, s.evidence) for s in view.steps
                if s.phase != "correcting" and round_of(s.key) < action.round}
        assert {key: held[key] for key in self.past} == self.past
        self.past = held


@pytest.fixture
def machine(sqlite_files: Files) -> type[Corrected]:
    """The state machine over a migrated database."""
    return type("Corrected", (Corrected,), {"files": sqlite_files})


@pytest.mark.timeout(240)
def test_any_sequence_of_people_and_time(machine: type[Corrected]) -> None:
    """Done, approved, sent back, judged, referred, handed over, reopened, in any order."""
    play(machine, 14)
