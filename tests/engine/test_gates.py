"""A gate is decided by accountable people who saw this very evidence, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from isms_workflow.domain.refusals import (
    AlreadyDecided,
    Conflicted,
    DigestChanged,
    Frozen,
    Missing,
    Moved,
    NotAllowed,
    NotYours,
    ReasonNeeded,
    Wrong,
)
from isms_workflow.domain.rules.gates import Shown
from isms_workflow.domain.times import When
from isms_workflow.engine.commands import gates, people, steps
from isms_workflow.errors import IsmsError
from isms_workflow.store.tables import audit, decisions
from tests.world import World, unknown

Situation = Callable[[World], object]


def _reassigned_to_dana(world: World) -> None:
    """Dana completes a step that was given to her, so she had a part in the work."""
    with world.sim.write() as (tx, when):
        steps.reopen(tx, world.step("soa").id, None, "one more look", world.actor("maria"), when)
    with world.sim.write() as (tx, when):
        steps.reassign(tx, world.step("soa").id, None, world.ids["dana"], "holiday", world.actor("maria"), when)
    world.complete("soa", "dana")
    world.answer("plan", "dana")


def _granted_to_herself(world: World) -> None:
    """Alex, an administrator, grants himself a responsibility of a gate that is open already."""
    with world.sim.write() as (tx, when):
        people.grant(tx, world.ids["alex"], "risk_owner", world.actor("alex"), when)
    world.answer("plan", "alex")


def _delegate_of_a_worker(world: World) -> None:
    with world.sim.write() as (tx, when):
        people.delegate(tx, world.ids["maria"], world.ids["dana"], when.happened, when.happened + timedelta(days=9),
                        world.actor("maria"), when)
    world.answer("plan", "dana")


def _deputy_let_go(world: World) -> None:
    """Dana was Maria's deputy while the work went on, and isn't any more when it is decided."""
    deputised(world, "dana")
    deputised(world, None)
    world.answer("plan", "dana")


def deputised(world: World, deputy: str | None) -> None:
    """Maria names her deputy, or ends that."""
    _command(world, people.name_deputy, world.ids["maria"], world.ids[deputy] if deputy else None, by="maria")


def _nobody_answers(world: World) -> None:
    world.advance(days=8)
    assert world.gate("plan").state == "open"


REFUSED: dict[str, tuple[type[IsmsError], Situation]] = {
    "somebody without the responsibility": (NotYours, lambda w: w.answer("plan", "ines")),
    "who did a step": (Conflicted, lambda w: w.answer("plan", "maria")),
    "who was given a step and did it": (Conflicted, _reassigned_to_dana),
    "whom a worker named to stand in": (Conflicted, _delegate_of_a_worker),
    "whom a worker named deputy, and let go before the decision": (Conflicted, _deputy_let_go),
    "who granted the responsibility to themselves": (NotYours, _granted_to_herself),
    "the same person twice": (AlreadyDecided, lambda w: (w.answer("plan", "dana"), w.answer("plan", "dana"))),
    "a return without a reason": (ReasonNeeded, lambda w: w.answer("plan", "dana", "return", named=["soa"])),
    "a reject without a reason": (ReasonNeeded, lambda w: w.answer("plan", "dana", "reject")),
    "a return that names no step": (Wrong, lambda w: w.answer("plan", "dana", "return", "look again")),
    "another digest than was shown": (DigestChanged, lambda w: w.answer("plan", "dana", shown=Shown(1, "0" * 64))),
    "another round than was shown": (Moved, lambda w: w.answer("plan", "dana", shown=Shown(7, "0" * 64))),
}


@pytest.mark.parametrize(("refusal", "when"), REFUSED.values(), ids=REFUSED)
def test_a_decision_is_refused_and_leaves_no_trace(at_gate: World, refusal: type[IsmsError], when: Situation) -> None:
    """Each wrong answer has its own sentence, and the gate stays as it was."""
    with pytest.raises(refusal) as refused:
        when(at_gate)
    assert str(refused.value).endswith(".")
    assert at_gate.gate("plan").state == "open"


def test_who_did_the_work_grants_nobody_a_voice_in_it(planning: World) -> None:
    """An administrator who completed a step names an approver while the gate is open; named before, they count."""
    _command(planning, people.grant, planning.ids["alex"], "isms_manager", by="alex")
    planning.complete("scope", by="alex")
    planning.complete_phase("plan")
    _command(planning, people.grant, planning.ids["ines"], "risk_owner", by="alex")
    with pytest.raises(NotYours):
        planning.answer("plan", "ines")


def test_a_refusal_writes_nothing_to_the_chain(at_gate: World) -> None:
    """The access log tells of refusals; the history tells of what happened."""
    with at_gate.store.read() as conn:
        before = conn.execute(select(func.count()).select_from(audit)).scalar()
    with pytest.raises(Conflicted):
        at_gate.answer("plan", "maria")
    with at_gate.store.read() as conn:
        assert conn.execute(select(func.count()).select_from(audit)).scalar() == before


def test_two_people_pass_the_gate_and_the_flow_goes_on(at_gate: World) -> None:
    """The quorum is different people, each in their own right."""
    at_gate.answer("plan", "dana")
    assert at_gate.gate("plan").state == "open"
    at_gate.answer("plan", "ravi")
    assert at_gate.gate("plan").state == "passed"
    assert at_gate.view().case.state == "do"


def test_a_closed_gate_takes_no_answer(at_gate: World) -> None:
    """Whoever comes after the quorum is told that it is over."""
    at_gate.answer("plan", "dana")
    at_gate.answer("plan", "ravi")
    with pytest.raises(NotAllowed, match="is passed: cannot approve"):
        at_gate.answer("plan", "dana")


def test_two_approvals_of_one_form_both_count(at_gate: World) -> None:
    """Two people who opened the page at one instant saw the same round and digest."""
    gate = at_gate.gate("plan")
    shown = Shown(gate.round, gate.digest)
    at_gate.answer("plan", "dana", shown=shown)
    at_gate.answer("plan", "ravi", shown=shown)
    assert at_gate.gate("plan").state == "passed"


CHANGES: dict[str, Situation] = {
    "evidence is added": lambda w: w.evidence("scope", "maria", b"second file"),
    "evidence is replaced": lambda w: w.evidence("scope", "maria", b"v2", replaces=w.step("scope").evidence[0].id),
    "somebody comments on a step": lambda w: _comment(w, "scope", "is this the last version?"),
}


def _comment(world: World, key: str, text: str) -> None:
    with world.sim.write() as (tx, when):
        steps.comment(tx, world.step(key).id, text, world.actor("ines"), when)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_of_what_is_covered_voids_approvals(at_gate: World, change: Situation) -> None:
    """An approval is worth what it was given on; whoever gave it is told, and decides again."""
    at_gate.answer("plan", "dana")
    before = at_gate.gate("plan").digest
    change(at_gate)
    gate = at_gate.gate("plan")
    assert (gate.digest != before, gate.decisions, gate.state) == (True, (), "open")
    assert at_gate.mails("voided") == [("voided", "dana")]
    at_gate.answer("plan", "dana")
    at_gate.answer("plan", "ravi")
    assert at_gate.gate("plan").state == "passed"


def test_what_is_written_on_the_gate_changes_nothing_covered(at_gate: World) -> None:
    """An approval with a remark leaves the digest as it is."""
    before = at_gate.gate("plan").digest
    at_gate.answer("plan", "dana", reason="well done")
    assert at_gate.gate("plan").digest == before


def test_a_return_closes_the_round_and_reopens_the_named_steps(at_gate: World) -> None:
    """The first return is enough; the last of the reopened steps opens the next round."""
    at_gate.answer("plan", "dana", "return", "the scope forgets the depot", named=["scope"])
    assert at_gate.gate("plan").state == "returned"
    assert (at_gate.step("scope").state, at_gate.step("soa").state) == ("open", "done")
    at_gate.complete("scope")
    assert (at_gate.gate("plan").round, at_gate.gate("plan").state) == (2, "open")


def test_a_rejected_phase_waits_for_top_management(at_gate: World) -> None:
    """Nobody else restarts it; restarting names the steps that reopen."""
    at_gate.answer("plan", "ravi", "reject", "not our risks")
    gate = at_gate.gate("plan")
    assert (gate.state, [event for event, _ in at_gate.armed(gate.id)]) == ("rejected", ["ladder"])
    with pytest.raises(NotYours), at_gate.sim.write() as (tx, when):
        gates.restart(tx, gate.id, None, (at_gate.step("scope").id,), "again", at_gate.actor("maria"), when)
    with at_gate.sim.write() as (tx, when):
        gates.restart(tx, gate.id, None, (at_gate.step("scope").id,), "again", at_gate.actor("dana"), when)
    assert at_gate.armed(gate.id) == []
    at_gate.complete("scope")
    assert (at_gate.gate("plan").round, at_gate.gate("plan").state) == (2, "open")


def test_who_says_how_a_rejected_phase_goes_on_is_reminded(at_gate: World) -> None:
    """Not its owner, who can't."""
    at_gate.answer("plan", "ravi", "reject", "not our risks")
    told = len(at_gate.mails("reminder"))
    at_gate.advance(days=9)
    assert [each for each in at_gate.mails("reminder")[told:] if each[1] in ("maria", "dana")] == [("reminder", "dana")]


