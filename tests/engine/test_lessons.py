"""What incidents teach: entries that a gate covers, action items that become corrective actions, and the cycle's answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from isms_workflow.domain.lessons import Lesson, in_tree, roots
from isms_workflow.domain.refusals import (
    Conflicted,
    DigestChanged,
    Frozen,
    Missing,
    NotAllowed,
    NotYours,
    ReasonNeeded,
    Unknown,
    Wrong,
)
from isms_workflow.domain.rules.gates import Shown
from isms_workflow.domain.rules.lessons import all_of
from isms_workflow.engine import reading
from isms_workflow.engine.commands import incidents, lessons, people, steps
from isms_workflow.engine.commands.lessons import Becomes
from isms_workflow.errors import IsmsError
from isms_workflow.store import audit
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import cases
from isms_workflow.store.tables import lessons as table
from tests.engine.incidents import do, report, respond
from tests.engine.lessons import add, closed, decline, in_act, learning, small_programme, take_up
from tests.world import World, found

NOON = datetime(2026, 1, 5, 7, 30, tzinfo=UTC)


@pytest.fixture
def world(sqlite_store: Store) -> World:
    """An incident that was dealt with; Ben owes its lessons."""
    there = found(sqlite_store)
    learning(there)
    return there


def finish(world: World, but: str = "") -> None:
    """The steps of the lessons are declared complete."""
    world.complete_phase("lessons_learned", but)


def test_lessons_from_the_first_entry_to_the_incident_s_end(store: Store) -> None:
    """On both databases: written down, one item taken up and one declined, approved, closed; the action goes on."""
    world = found(store)
    incident = learning(world)
    add(world, "event", "The vendor called", at=NOON)
    add(world, "well", "The phones worked")
    add(world, "improve", "Alerts came late")
    why = add(world, "cause", "Nobody watches the log")
    add(world, "cause", "It is nobody's duty", parent=why)
    first, second = add(world, "item", "Make it somebody's duty"), add(world, "item", "Buy another tool")
    action = take_up(world, first)
    decline(world, second)
    finish(world)
    world.answer("lessons_learned", "maria")
    with store.read() as conn:
        views = reading.views(conn, (incident, action), world.now)
        assert audit.verify(conn).ok
    assert (views[incident].case.state, views[action].case.state) == ("closed", "correcting")
    assert (views[action].corrective.from_case, views[action].case.reference) == (incident, "CAP-2026-0001")
    assert views[action].case.label == views[incident].case.label == "confidential"
    assert ("step_opened", "ravi") in world.mails("step_opened")


def test_what_is_written_counts_as_what_the_step_needs(world: World) -> None:
    """An entry in place of a file; without either the step isn't complete."""
    with pytest.raises(Missing, match="0 of 1 files of evidence"):
        do_step(world, "account")
    add(world, "well", "The phones worked")
    do_step(world, "account")
    assert world.step("account").state == "done"


def do_step(world: World, key: str, by: str = "ben") -> None:
    """A step is declared complete, with what it carries."""
    with world.sim.write() as (tx, when):
        steps.complete(tx, world.step(key).id, None, world.actor(by), when)


def test_lessons_don_t_close_while_an_item_is_neither(world: World) -> None:
    """Not by the step, and not by the gate for one that was added since."""
    item = add(world, "item", "Watch the log")
    with pytest.raises(Missing, match="an action item is neither a corrective action nor declined"):
        finish(world)
    take_up(world, item)
    finish(world)
    late = add(world, "item", "Buy another tool")
    with pytest.raises(Missing, match="an action item is neither"):
        world.answer("lessons_learned", "maria")
    decline(world, late)
    world.answer("lessons_learned", "maria")
    assert world.view().case.state == "closed"


CHANGES: dict[str, Callable[[World], object]] = {
    "an entry is added": lambda w: add(w, "well", "Dana decided quickly"),
    "an entry is withdrawn": lambda w: with_tx(w, lessons.withdraw, entry(w, "improve"), "It was the other system"),
    "an item is added": lambda w: add(w, "item", "Buy another tool"),
    "an item is taken up": lambda w: take_up(w, entry(w, "item")),
    "an item is declined": lambda w: decline(w, entry(w, "item")),
}


