"""Corrective actions: their course, who keeps away from what, and follow-ups that come back once each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from isms_workflow.domain.people import Actor
from isms_workflow.domain.refusals import Conflicted, Missing, Moved, NotAllowed, NotYours, ReasonNeeded, Wrong
from isms_workflow.domain.rules.corrective import FOLLOW_UP
from isms_workflow.domain.times import When, from_iso
from isms_workflow.engine import programmes, retiming, watchdog
from isms_workflow.engine.commands import corrective, people, steps
from isms_workflow.engine.mailing.look import Look
from isms_workflow.engine.mailing.of_day import items
from isms_workflow.errors import IsmsError
from isms_workflow.notify.digest import Sort
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store import audit
from isms_workflow.store.database import Store
from isms_workflow.store.statements.corrective import is_overdue
from isms_workflow.store.tables import audit as records
from isms_workflow.store.tables import cases, corrective_actions, deadlines
from tests.engine.actions import asked, done, judged, open_action, owner_of, planned, referred
from tests.engine.incidents import do
from tests.world import OPERATOR, World, found


@pytest.fixture
def world(sqlite_store: Store) -> World:
    """Maria has opened an action that Ben owns."""
    there = found(sqlite_store)
    open_action(there)
    return there


def state(world: World) -> str:
    """Where the action is."""
    return world.view().case.state


def test_a_corrective_action_from_its_opening_to_its_end(store: Store) -> None:
    """On both databases: corrected, planned, approved, done; found effective by somebody else weeks later, and closed."""
    world = found(store)
    open_action(world)
    assert (world.view().case.reference, state(world)) == ("CAP-2026-0001", "correcting")
    assert world.mails("step_opened") == [("step_opened", "ben")]
    planned(world)
    assert state(world) == "doing"
    world.complete("implement")
    assert (state(world), [event for event, _ in world.armed(world.case)]) == ("observing", [FOLLOW_UP])
    world.advance(days=31)
    assert (state(world), world.name_of(world.step("check").owner)) == ("checking", "ines")
    judged(world, effective=True)
    assert state(world) == "effective"
    assert world.mails("action_ended") == [("action_ended", who) for who in ("ben", "maria", "dana")]
    with store.read() as conn:
        assert audit.verify(conn).ok
        assert conn.execute(select(deadlines.c.id).where(deadlines.c.case_id == world.case, deadlines.c.settled_at.is_(None))).all() == []


def test_not_effective_goes_back_to_the_root_cause_with_its_history_kept(world: World) -> None:
    """The second round has steps of its own; what the first one held is as it was, and its approval superseded."""
    asked(world)
    before = {s.key: (s.state, s.settled_by, s.evidence) for s in world.view().steps if s.phase != "checking"}
    judged(world, effective=False)
    after = {s.key: (s.state, s.settled_by, s.evidence) for s in world.view().steps}
    assert state(world) == "planning"
    assert {key: after[key] for key in before} == before
    assert [after[key][0] for key in ("root_cause@2", "plan@2", "implement@2", "check@2")] == ["open", *["waiting"] * 3]
    assert [g.state for g in world.view().gates] == ["superseded"]
    assert next(title for s in world.view().steps if "round" in (title := world.view().title(s))) == "Find the root cause, round 2"


def test_the_second_time_management_says_how_it_goes_on(world: World) -> None:
    """They are told, reminded, and have it tried again by somebody else."""
    referred(world)
    assert (state(world), world.mails("action_referred")) == ("referred", [("action_referred", "dana")])
    world.advance(days=20)
    assert ("overdue", "dana") in world.mails("overdue")
    do(world, corrective.go_on, "dana", None, world.ids["ravi"], "Ravi knows the vendor")
    assert (state(world), owner_of(world), world.name_of(world.step("root_cause@3").owner)) == ("planning", "ravi", "ravi")
    done(world)
    world.advance(days=31)
    judged(world, effective=False)
    assert state(world) == "referred"


def test_management_may_accept_what_remains(world: World) -> None:
    """That closes it, with their reason."""
    referred(world)
    do(world, corrective.accept, "dana", None, "The machine is replaced next year")
    assert (state(world), world.armed(world.case)) == ("accepted", [])


def test_how_grave_it_is_says_when_it_is_checked(world: World) -> None:
    """A major one after 90 days, at nine."""
    open_action(world, gravity="major")
    done(world)
    assert world.armed(world.case) == [(FOLLOW_UP, datetime(2026, 4, 5, 9, tzinfo=UTC))]


APART: dict[str, Callable[[World], object]] = {
    "its owner checks it": lambda w: (
        asked(w), w.evidence("check", "ines"), do(w, corrective.judge, "ben", None, True, "it works")),
    "its owner checks it as the checker's deputy": lambda w: (
        asked(w), as_deputy(w, "ines", "ben"), w.evidence("check", "ines"),
        do(w, corrective.judge, "ben", None, True, "it works")),
    "the check is given to its owner": lambda w: (
        asked(w), step(w, steps.reassign, "check", "maria", w.ids["ben"], "he knows it best")),
    "its owner approves its plan": lambda w: (owned_by_maria(w), w.answer("planning", "maria")),
    "whoever owned it before approves its plan": lambda w: (
        do(w, corrective.hand_over, "maria", None, w.ids["maria"], "mine"),
        do(w, corrective.hand_over, "maria", None, w.ids["ben"], "no longer"), planned(w, by="maria")),
    "whoever corrected it approves its plan": lambda w: (
        w.evidence("correction", "maria"), planned(w, by="maria")),
    "its owner cancels it": lambda w: (
        do(w, corrective.hand_over, "maria", None, w.ids["maria"], "mine"), do(w, corrective.cancel, "maria", None, "enough")),
    "management that owns it accepts what remains": lambda w: (
        do(w, corrective.hand_over, "maria", None, w.ids["dana"], "hers"), referred(w),
        do(w, corrective.accept, "dana", None, "enough")),
}


def as_deputy(world: World, person: str, deputy: str) -> None:
    """Somebody stands in for somebody."""
    with world.sim.write() as (tx, when):
        people.name_deputy(tx, world.ids[person], world.ids[deputy], world.actor(person), when)


def step(world: World, command: Callable[..., object], key: str, by: str, *what: object) -> None:
    """A command on a step of the action."""
    with world.sim.write() as (tx, when):
        command(tx, world.step(key).id, None, *what, world.actor(by), when)


def owned_by_maria(world: World) -> None:
    """The ISMS manager owns it, and has planned it."""
    do(world, corrective.hand_over, "ben", None, world.ids["maria"], "she asked for it")
    for key in ("correction", "root_cause", "plan"):
        world.complete(key)


@pytest.mark.parametrize("what", APART.values(), ids=APART)
def test_nobody_who_owns_or_did_it_decides_on_it_or_checks_it(world: World, what: Callable[[World], object]) -> None:
    """Refused whole, by name of the reason; somebody else can."""
    with pytest.raises(Conflicted):
        what(world)


REFUSED: dict[str, tuple[Callable[[World], object], type[IsmsError], str]] = {
    "opened by who only looks": (lambda w: open_action(w, by="olga"), NotYours, "the responsibility ISMS manager or Top management or"),
    "without words": (lambda w: open_action(w, title="  "), Wrong, "say in 1 to 200 characters what is wrong"),
    "of no gravity": (lambda w: open_action(w, gravity="odd"), Wrong, "one of major, minor"),
    "owned by who only looks": (lambda w: open_action(w, owner="olga"), Wrong, "name an active person with role user or admin"),
    "handed to its owner": (lambda w: do(w, corrective.hand_over, "ben", None, w.ids["ben"], "x"), Wrong, "own the action already"),
    "handed over without a reason": (
        lambda w: do(w, corrective.hand_over, "ben", None, w.ids["ravi"], ""), ReasonNeeded, "takes a reason"),
    "handed over by somebody else": (
        lambda w: do(w, corrective.hand_over, "ravi", None, w.ids["ravi"], "x"), NotYours, "its owner or a deputy"),
    "on a stale form": (lambda w: do(w, corrective.hand_over, "ben", 7, w.ids["ravi"], "x"), Moved, "changed since you looked"),
    "judged before it is done": (
        lambda w: do(w, corrective.judge, "ines", None, True, "x"), NotAllowed, "is correcting: cannot confirm"),
    "judged without evidence": (
        lambda w: (asked(w), do(w, corrective.judge, "ines", None, True, "x")), Missing, "0 of 1 files of evidence"),
    "judged by somebody else": (
        lambda w: (asked(w), do(w, corrective.judge, "ravi", None, True, "x")), NotYours, "its owner or a deputy"),
    "judged without saying why": (lambda w: (asked(w), do(w, corrective.judge, "ines", None, True, " ")), ReasonNeeded, "reason"),
    "a check that is just declared complete": (
        lambda w: (asked(w), w.complete("check")), Missing, "say whether the action was effective"),
    "a check that is waived": (lambda w: step(w, steps.waive, "check", "maria", "x"), Missing, "cancel the action"),
    "a deed that is waived": (lambda w: step(w, steps.waive, "implement", "maria", "x"), Missing, "cancel the action"),
    "a cause that is looked for again once it is done": (
        lambda w: (done(w), step(w, steps.reopen, "root_cause", "maria", "x")), Missing, "the action has gone on"),
    "checked early by somebody else": (
        lambda w: (done(w), do(w, corrective.bring_forward, "ben", None, "x")), NotYours, "ISMS manager"),
    "cancelled by its owner alone": (lambda w: do(w, corrective.cancel, "ben", None, "x"), NotYours, "ISMS manager"),
    "given to whoever checks it": (
        lambda w: (asked(w), do(w, corrective.hand_over, "ben", None, w.ids["ines"], "x")), Wrong, "give the check to somebody else"),
}


@pytest.mark.parametrize(("what", "error", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_says_what_would_be_right(world: World, what: Callable[[World], object], error: type[IsmsError],
                                                  says: str) -> None:
    """Each refusal is a sentence."""
    with pytest.raises(error, match=says):
        what(world)


def test_a_clock_moved_over_two_years_fires_each_follow_up_once(world: World) -> None:
    """The check is asked for once, each level of its ladder and each week's repetition once; a check of 2028 still counts."""
    done(world)
    world.advance(days=731)
    with world.store.read() as conn:
        fired = conn.execute(select(deadlines.c.event, deadlines.c.subject_id, deadlines.c.level, deadlines.c.repeat).where(
            deadlines.c.case_id == world.case, deadlines.c.outcome == "fired")).all()
    counted = Counter(tuple(row) for row in fired)
    assert set(counted.values()) == {1}
    assert [row.event for row in fired].count(FOLLOW_UP) == 1
    weeks = [row.repeat for row in fired if row.level == 4]
    assert weeks == list(range(len(weeks)))
    assert len(weeks) > 90
    assert world.mails("step_opened").count(("step_opened", "ines")) == 1
    judged(world, effective=True)
    assert state(world) == "effective"


