"""What mails say, who gets them, and who doesn't: on the cycle of a year, as files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from isms_workflow.domain.messages import Notice
from isms_workflow.domain.times import iso
from isms_workflow.engine import outbox
from isms_workflow.engine.accounts import invitations
from isms_workflow.engine.commands import cases, gates, people, steps
from isms_workflow.engine.mailing.channel import FACTS
from isms_workflow.engine.notices import to_operators
from isms_workflow.notify.files import listing, sealed
from isms_workflow.notify.notices import NOTICES
from isms_workflow.settings import Settings
from isms_workflow.store.tables import cases as case_table
from isms_workflow.store.tables import outbox as outbox_table
from tests.engine.mails import became, deliver, in_write, only
from tests.world import OPERATOR, World

Situation = Callable[[World], object]


@pytest.fixture
def post(settings: Settings) -> Settings:
    """A portal at the default address, mails in a folder of their own."""
    return settings


def at_act_gate(world: World) -> None:
    """From the start to the open gate of ACT."""
    for phase in ("plan", "do", "check"):
        world.pass_phase(phase)
    world.complete_phase("act")


YEAR: dict[str, Situation] = {
    "a whole cycle": lambda w: (at_act_gate(w), w.answer("act", "dana"), w.answer("act", "ravi")),
    "nobody does anything for a year": lambda w: w.advance(days=365),
    "a gate that nobody decides lapses": lambda w: (w.complete_phase("plan"), w.advance(days=60)),
    "a phase is rejected, and restarted": lambda w: (
        w.complete_phase("plan"), w.answer("plan", "dana", "reject", "no"), w.advance(days=30),
        in_write(w, lambda tx, when: gates.restart(tx, w.gate("plan").id, None, (w.step("scope").id,), "again",
                                                   w.actor("dana"), when))),
    "a phase is returned for rework": lambda w: (
        w.complete_phase("plan"), w.answer("plan", "dana", "return", "the depot", ["scope"])),
    "an approval is void": lambda w: (
        w.complete_phase("plan"), w.answer("plan", "dana"), w.evidence("scope", "maria", b"another")),
    "a round is withdrawn": lambda w: (
        w.complete_phase("plan"), w.answer("plan", "dana"),
        in_write(w, lambda tx, when: steps.reopen(tx, w.step("scope").id, None, "wrong", w.actor("maria"), when))),
    "a step changes hands": lambda w: in_write(w, lambda tx, when: steps.reassign(
        tx, w.step("scope").id, None, w.ids["ben"], "he knows", w.actor("maria"), when)),
    "a step that hasn't opened changes hands": lambda w: in_write(w, lambda tx, when: steps.reassign(
        tx, w.step("train").id, None, w.ids["ines"], "she knows", w.actor("maria"), when)),
    "a pause": lambda w: in_write(w, lambda tx, when: cases.pause(
        tx, w.case, None, "2026-03-02", "we move house", w.actor("maria"), when)),
    "a cancelled cycle": lambda w: in_write(w, lambda tx, when: cases.cancel(
        tx, w.case, None, "we merge", w.actor("dana"), when)),
    "somebody leaves": lambda w: in_write(w, lambda tx, when: people.deactivate(
        tx, w.ids["ben"], w.actor("alex"), when)),
    "a gate that nobody can decide": lambda w: (w.complete_phase("plan"), in_write(
        w, lambda tx, when: people.deactivate(tx, w.ids["ravi"], w.actor("alex"), when))),
    "an administrator makes himself risk owner": lambda w: (w.complete_phase("plan"), in_write(
        w, lambda tx, when: people.grant(tx, w.ids["alex"], "risk_owner", w.actor("alex"), when))),
    "somebody is named deputy, and another one after them": lambda w: [in_write(w, lambda tx, when, to=to: people.name_deputy(
        tx, w.ids["maria"], to and w.ids[to], w.actor("alex"), when)) for to in ("ben", "ines", None)],
    "a delegation is given, and ended": lambda w: in_write(w, lambda tx, when: people.undelegate(
        tx, people.delegate(tx, w.ids["dana"], w.ids["ines"], when.happened + timedelta(days=3),
                            when.happened + timedelta(days=9), w.actor("dana"), when), w.actor("alex"), when)),
    "links": lambda w: in_write(w, lambda tx, when: invitations.invite(
        tx, w.ids["ben"], "mail", "http://127.0.0.1:8000", w.actor("alex"), when.noticed)),
}


@pytest.mark.parametrize("happens", YEAR.values(), ids=YEAR)
def test_every_notice_finds_its_words(planning: World, post: Settings, happens: Situation) -> None:
    """Whatever happens, what is queued can be written: nothing becomes a dead letter."""
    happens(planning)
    assert deliver(planning, post)
    assert became(planning, "dead") == []
    assert {notice for notice, _ in became(planning, "sent")} <= set(FACTS)


def test_every_sort_of_mail_has_its_facts() -> None:
    """A notice with a template and without facts, or the other way round, would be a dead letter."""
    assert set(FACTS) | {"several", "flood"} == set(NOTICES)


def test_a_mail_says_for_whom_since_when_until_when_and_what_then(planning: World, post: Settings) -> None:
    """Rule 2 of the portal holds in mails too."""
    planning.complete_phase("plan")
    found = only(deliver(planning, post), "dana", "gate_opened")
    assert found.subject == "Your decision: approve PLAN? (PDCA-2026-0001)"
    for said in ("Dana Weber and Ravi Singh", "2 approvals", "in 7 days", "escalates to top management",
                 f"/gates/{planning.gate('plan').id}"):
        assert said in found.text.replace("\n                ", " "), said


def test_a_reminder_says_since_when_a_step_is_owed_again(planning: World, post: Settings) -> None:
    """Since it was reopened, as its page does."""
    planning.complete_phase("plan")
    planning.advance(days=2)
    planning.answer("plan", "dana", "return", "the scope forgets the depot", named=["scope"])
    planning.advance(days=10)
    assert "Since           Wed 7 Jan 2026" in only(deliver(planning, post), "maria", "reminder").text


def test_what_is_next_after_an_approval(planning: World, post: Settings) -> None:
    """The phase that opens, or the cycle's end and the one after it."""
    at_act_gate(planning)
    planning.answer("act", "dana")
    planning.answer("act", "ravi")
    said = {m.subject.partition(" ")[0]: m.text for m in deliver(planning, post) if m.key.startswith("decided:")}
    assert "What's next     the cycle closes, and the next one is opened." in said["ACT"]