def test_a_time_out_never_approves(at_gate: World) -> None:
    """A gate that nobody decides lapses; the phase then waits for its owner, with a ladder that repeats."""
    at_gate.answer("plan", "dana")
    at_gate.advance(days=30)
    gate = at_gate.gate("plan")
    assert (gate.state, at_gate.view().case.state) == ("lapsed", "plan")
    assert ("gate_lapsed", "maria") in at_gate.mails("gate_lapsed")
    at_gate.advance(days=60)
    assert [event for event, _ in at_gate.armed(gate.id)] == ["ladder"]


def test_the_owner_opens_the_next_round_after_a_lapse(at_gate: World) -> None:
    """As it stands: what was covered is covered again, and decided anew."""
    at_gate.advance(days=30)
    gate = at_gate.gate("plan")
    with at_gate.sim.write() as (tx, when):
        gates.next_round(tx, gate.id, None, (), "they were away", at_gate.actor("maria"), when)
    assert (at_gate.gate("plan").round, at_gate.gate("plan").state) == (2, "open")


def test_a_delegate_decides_for_one_person_and_the_record_says_so(at_gate: World) -> None:
    """One hop, dated, recorded as X for Y; void when Y decides."""
    with at_gate.sim.write() as (tx, when):
        people.delegate(tx, at_gate.ids["dana"], at_gate.ids["ines"], when.happened,
                        when.happened + timedelta(days=3), at_gate.actor("dana"), when)
    at_gate.answer("plan", "ines")
    decision = at_gate.gate("plan").decisions[0]
    assert (decision.person, decision.for_person) == (at_gate.ids["ines"], at_gate.ids["dana"])
    at_gate.answer("plan", "dana")
    assert [d.person for d in at_gate.gate("plan").decisions] == [at_gate.ids["dana"]]
    assert at_gate.gate("plan").state == "open"