def test_the_check_follows_a_clock_that_stood_still_once(world: World) -> None:
    """Two years without any clock: at its first turn it is asked for once, as of its day, and the record says how late."""
    done(world)
    world.sim.now = datetime(2028, 2, 1, tzinfo=UTC)
    world.advance(seconds=1)
    assert state(world) == "checking"
    with world.store.read() as conn:
        row = conn.execute(select(records.c.happened_at, records.c.body).where(
            records.c.case_id == world.case, records.c.kind == "step.opened").order_by(records.c.seq.desc())).first()
    assert row is not None
    assert (row.happened_at, b"no clock was running" in row.body) == (datetime(2026, 2, 4, 9, tzinfo=UTC), True)


@pytest.mark.parametrize("reach", [lambda w: None, planned, done, asked, referred], ids=["opened", "planned", "done", "asked", "referred"])
def test_a_wait_always_ends(world: World, reach: Callable[[World], None]) -> None:
    """In every state something is armed whose ladder ends in a person in office (invariant 6)."""
    reach(world)
    with world.store.read() as conn:
        assert watchdog.look(conn, world.now) == []
    with world.store.write() as tx:
        tx.execute(deadlines.delete().where(deadlines.c.case_id == world.case, deadlines.c.settled_at.is_(None)))
    with world.store.read() as conn:
        assert len(watchdog.look(conn, world.now)) == 1