def entry(world: World, sort: str) -> str:
    """The first entry of a sort that counts and waits for no more than its answer."""
    return next(each.id for each in all_of(world.view()) if each.sort == sort and not each.withdrawn)


def with_tx(world: World, command: Callable[..., object], *what: object, by: str = "ben") -> object:
    """A command by somebody."""
    with world.sim.write() as (tx, when):
        return command(tx, *what, world.actor(by), when)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_voids_what_was_approved(world: World, change: Callable[[World], object]) -> None:
    """An approval is for exactly what was shown: entries are part of it, and what becomes of items."""
    add(world, "improve", "Alerts came late")
    finish(world)
    add(world, "item", "Watch the log")
    gate = world.gate("lessons_learned")
    change(world)
    with pytest.raises(DigestChanged):
        world.answer("lessons_learned", "maria", shown=Shown(gate.round, gate.digest))
    changed = [row for row in history(world) if row == "gate.changed"]
    assert len(changed) == 2  # the item, and the change


def history(world: World) -> list[str]:
    """The kinds of what is recorded of this world's case, in order."""
    with world.store.read() as conn:
        return list(conn.execute(select(records.c.kind).where(records.c.case_id == world.case).order_by(records.c.seq)).scalars())


def test_whoever_writes_a_lesson_doesn_t_decide_at_its_gate(world: World) -> None:
    """The ISMS manager may add to it; then somebody else approves."""
    add(world, "improve", "I was told late", by="maria")
    finish(world)
    with pytest.raises(Conflicted):
        world.answer("lessons_learned", "maria")
    world.answer("lessons_learned", "dana")
    assert world.view().case.state == "closed"


REFUSED: dict[str, tuple[Callable[[World], object], type[IsmsError], str]] = {
    "of no sort": (lambda w: add(w, "gossip", "x"), Wrong, "one of event, well, improve, cause, item"),
    "without words": (lambda w: add(w, "well", "  "), Wrong, "write 1 to 2,000 characters"),
    "too long": (lambda w: add(w, "well", "x" * 2001), Wrong, "write 1 to 2,000 characters"),
    "an event without its instant": (lambda w: add(w, "event", "x"), Wrong, "say when it happened"),
    "an event of tomorrow": (lambda w: add(w, "event", "x", at=w.now + timedelta(days=1)), Wrong, "it lies ahead"),
    "praise with an instant": (lambda w: add(w, "well", "x", at=NOON), Wrong, "only what happened has an instant"),
    "a cause of another incident": (lambda w: add(w, "cause", "x", parent="0"), Wrong, "name another cause of this incident"),
    "by somebody who had no part": (lambda w: add(w, "well", "x", by="ines"), NotYours, "Incident responder"),
    "by who only looks": (lambda w: add(w, "well", "x", by="gil"), NotYours, "Incident responder"),
    "a cause that another explains is withdrawn": (
        lambda w: (add(w, "cause", "b", parent=(a := add(w, "cause", "a"))), with_tx(w, lessons.withdraw, a, "x")),
        Missing, "another cause explains it"),
    "an item that was decided on is withdrawn": (
        lambda w: (take_up(w, item := add(w, "item", "x")), with_tx(w, lessons.withdraw, item, "x")), NotAllowed, "decided on"),
    "an item that was decided on is declined": (
        lambda w: (take_up(w, item := add(w, "item", "x")), decline(w, item)), NotAllowed, "decided on already"),
    "declined without a reason": (lambda w: decline(w, add(w, "item", "x"), reason=" "), ReasonNeeded, "reason"),
    "taken up by nobody": (
        lambda w: with_tx(w, lessons.take_up, add(w, "item", "x"), Becomes("", "minor")), Wrong, "name an active person"),
    "praise that is taken up": (lambda w: take_up(w, add(w, "well", "x")), NotAllowed, "no action item"),
    "one that nobody wrote": (lambda w: decline(w, w.ids["ben"]), Unknown, "No lesson"),
    "once it was approved": (
        lambda w: (add(w, "well", "x"), finish(w), w.answer("lessons_learned", "maria"), add(w, "well", "y")), NotAllowed, "closed"),
}