@pytest.mark.parametrize(("answer", "named"), [("approve", ()), ("return", ("scope",)), ("reject", ())])
def test_whoever_decides_overtakes_their_delegate(at_gate: World, answer: str, named: tuple[str, ...]) -> None:
    """Whatever they answer; the history says that the delegate's answer is void."""
    delegated(at_gate, "dana", "ines")
    at_gate.answer("plan", "ines")
    given = at_gate.gate("plan").decisions[0].id
    at_gate.answer("plan", "dana", answer, "my own view", named)
    with at_gate.store.read() as conn:
        assert conn.execute(select(decisions.c.voided_at).where(decisions.c.id == given)).scalar() is not None
        voided = conn.execute(select(audit.c.body).where(audit.c.kind == "gate.voided")).scalars().all()
    assert [given in str(body) for body in voided] == [True]


def delegated(world: World, name: str, to: str, **starts_in: float) -> None:
    """Somebody lets somebody decide for them, for nine days from now or from so many days on."""
    with world.sim.write() as (tx, when):
        starts = when.happened + timedelta(**starts_in)
        people.delegate(tx, world.ids[name], world.ids[to], starts, starts + timedelta(days=9), world.actor(name), when)


def test_somebody_and_their_delegate_are_one_person_of_the_quorum(at_gate: World) -> None:
    """With the other approver gone the gate can't be decided, though two people seem able to."""
    delegated(at_gate, "dana", "ines")
    at_gate.answer("plan", "ines")
    with at_gate.sim.write() as (tx, when):
        people.deactivate(tx, at_gate.ids["ravi"], at_gate.actor("alex"), when)
    assert ("undecidable_gate", "maria") in at_gate.mails()


def test_a_delegation_that_has_ended_gives_no_right(at_gate: World) -> None:
    """Authority is computed at the moment of the decision."""
    with at_gate.sim.write() as (tx, when):
        people.delegate(tx, at_gate.ids["dana"], at_gate.ids["ines"], when.happened,
                        when.happened + timedelta(hours=3), at_gate.actor("dana"), when)
    at_gate.advance(hours=4)
    with pytest.raises(NotYours):
        at_gate.answer("plan", "ines")


def test_a_passed_gate_freezes_what_it_covered(at_gate: World) -> None:
    """A correction reopens the step by a recorded decision, and the gate must pass again before the end."""
    at_gate.answer("plan", "dana")
    at_gate.answer("plan", "ravi")
    with pytest.raises(Frozen, match="covered by the passed gate plan"):
        at_gate.evidence("scope", "maria", b"later")
    with at_gate.sim.write() as (tx, when):
        steps.reopen(tx, at_gate.step("scope").id, None, "wrong site", at_gate.actor("maria"), when)
    assert at_gate.gate("plan").state == "superseded"
    at_gate.complete("scope")
    assert (at_gate.gate("plan").round, at_gate.gate("plan").state, at_gate.view().case.state) == (2, "open", "do")