def test_it_goes_to_somebody_else_with_what_is_left_of_it(world: World) -> None:
    """One mail to either side; what was done stays whose it was."""
    world.complete("correction")
    do(world, corrective.hand_over, "ben", None, world.ids["ravi"], "I am on leave")
    owners = {s.key: world.name_of(s.owner) for s in world.view().steps if s.owner}
    assert owners == {"correction": "ben", "root_cause": "ravi", "plan": "ravi", "implement": "ravi"}
    assert sorted(world.mails("action_handed_over")) == [("action_handed_over", "ben"), ("action_handed_over", "ravi")]
    assert world.mails("reassigned") == []


def test_an_owner_who_leaves_is_followed_by_whoever_holds_the_work_s_responsibility(world: World) -> None:
    """Else nobody would answer for it; the check goes to somebody else still."""
    open_action(world, owner="ravi")
    with world.sim.write() as (tx, when):
        people.deactivate(tx, world.ids["ravi"], world.actor("alex"), when)
    assert (owner_of(world), world.name_of(world.step("correction").owner)) == ("ben", "ben")


def test_whoever_checks_it_doesn_t_follow_its_owner(world: World) -> None:
    """Ines holds the work's responsibility first by now; the check stays hers, and Maria answers for the action."""
    asked(world)
    for name, verb in (("ines", people.grant), ("ben", people.revoke)):
        with world.sim.write() as (tx, when):
            verb(tx, world.ids[name], "process_owner", world.actor("alex"), when)
    with world.sim.write() as (tx, when):
        people.deactivate(tx, world.ids["ben"], world.actor("alex"), when)
    assert (owner_of(world), world.name_of(world.step("check").owner)) == ("maria", "ines")
    judged(world, effective=True)
    assert state(world) == "effective"