def test_a_rejection_says_what_can_be_done_with_a_cycle(planning: World, post: Settings) -> None:
    """It is restarted or cancelled."""
    planning.complete_phase("plan")
    planning.answer("plan", "dana", "reject", "no")
    said = " ".join(only(deliver(planning, post), "maria", "rejected_waits").text.split())
    assert "The cycle waits until top management either restarts PLAN, naming the steps that reopen, or cancels" in said


def test_several_steps_that_open_at_once_are_one_mail(planning: World, post: Settings) -> None:
    """A phase's start doesn't fill anybody's mailbox."""
    planning.pass_phase("plan")
    deliver(planning, post)
    found = [m for m in deliver(planning, post) if m.key.startswith("several:") and m.to == "ben@example.org"]
    assert [m.subject for m in found] == ["Yours now: 5 steps, the first due Mon 16 Mar 2026 (PDCA-2026-0001)"]


def test_an_escalation_says_as_what_one_is_told(planning: World, post: Settings) -> None:
    """Top management knows at once that it isn't asked to do the work."""
    planning.advance(days=35)
    found = [m for m in deliver(planning, post) if m.key.startswith("escalated:") and m.to == "dana@example.org"]
    assert "It still waits for Maria Okafor, so you are told, as top management." in " ".join(found[0].text.split())


def test_somebody_who_has_left_gets_nothing_but_the_notice_of_it(planning: World, post: Settings) -> None:
    """The row says why the others stay here."""
    deliver(planning, post)
    in_write(planning, lambda tx, when: steps.reassign(
        tx, planning.step("scope").id, None, planning.ids["ben"], "he knows", planning.actor("maria"), when))
    in_write(planning, lambda tx, when: people.deactivate(tx, planning.ids["ben"], planning.actor("alex"), when))
    mails = [m.subject for m in deliver(planning, post) if m.to == "ben@example.org"]
    assert [m for m in mails if "ended" in m] == ["Your account has ended"]
    assert {why for _, why in became(planning, "unsent")} == {"its recipient's account is not in use any more"}


def test_an_erased_person_gets_nothing(planning: World, post: Settings) -> None:
    """What still waits for them is dropped with its reason, never sent to a guess."""
    in_write(planning, lambda tx, when: people.deactivate(tx, planning.ids["ben"], planning.actor("alex"), when))
    in_write(planning, lambda tx, when: people.erase(tx, planning.ids["ben"], planning.actor("alex"), when))
    assert not [m for m in deliver(planning, post) if m.to.startswith("ben")]
    assert ("deactivated", "its recipient's data was erased") in became(planning, "unsent")


def test_a_name_erased_meanwhile_is_not_in_the_mail(planning: World, post: Settings) -> None:
    """Names are looked up when a mail leaves, so that an erasure reaches what still waits."""
    in_write(planning, lambda tx, when: people.deactivate(tx, planning.ids["ben"], planning.actor("alex"), when))
    in_write(planning, lambda tx, when: people.erase(tx, planning.ids["ben"], planning.actor("alex"), when))
    assert all("Ben Ito" not in m.text + m.subject for m in deliver(planning, post))


def test_a_restricted_case_is_told_to_its_people_only(planning: World, post: Settings) -> None:
    """Holders of responsibilities with no part in it don't even learn that it is there; no role is excepted."""
    with planning.store.write() as tx:
        tx.execute(update(case_table).values(label="restricted"))
        for name in ("alex", "olga", "maria"):
            notice = Notice("cycle_started", planning.ids[name], {"case": planning.case})
            outbox.put(tx, [notice.message("again", planning.case)], planning.now)
    mails = deliver(planning, post)
    told = {m.to.partition("@")[0] for m in mails if m.key.startswith("cycle_started:")}
    assert told == {"maria", "dana", "ravi"}
    assert ("cycle_started", "its recipient may not see the case") in became(planning, "unsent")
    assert all("PDCA-2026-0001" not in m.text for m in mails if m.to.startswith(("alex", "olga")))


