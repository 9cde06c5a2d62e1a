"""What mails say about corrective actions: whatever happens finds its words, and nobody reads of cycles or incidents."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from isms_workflow.engine.commands import corrective, gates, people
from isms_workflow.settings import Settings
from isms_workflow.store.database import Store
from tests.engine.actions import asked, done, judged, open_action, planned, referred
from tests.engine.incidents import do
from tests.engine.mails import became, deliver, in_write, only
from tests.world import World, found

Situation = Callable[[World], object]


@pytest.fixture
def world(sqlite_store: Store) -> World:
    """Maria has opened an action that Ben owns."""
    there = found(sqlite_store)
    open_action(there)
    return there


def at_gate(world: World) -> None:
    """Its plan waits for an approval."""
    for key in ("correction", "root_cause", "plan"):
        world.complete(key)


LIFE: dict[str, tuple[Situation, set[str]]] = {
    # what happens: and the notices that tell of it
    "it is effective": (lambda w: (asked(w), judged(w, effective=True)), {"step_opened", "gate_opened", "decided", "action_ended"}),
    "it isn't effective": (lambda w: (asked(w), judged(w, effective=False)), {"action_ineffective"}),
    "management is asked, and reminded": (
        lambda w: (referred(w), w.advance(days=20)), {"action_ineffective", "action_referred", "overdue"}),
    "management has it tried by somebody else": (
        lambda w: (referred(w), do(w, corrective.go_on, "dana", None, w.ids["ravi"], "Ravi")), {"action_handed_over"}),
    "management accepts it": (lambda w: (referred(w), do(w, corrective.accept, "dana", None, "enough")), {"action_ended"}),
    "it is cancelled": (lambda w: (planned(w), do(w, corrective.cancel, "maria", None, "closed")), {"action_ended"}),
    "it is handed over": (lambda w: do(w, corrective.hand_over, "ben", None, w.ids["ravi"], "leave"), {"action_handed_over"}),
    "its owner leaves": (lambda w: (
        do(w, corrective.hand_over, "ben", None, w.ids["ravi"], "leave"), in_write(w, lambda tx, when: people.deactivate(
            tx, w.ids["ravi"], w.actor("alex"), when))), {"action_handed_over", "reassigned"}),
    "nobody does what is owed": (lambda w: w.advance(days=60), {"reminder", "overdue", "escalated"}),
    "nobody checks it": (lambda w: (done(w), w.advance(days=90)), {"reminder", "overdue", "escalated"}),
    "nobody who may checks it": (lambda w: (
        done(w), *(do(w, corrective.hand_over, "maria", None, w.ids[who], "x") for who in ("ines", "maria", "dana")),
        w.advance(days=31)), {"action_uncheckable"}),
    "nobody approves its plan": (lambda w: (at_gate(w), w.advance(days=60)), {"gate_lapsed", "escalated"}),
    "its plan is rejected, and begun anew": (lambda w: (
        at_gate(w), w.answer("planning", "dana", "reject", "not the cause"), w.advance(days=9),
        in_write(w, lambda tx, when: gates.restart(tx, w.gate("planning").id, None, (w.step("plan").id,), "anew",
                                                   w.actor("dana"), when))), {"rejected_waits"}),
    "its plan is returned": (lambda w: (at_gate(w), w.answer("planning", "dana", "return", "why?", ["plan"])), {"decided"}),
}


@pytest.mark.parametrize(("happens", "told"), LIFE.values(), ids=LIFE)
def test_every_notice_finds_its_words(world: World, settings: Settings, happens: Situation, told: set[str]) -> None:
    """Whatever happens, what is queued can be written, and speaks of nothing else than corrective actions."""
    happens(world)
    mails = deliver(world, settings)
    assert became(world, "dead") == []
    assert told <= {notice for notice, _ in became(world, "sent")}
    about = [f"{mail.subject} {mail.text}" for mail in mails if "CAP-2026-0001" in mail.subject]
    assert about
    assert not [each for each in about if re.search(r"\b(cycle|incident)\b|_", each.partition("http://")[0])]


def test_an_owner_of_several_reads_which_it_is(world: World, settings: Settings) -> None:
    """The step, and what the action is about; a long title leaves room for the reference."""
    open_action(world, title="Visitors walk through the server room without anybody of ours beside them")
    mails = [m.subject for m in deliver(world, settings) if m.key.startswith(("step_opened:", "several:"))]
    assert "Yours now: Correct what is wrong now: Restores were never tried, due Mon 12 Jan 2026 (CAP-2026-0001)" in mails
    assert "Yours now: Correct what is wrong now: Visitors walk through the server room w…, due Mon 12 Jan 2026 (CAP-2026-0002)" in mails


def test_what_management_is_asked(world: World, settings: Settings) -> None:
    """What the check showed, until when, and what happens if nobody acts; one mail, not two."""
    referred(world)
    mails = deliver(world, settings)
    text = " ".join(only(mails, "dana", "action_referred").text.split())
    for said in ("Ines Costa looked whether this corrective action works", "looked at five cases", "Restores were never tried",
                 "If nobody acts"):
        assert said in text
    assert len([m for m in mails if m.to == "dana@example.org" and m.key.startswith("action_ineffective:")]) == 1  # of round 1


def test_whoever_gave_it_away_isn_t_told_that_they_owe_it(world: World, settings: Settings) -> None:
    """What waited to leave is looked at again when it does."""
    open_action(world, owner="ravi")
    do(world, corrective.hand_over, "ravi", None, world.ids["ben"], "leave")
    deliver(world, settings)
    assert became(world, "unsent") == [("step_opened", "correction is not its recipient's any more, who was told so")]