def test_whoever_approved_a_plan_that_waits_for_others_can_t_become_its_owner(sqlite_store: Store) -> None:
    """Their approval would be of their own work."""
    texts = dict(shipped())
    texts["corrective_action.yaml"] = texts["corrective_action.yaml"].replace("quorum: 1", "quorum: 2")
    world = found(sqlite_store, programme=parse(texts))
    open_action(world)
    planned(world, by="dana")
    assert state(world) == "planning"
    with pytest.raises(Wrong, match="they have approved its plan"):
        do(world, corrective.hand_over, "maria", None, world.ids["dana"], "x")
    do(world, corrective.hand_over, "maria", None, world.ids["ravi"], "x")
    do(world, corrective.hand_over, "maria", None, world.ids["maria"], "x")
    assert ("undecidable_gate", "maria") in world.mails("undecidable_gate")


def test_an_owner_keeps_it_whatever_they_hold(world: World) -> None:
    """It is theirs by name: losing the responsibility takes nothing from them."""
    with world.sim.write() as (tx, when):
        people.revoke(tx, world.ids["ben"], "process_owner", world.actor("alex"), when)
    assert world.name_of(world.step("correction").owner) == "ben"


def test_a_checker_who_leaves_is_followed_by_somebody_who_had_no_part(world: World) -> None:
    """Nobody else audits; Maria, who approved the plan, may look, and Ben may not."""
    asked(world)
    with world.sim.write() as (tx, when):
        people.deactivate(tx, world.ids["ines"], world.actor("alex"), when)
    assert world.name_of(world.step("check").owner) == "maria"


def test_the_check_may_be_brought_forward(world: World) -> None:
    """When the same happens again; the day that was planned asks no more."""
    done(world)
    do(world, corrective.bring_forward, "maria", None, "It has happened again")
    assert (state(world), world.armed(world.case)) == ("checking", [])
    judged(world, effective=False)
    assert state(world) == "planning"


def test_a_plan_that_turns_out_wrong_is_approved_again_before_it_counts_as_done(world: World) -> None:
    """Its step reopens, the approval is superseded, and what was done isn't left to show anything meanwhile."""
    planned(world)
    step(world, steps.reopen, "plan", "maria", "The vendor stopped making it")
    world.complete("implement")
    assert state(world) == "doing"
    world.complete("plan")
    world.answer("planning", "dana")
    assert state(world) == "observing"