@pytest.mark.parametrize(("what", "error", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_what_would_be_right(world: World, what: Callable[[World], object], error: type[IsmsError],
                                                  says: str) -> None:
    """Each refusal is a sentence, and nothing of it is written."""
    with pytest.raises(error, match=says):
        what(world)


def test_nothing_is_opened_for_an_item_that_is_refused(world: World) -> None:
    """The corrective action and the answer are one transaction."""
    item = add(world, "item", "x")
    with pytest.raises(Wrong):
        take_up(world, item, gravity="odd")
    with world.store.read() as conn:
        assert conn.execute(select(cases.c.id).where(cases.c.kind == "corrective_action")).all() == []
        assert conn.execute(select(table.c.answer)).scalars().all() == [None]
    assert take_up(world, item)


def test_what_happened_is_noted_from_the_report_on(sqlite_store: Store) -> None:
    """The rest waits until somebody responds; a false positive takes nothing more."""
    world = found(sqlite_store)
    report(world)
    add(world, "event", "The mail server was restarted", at=NOON)
    with pytest.raises(Missing, match="nobody has responded yet"):
        add(world, "well", "x")
    do(world, incidents.dismiss, "ben", None, "A test")
    with pytest.raises(NotAllowed, match="is false_positive"):
        add(world, "event", "x", at=NOON)


def test_a_lesser_incident_records_what_is_to_change_also_once_it_has_closed(sqlite_store: Store) -> None:
    """It goes from resolved to closed directly; its items become actions before or after, other entries don't follow."""
    world = found(sqlite_store)
    report(world, "outage", systems=())
    respond(world, "ben")
    early = add(world, "item", "Renew certificates in time")
    world.complete_phase("responding")
    assert world.view().case.state == "closed"
    assert take_up(world, early)
    assert take_up(world, add(world, "item", "Watch for the next one"))
    with pytest.raises(NotAllowed):
        add(world, "improve", "x")


def test_what_a_passed_gate_covers_is_frozen(world: World) -> None:
    """Until its step is reopened by a recorded decision."""
    add(world, "well", "x")
    finish(world)
    world.answer("lessons_learned", "maria")
    with world.store.write() as tx:
        tx.execute(update(cases).where(cases.c.id == world.case).values(state="lessons_learned", closed_at=None))
    with pytest.raises(Frozen):
        add(world, "well", "y")


def lesson(name: str, parent: str | None = None, *, withdrawn: bool = False) -> Lesson:
    """A cause."""
    return Lesson(name, "cause", parent, "", "", withdrawn, None, None)


def test_five_whys_are_a_tree_of_one_branch() -> None:
    """Each stands under what it explains; where a branch ends is a root cause."""
    why = [lesson("a"), lesson("b", "a"), lesson("c", "b"), lesson("d", "a"), lesson("e", "c", withdrawn=True)]
    assert [(depth, each.id) for depth, each in in_tree(why)] == [(0, "a"), (1, "b"), (2, "c"), (1, "d")]
    assert [each.id for each in roots(why)] == ["c", "d"]


def apply(world: World, step: str, lesson: str, action: str | None, reason: str = "", by: str = "maria") -> None:
    """The cycle's step answers."""
    with world.sim.write() as (tx, when):
        lessons.apply(tx, step, lesson, action, reason, world.actor(by), when)


def test_the_cycle_applies_what_was_learned(store: Store) -> None:
    """On both databases: its step asks of what an incident taught, an action is named, and the step closes."""
    world = found(store, programme=small_programme())
    lesson = closed(world, "Alerts came late", item="Watch the log")
    step = in_act(world)
    with pytest.raises(Missing, match=r"1 lessons of INC-2026-0001 wait for an answer"):
        world.complete("lessons")
    apply(world, step, lesson, "cap-2026-0001")
    world.complete("lessons")
    with store.read() as conn:
        assert audit.verify(conn).ok


def test_what_comes_after_the_step_is_done_goes_to_the_next_cycle(sqlite_store: Store) -> None:
    """For each an action is opened, or it is declined with a reason; an incident that closes later is asked of a year later."""
    world = found(sqlite_store, programme=small_programme())
    first, second = closed(world, "Nobody had the vendor's number"), closed(world, "The room was locked")
    step = in_act(world)
    with world.sim.write() as (tx, when):
        lessons.apply_new(tx, step, first, Becomes(world.ids["ben"], "minor"), world.actor("maria"), when)
    with pytest.raises(ReasonNeeded):
        apply(world, step, second, None)
    apply(world, step, second, None, "The locks are gone")
    world.complete("lessons")
    cycle, later = world.case, closed(world, "It happened again")
    world.case = cycle
    with pytest.raises(Missing, match="isn't open"):
        apply(world, step, later, None, "x")
    world.pass_phase("act")
    world.case = world.open_case()
    for phase in ("plan", "do", "check"):
        world.pass_phase(phase)
    with pytest.raises(Missing, match=r"1 lessons of INC-2026-0003 wait"):
        world.complete("lessons")


APPLIED: dict[str, tuple[Callable[[World, str, str], object], type[IsmsError], str]] = {
    "by somebody else": (lambda w, s, x: apply(w, s, x, None, "x", by="ben"), NotYours, "its owner or a deputy"),
    "no corrective action": (lambda w, s, x: apply(w, s, x, "INC-2026-0001"), Wrong, "name a corrective action by its reference"),
    "an action that nobody has": (lambda w, s, x: apply(w, s, x, "CAP-2026-0009"), Wrong, "name a corrective action by its reference"),
    "twice": (lambda w, s, x: (apply(w, s, x, None, "x"), apply(w, s, x, None, "y")), NotAllowed, "decided on already"),
    "in another step": (lambda w, s, x: apply(w, w.step("improve").id, x, None, "x"), Unknown, "No step of a cycle"),
}


@pytest.mark.parametrize(("what", "error", "says"), APPLIED.values(), ids=APPLIED)
def test_what_the_cycle_s_step_refuses(sqlite_store: Store, what: Callable[[World, str, str], object], error: type[IsmsError],
                                       says: str) -> None:
    """Each with what would be right."""
    world = found(sqlite_store, programme=small_programme())
    lesson = closed(world)
    with pytest.raises(error, match=says):
        what(world, in_act(world), lesson)


def test_a_deputy_who_sees_less_doesn_t_close_the_step_over_its_owner_s_head(sqlite_store: Store) -> None:
    """What its owner is asked of stays asked; the refusal names no incident."""
    world = found(sqlite_store, programme=small_programme())
    closed(world)
    with world.store.write() as tx:
        tx.execute(update(cases).where(cases.c.kind == "incident").values(label="restricted"))
    in_act(world)
    with world.sim.write() as (tx, when):
        people.name_deputy(tx, world.ids["maria"], world.ids["ines"], world.actor("maria"), when)
    with pytest.raises(Missing, match="1 lessons wait for the answer of its owner") as refused:
        world.complete("lessons", by="ines")
    assert "INC" not in str(refused.value)


def test_the_cycle_asks_only_of_what_its_step_s_owner_may_see(sqlite_store: Store) -> None:
    """A restricted incident reads like none to who isn't of it, and waits for somebody who is."""
    world = found(sqlite_store, programme=small_programme())
    lesson = closed(world)
    with world.store.write() as tx:
        tx.execute(update(cases).where(cases.c.kind == "incident").values(label="restricted"))
    step = in_act(world)
    with world.sim.write() as (tx, when):
        steps.reassign(tx, step, None, world.ids["ines"], "she asked for it", world.actor("maria"), when)
    with pytest.raises(Unknown, match="No lesson"):
        apply(world, step, lesson, None, "x", by="ines")
    world.complete("lessons")
    assert world.step("lessons").state == "done"