def test_a_gate_that_nobody_in_office_can_decide_is_told_when_that_arises(at_gate: World) -> None:
    """Not when it is due: losing the second approver tells ISMS manager and top management at once."""
    with at_gate.sim.write() as (tx, when):
        people.deactivate(tx, at_gate.ids["ravi"], at_gate.actor("alex"), when)
    assert ("undecidable_gate", "maria") in at_gate.mails("undecidable_gate")
    assert ("undecidable_gate", "dana") in at_gate.mails("undecidable_gate")


UNDECIDABLE: dict[str, Situation] = {
    "an approver is named deputy by who did the work": lambda w: _command(
        w, people.name_deputy, w.ids["maria"], w.ids["dana"], by="maria"),
    "an approver is to decide for who did the work": lambda w: delegated(w, "maria", "dana"),
    "an approver will do so from next week on": lambda w: delegated(w, "maria", "dana", days=7),
    "an approver loses the responsibility": lambda w: _command(
        w, people.revoke, w.ids["ravi"], "risk_owner", by="alex"),
    "an approver's account is deactivated": lambda w: _command(w, people.deactivate, w.ids["ravi"], by="alex"),
}


def _command(world: World, deed: Callable[..., object], *given: object, by: str) -> None:
    with world.sim.write() as (tx, when):
        deed(tx, *given, world.actor(by), when)


@pytest.mark.parametrize("when", UNDECIDABLE.values(), ids=UNDECIDABLE)
def test_whatever_makes_a_gate_undecidable_is_told_at_once(at_gate: World, when: Situation) -> None:
    """To ISMS manager and top management, with how many more would have to be named; and no second time."""
    when(at_gate)
    assert at_gate.mails("undecidable_gate") == [("undecidable_gate", "maria"), ("undecidable_gate", "dana")]
    _command(at_gate, people.grant, at_gate.ids["ben"], "internal_auditor", by="alex")
    assert len(at_gate.mails("undecidable_gate")) == 2


def test_a_deputy_let_go_before_the_work_began_may_decide(world: World) -> None:
    """They could have had no part in it."""
    deputised(world, "dana")
    deputised(world, None)
    world.advance(days=1)
    world.open_cycle()
    world.complete_phase("plan")
    world.answer("plan", "dana")
    assert len(world.gate("plan").decisions) == 1


def test_a_gate_that_becomes_undecidable_again_is_told_again(at_gate: World) -> None:
    """Somebody was named meanwhile, and left as well."""
    _command(at_gate, people.deactivate, at_gate.ids["ravi"], by="alex")
    _command(at_gate, people.grant, at_gate.ids["ines"], "risk_owner", by="alex")
    _command(at_gate, people.revoke, at_gate.ids["ines"], "risk_owner", by="alex")
    assert len(at_gate.mails("undecidable_gate")) == 4


def test_an_approver_who_waives_the_last_step_leaves_a_gate_that_says_so(planning: World) -> None:
    """It opens undecidable, because who waived a step in it doesn't decide it."""
    _command(planning, people.grant, planning.ids["dana"], "isms_manager", by="alex")
    for key in ("scope", "policy", "risk_assessment", "risk_treatment", "controls"):
        planning.complete(key)
    _command(planning, steps.waive, planning.step("soa").id, None, "unchanged", by="dana")
    assert ("undecidable_gate", "maria") in planning.mails()


def test_everything_waived_is_carried_over_or_declined_at_the_last_gate(planning: World) -> None:
    """The next cycle owes what was carried over, to the person who was named."""
    for phase in ("plan", "do", "check"):
        planning.pass_phase(phase)
    with planning.sim.write() as (tx, when):
        steps.waive(tx, planning.step("lessons").id, None, "nothing happened", planning.actor("maria"), when)
    planning.complete_phase("act")
    with pytest.raises(Missing, match="lessons"):
        planning.answer("act", "dana")
    with planning.sim.write() as (tx, when):
        gates.dispose(tx, planning.step("lessons").id, planning.ids["ben"], "", planning.actor("dana"), when)
    planning.answer("act", "dana")
    planning.answer("act", "ravi")
    assert planning.view().case.state == "closed"
    reference = planning.view().case.reference
    planning.case = planning.open_case()
    carried = planning.step(f"lessons@{reference}")
    assert (carried.owner, carried.phase) == (planning.ids["ben"], "act")


def test_the_database_refuses_one_person_counting_twice(at_gate: World) -> None:
    """Whatever the code does: a partial unique index stands behind the rule."""
    at_gate.answer("plan", "dana")
    decision = at_gate.gate("plan").decisions[0]
    with pytest.raises(IntegrityError), at_gate.store.write() as tx:
        tx.execute(insert(decisions).values(
            id=unknown(), gate_id=at_gate.gate("plan").id, digest=decision.digest, person=decision.person,
            responsibility="risk_owner", answer="approve", channel="portal", decided_at=When.at(at_gate.now).happened))