def test_cancelling_ends_everything_that_is_owed(world: World) -> None:
    """By somebody who doesn't owe it, with a reason; nothing is deleted."""
    world.complete("correction")
    do(world, corrective.cancel, "maria", None, "The site is closed")
    assert state(world) == "cancelled"
    assert {s.state for s in world.view().steps} == {"done", "cancelled"}
    with world.store.read() as conn:
        assert watchdog.look(conn, world.now) == []


def test_overdue_ones_are_in_the_digest_of_management(world: World) -> None:
    """Top management and the ISMS manager read that it is late, with its title; management that it waits for them."""
    world.advance(days=30)
    with world.store.read() as conn:
        look = Look(conn, world.now)
        late = {who: [each.title for each in items(look, world.ids[who], world.now) if each.sort is Sort.LATE]
                for who in ("dana", "maria", "ravi")}
    said = ["Correct what is wrong now: Restores were never tried"]
    assert late == {"dana": said, "maria": said, "ravi": []}
    referred(world)
    with world.store.read() as conn:
        asks = [each.title for each in items(Look(conn, world.now), world.ids["dana"], world.now) if each.sort is Sort.DECIDE]
    assert asks == ["Say how it goes on: Restores were never tried"]


def test_another_zone_moves_the_check(world: World) -> None:
    """Nine in the morning is nine there: the follow-up keeps its rule."""
    done(world)
    texts = {**shipped()}
    texts["calendar.yaml"] = texts["calendar.yaml"].replace("zone: UTC", "zone: Asia/Tokyo")
    with world.store.write() as tx:
        programmes.apply(tx, parse(texts), OPERATOR, world.when())
    moved = retiming.retime(world.store, Actor("operator", "cli"), When.at(world.now))
    assert [each.what.split()[0] for each in moved] == ["follow"]
    assert world.armed(world.case) == [(FOLLOW_UP, datetime(2026, 2, 4, 0, tzinfo=UTC))]


def test_erasing_whoever_opened_it_takes_its_words(world: World) -> None:
    """The chain still verifies."""
    open_action(world, by="ines")
    with world.sim.write() as (tx, when):
        people.deactivate(tx, world.ids["ines"], world.actor("alex"), when)
        erased = people.erase(tx, world.ids["ines"], world.actor("alex"), when)
    assert erased.what["titles of corrective actions"] == 1
    with world.store.read() as conn:
        assert conn.execute(select(corrective_actions.c.title)).scalars().all() == ["Restores were never tried", None]
        assert audit.verify(conn).ok


def test_a_programme_from_before_there_were_actions_says_so(sqlite_store: Store) -> None:
    """It still loads; opening one says what to copy."""
    world = found(sqlite_store, programme=parse({k: t for k, t in shipped().items() if k != "corrective_action.yaml"}))
    with pytest.raises(Missing, match=r"copy corrective_action\.yaml from the shipped programme"):
        open_action(world)


def test_a_referral_past_its_time_is_overdue(store: Store) -> None:
    """On both databases: five working days for management to say how it goes on, and until it has."""
    world = found(store)
    open_action(world)
    referred(world)
    anchor = from_iso(transition_facts(world)["due"])
    for seconds, overdue in ((-1, []), (0, [world.case])):
        with store.read() as conn:
            assert conn.execute(select(cases.c.id).where(is_overdue(anchor + timedelta(seconds=seconds)))).scalars().all() == overdue
    do(world, corrective.go_on, "dana", None, None, "once more")
    with store.read() as conn:
        assert conn.execute(select(cases.c.id).where(is_overdue(world.now))).scalars().all() == []


def transition_facts(world: World) -> dict[str, str]:
    """What the record of the referral says."""
    with world.store.read() as conn:
        bodies = conn.execute(select(records.c.body).where(records.c.kind == "case.moved").order_by(records.c.seq)).scalars().all()
    return dict(json.loads(bodies[-1])["data"])