def test_an_operator_who_may_not_see_a_case_isnt_told_its_reference(planning: World, post: Settings) -> None:
    """A dead letter of a restricted case is told without it."""
    with planning.store.write() as tx:
        tx.execute(update(case_table).values(label="restricted"))
        about = {"what": "something", "case": planning.case}
        outbox.put(tx, to_operators(tx, "watchdog", "x", about, planning.now), planning.now)
    found = only(deliver(planning, post), "alex", "operator_notice")
    assert "PDCA" not in found.text + found.subject


def test_a_link_is_forgotten_once_it_has_left(planning: World, post: Settings) -> None:
    """The outbox keeps who was told, and not the secret; the mail is sealed away from the portal."""
    YEAR["links"](planning)
    deliver(planning, post)
    assert not [m for m in listing(post.mail_dir, 1000) if "invitation/" in m.text]
    assert sealed(post.mail_dir) == 1
    with planning.store.read() as conn:
        payload = conn.execute(select(outbox_table.c.payload).where(outbox_table.c.sensitive)).scalar_one()
    assert payload == {"notice": "invitation", "to": planning.ids["ben"], "about": {}}


def test_a_message_that_can_t_be_written_doesn_t_hold_up_the_others(planning: World, post: Settings) -> None:
    """It becomes a dead letter, which the operator is told about; the rest leaves."""
    with planning.store.write() as tx:
        bad = Notice("step_opened", planning.ids["maria"], {"case": planning.case, "step": "nothing"})
        outbox.put(tx, [bad.message("bad", planning.case)], planning.now)
    assert deliver(planning, post)
    assert [notice for notice, _ in became(planning, "dead")] == ["step_opened"]
    assert only(deliver(planning, post), "alex", "operator_notice").subject == "A message was refused (PDCA-2026-0001)"


def test_a_step_that_went_to_somebody_else_meanwhile_is_not_announced(planning: World, post: Settings) -> None:
    """While the mail server was away the step changed hands: its first owner hears only that."""
    in_write(planning, lambda tx, when: steps.reassign(
        tx, planning.step("scope").id, None, planning.ids["ben"], "he knows", planning.actor("maria"), when))
    mails = deliver(planning, post)
    assert not [m for m in mails if m.key.startswith("step_opened:") and m.to.startswith("maria")]
    assert only(mails, "ben", "reassigned").subject.startswith("Yours now: Establish scope and boundaries")


def test_a_digest_says_what_waits_and_what_is_late(planning: World, post: Settings) -> None:
    """Its text is made when it leaves, so it tells how things are then."""
    planning.complete_phase("plan")
    planning.advance(days=9)
    with planning.store.write() as tx:
        about = {"since": iso(planning.now), "checkpoint": ""}
        outbox.put(tx, [Notice("digest", planning.ids[name], about).message("today", None)
                        for name in ("dana", "maria")], planning.now)
    mails = deliver(planning, post)
    assert "Approve PLAN (PDCA-2026-0001)" in only(mails, "dana", "digest").text
    assert "Gate of PLAN (PDCA-2026-0001)" in only(mails, "maria", "digest").text


def test_whoever_stands_in_is_told_for_whom_and_from_when_until_when(planning: World, post: Settings) -> None:
    """Steps and decisions of others come to nobody unannounced, nor do they end so."""
    start = planning.now
    in_write(planning, lambda tx, when: people.name_deputy(
        tx, planning.ids["maria"], planning.ids["ben"], planning.actor("maria"), when))
    in_write(planning, lambda tx, when: people.delegate(
        tx, planning.ids["dana"], planning.ids["ines"], start + timedelta(days=3), start + timedelta(days=9, minutes=5),
        planning.actor("dana"), when))
    mails = deliver(planning, post)
    deputy, delegate = only(mails, "ben", "deputised"), only(mails, "ines", "delegated")
    assert (deputy.subject, delegate.subject) == (
        "You now stand in for Maria Okafor", "You may decide for Dana Weber from Thu 8 Jan 2026")
    assert "From            Mon 5 Jan 2026 08:00 UTC" in deputy.text
    assert "From            Thu 8 Jan 2026 08:00 UTC" in delegate.text
    assert "Until           Wed 14 Jan 2026 08:05 UTC" in delegate.text


def test_the_actor_of_the_set_up_is_named_as_the_operator(world: World, post: Settings) -> None:
    """An agent is no person, and isn't called somebody whose data was erased."""
    in_write(world, lambda tx, when: people.grant(tx, world.ids["ines"], "risk_owner", OPERATOR, when))
    assert any(m.text.count("The operator granted") for m in deliver(world, post))
