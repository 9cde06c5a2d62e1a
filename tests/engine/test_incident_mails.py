"""What mails say of an incident, who gets them, and who doesn't: from its report to its end, as files."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from isms_workflow.domain.messages import Notice
from isms_workflow.domain.rules.incidents import Report
from isms_workflow.domain.times import iso
from isms_workflow.engine import outbox, programmes
from isms_workflow.engine.commands import gates, incidents, people, steps
from isms_workflow.notify.files import WrittenMail
from isms_workflow.programme.load import kept, shipped
from isms_workflow.settings import Settings
from isms_workflow.store.tables import cases as case_table
from isms_workflow.store.tables import incidents as incident_table
from tests.engine.incidents import do, report, respond
from tests.engine.mails import became, deliver, in_write, only
from tests.world import OPERATOR, World

HOUR = timedelta(hours=1)
Situation = Callable[[World], object]


def learn(world: World) -> None:
    """From the response to the open gate of its lessons."""
    respond(world, "ben")
    world.complete_phase("responding")
    world.complete_phase("lessons_learned")


def close(world: World) -> None:
    """To its end."""
    learn(world)
    world.answer("lessons_learned", "maria")


def stricter(world: World) -> None:
    """A programme comes into force in which a high incident has to be answered sooner."""
    texts = {name: text.replace("response: 4 hours", "response: 3 hours") for name, text in shipped().items()}
    with world.store.write() as tx:
        programmes.apply(tx, kept(texts), OPERATOR, world.when())


def exercise(world: World) -> None:
    """An outage of the shop is rehearsed."""
    report(world, title="The one before")
    ids = world.view().incident.systems  # type: ignore[union-attr]
    with world.sim.write() as (tx, when):
        view, _ = incidents.report(tx, Report("Nobody can buy", "", "data_breach", is_exercise=True), ids,
                                   world.actor("gil"), when)
        world.case = view.case.id


LIFE: dict[str, tuple[Situation, set[str]]] = {
    # what happens: and the notices that tell of it
    "nobody answers": (lambda w: w.advance(days=3), {"incident_reported", "incident_escalated", "response_missed"}),
    "a word is given, asked after, and lapses": (lambda w: (do(w, incidents.acknowledge, "ben", None), w.advance(hours=3)), {
        "incident_acknowledged", "word_lapsed"}),
    "a word is asked after": (lambda w: (do(w, incidents.acknowledge, "ben", None), w.advance(hours=1)), {"word_asked"}),
    "a pause ends by itself": (
        lambda w: (do(w, incidents.pause, "ben", None, w.now + HOUR, "the vendor"), w.advance(hours=2)),
        {"incident_paused", "incident_resumed"}),
    "another severity": (lambda w: do(w, incidents.reassess, "ben", None, "critical", "customers"), {"incident_reassessed"}),
    "another severity at its triage": (
        lambda w: do(w, incidents.triage, "ben", None, "low", "nobody's"), {"incident_reassessed", "report_answered"}),
    "another programme": (
        lambda w: (stricter(w), do(w, incidents.replan, "maria", None, "it is stricter")), {"incident_reassessed"}),
    "a false positive that was none": (lambda w: (
        do(w, incidents.dismiss, "ben", None, "a test"), do(w, incidents.take_back, "ben", None, "it was none")), {
            "report_answered", "incident_reopened"}),
    "merged": (lambda w: (o := report(w), report(w), do(w, incidents.merge, "ben", None, o, "")), {"report_answered"}),
    "a graver one is merged into it": (
        lambda w: (o := report(w, "other", ()), report(w), do(w, incidents.merge, "ben", None, o, "")), {"incident_reassessed"}),
    "its whole life, and once more": (lambda w: (
        close(w), do(w, incidents.reopen, "maria", None, (w.step("recover").id,), "it is back")), {
            "incident_responded", "incident_closed", "incident_reopened", "step_opened", "gate_opened", "decided"}),
    "nobody does what is owed": (lambda w: (respond(w, "ben"), w.advance(days=60)), {"overdue", "escalated"}),
    "nobody decides on its lessons": (lambda w: (learn(w), w.advance(days=60)), {"reminder", "escalated", "gate_lapsed"}),
    "its lessons are rejected, and begun anew": (lambda w: (
        learn(w), w.answer("lessons_learned", "dana", "reject", "not the cause"), w.advance(days=9),
        in_write(w, lambda tx, when: gates.restart(tx, w.gate("lessons_learned").id, None, (w.step("root_cause").id,), "anew",
                                                   w.actor("dana"), when))), {"rejected_waits"}),
    "its lessons are returned": (lambda w: (
        learn(w), w.answer("lessons_learned", "dana", "return", "why?", ["root_cause"])), {"decided"}),
    "its lessons change while they are decided on": (lambda w: (
        learn(w), in_write(w, lambda tx, when: steps.reopen(
            tx, w.step("account").id, None, "wrong", w.actor("maria"), when))), {"gate_opened"}),
    "a responder leaves": (lambda w: (respond(w, "ben"), in_write(w, lambda tx, when: people.deactivate(
        tx, w.ids["ben"], w.actor("alex"), when))), {"reassigned"}),
}


@pytest.mark.parametrize(("happens", "told"), LIFE.values(), ids=LIFE)
def test_every_notice_finds_its_words(world: World, settings: Settings, happens: Situation, told: set[str]) -> None:
    """Whatever happens, what is queued can be written: nothing becomes a dead letter."""
    report(world)
    happens(world)
    deliver(world, settings)
    assert became(world, "dead") == []
    assert told <= {notice for notice, _ in became(world, "sent")}


@pytest.mark.parametrize("happens", [happens for happens, _ in LIFE.values()], ids=LIFE)
def test_no_mail_about_an_incident_speaks_of_cycles(world: World, settings: Settings, happens: Situation) -> None:
    """What steps and gates say fits both kinds, and phases read as words."""
    report(world)
    happens(world)
    said = [f"{m.subject} {m.text}" for m in deliver(world, settings) if "INC-" in m.subject]
    assert said
    assert not [each for each in said if "cycle" in each or "PDCA" in each or "_" in each.partition("http://")[0]]


def flat(mail: WrittenMail) -> str:
    """Its text in one line."""
    return " ".join(mail.text.split())


def test_a_report_says_for_whom_since_when_until_when_and_what_then(world: World, settings: Settings) -> None:
    """Rule 2 of the portal, and what the incident is, whom it affects, and where to go."""
    report(world)
    mail = only(deliver(world, settings), "ben", "incident_reported")
    assert mail.subject == "Incident: Someone reads our mails (INC-2026-0001)"
    for said in ("Severity High", "Category Information that got to the wrong people", "Affected Customer records",
                 "How it stands reported; nobody has triaged it yet", "For Ben Ito or Ravi Singh",
                 "Since Mon 5 Jan 2026 08:00 UTC, just now", "Until Mon 5 Jan 2026 12:00 UTC, in 4 hours, for the response",
                 "Mon 5 Jan 2026 10:00 UTC: escalates to who is on call (First line) and ISMS manager",
                 "Mon 5 Jan 2026 12:00 UTC: the response is recorded as missed",
                 "acknowledge it: that stops the escalation for 1 hour", "You are told as incident responder",
                 "/acknowledge/"):
        assert said in flat(mail), said


def test_an_escalation_says_as_what_one_is_told_and_by_whom(world: World, settings: Settings) -> None:
    """By the clock, or by somebody's hand with a reason."""
    report(world)
    do(world, incidents.escalate, "ben", None, "the press has called")
    world.advance(hours=4)
    mails = deliver(world, settings)
    by_hand, by_clock = only(mails, "maria", "incident_escalated"), only(mails, "dana", "incident_escalated")
    assert "Ben Ito escalated this incident by hand, so you are told, as ISMS manager: level 1" in flat(by_hand)
    assert "> the press has called" in by_hand.text
    assert "Nobody had acknowledged this incident, so you are told, as top management: level 2" in flat(by_clock)
    assert "You don't have to respond yourself" in flat(by_clock)


def test_a_critical_one_says_so_in_every_subject(world: World, settings: Settings) -> None:
    """Also in those of its steps; never to whoever reported it."""
    report(world, category="outage", systems=("Web shop",))
    respond(world, "ben")
    mails = [m for m in deliver(world, settings) if "INC-" in m.subject]
    assert {m.to for m in mails if not m.subject.startswith("CRITICAL: ")} == {"gil@example.org"}
    assert any(m.subject.startswith("CRITICAL: Yours now: Contain the incident") for m in mails)


def test_an_exercise_says_so_first(world: World, settings: Settings) -> None:
    """To everybody, and in the text."""
    exercise(world)
    respond(world, "ben")
    mails = [m for m in deliver(world, settings) if "INC-2026-0002" in m.subject]
    assert {m.to for m in mails} >= {"ben@example.org", "gil@example.org"}
    assert all(m.subject.startswith("EXERCISE: ") and "part of an exercise" in m.text for m in mails)


def test_a_word_that_no_longer_counts_is_not_asked_after(world: World, settings: Settings) -> None:
    """Somebody took the incident up before the mail left."""
    report(world)
    do(world, incidents.acknowledge, "ben", None)
    world.advance(hours=1)
    respond(world, "ravi")
    deliver(world, settings)
    assert ("word_asked", "its recipient's word isn't relied on any more") in became(world, "unsent")


def test_a_reminder_of_a_word_says_how_often_it_comes_again(world: World, settings: Settings) -> None:
    """Once more, then not again; the mail is told apart by it."""
    report(world)
    do(world, incidents.acknowledge, "ben", None)
    said = []
    for _ in range(2):
        world.advance(minutes=60 - 30 * len(said))
        said.append(flat(deliver(world, settings)[-1]))
    assert "You are asked 1 more time; then it lapses" in said[0]
    assert "You are not asked again" in said[1]
    assert "the word of Ben Ito lapses, and the escalation goes on" in said[1]


def test_what_happened_meanwhile_is_in_a_mail_that_left_late(world: World, settings: Settings) -> None:
    """Nobody runs for an incident that somebody is at."""
    report(world)
    respond(world, "ravi")
    mail = only(deliver(world, settings), "ben", "incident_reported")
    assert "Meanwhile nobody is waited for any more." in flat(mail)
    assert "How it stands being responded to" in flat(mail)
    assert "If nobody acts" not in mail.text


def test_an_erased_title_is_in_no_mail(world: World, settings: Settings) -> None:
    """It is looked up when the mail leaves."""
    report(world)
    respond(world, "ben")
    with world.store.write() as tx:
        tx.execute(update(incident_table).values(title=None))
    mails = [m for m in deliver(world, settings) if "INC-" in m.subject]
    assert all("Someone reads" not in m.subject + m.text for m in mails)
    assert only(mails, "ben", "incident_reported").subject == "Incident: (erased) (INC-2026-0001)"
    assert any("Your report     (erased)" in m.text for m in mails if m.to == "gil@example.org")


@pytest.mark.parametrize("label", ["internal", "confidential", "restricted"])
def test_whoever_reported_it_hears_how_it_stands_whatever_its_label(world: World, settings: Settings, label: str) -> None:
    """Their own words and the state, and neither severity nor category, system, person or time."""
    report(world)
    with world.store.write() as tx:
        tx.execute(update(case_table).values(label=label))
    do(world, incidents.triage, "ben", None, "high", "")
    mails = [m for m in deliver(world, settings) if m.to == "gil@example.org"]
    (mail,) = mails
    assert mail.subject == "Your report is looked into: Someone reads our mails (INC-2026-0001)"
    assert "/incidents/INC-2026-0001/report" in mail.text
    for unsaid in ("High", "Information that got", "Customer records", "Ben", "2026 ", "UTC"):
        assert unsaid not in mail.text, unsaid


def test_nobody_else_is_told_of_somebodys_report(world: World, settings: Settings) -> None:
    """The exception is for whoever reported it, and for this one notice."""
    report(world, category="staff", systems=())
    with world.store.write() as tx:
        for name in ("report_answered", "incident_closed"):
            notice = Notice(name, world.ids["olga"], {"case": world.case, "state": "closed"})
            outbox.put(tx, [notice.message("again", world.case)], world.now)
    assert not [m for m in deliver(world, settings) if m.to == "olga@example.org"]
    assert set(became(world, "unsent")) >= {("report_answered", "its recipient didn't report it"),
                                            ("incident_closed", "its recipient may not see the case")}


def test_the_lessons_are_told_as_an_incidents(world: World, settings: Settings) -> None:
    """Nothing is said of cycles, and the phase reads as words."""
    report(world)
    close(world)
    mails = deliver(world, settings)
    assert only(mails, "dana", "gate_opened").subject == "Your decision: approve LESSONS LEARNED? (INC-2026-0001)"
    decided = only(mails, "maria", "decided")
    assert decided.subject == "LESSONS LEARNED is approved (INC-2026-0001)"
    assert "What's next the incident closes." in flat(decided)


def test_an_approval_says_what_the_end_still_waits_for(world: World, settings: Settings) -> None:
    """Reports that are owed, or aren't known yet: it doesn't close by the approval alone."""
    with world.store.write() as tx:
        programmes.apply(tx, kept(shipped()), OPERATOR, world.when())
    report(world)
    learn(world)
    world.answer("lessons_learned", "dana")
    decided = only(deliver(world, settings), "maria", "decided")
    assert "What's next the incident closes once its obligations to report are settled." in flat(decided)


def test_a_rejection_says_what_can_be_done_with_an_incident(world: World, settings: Settings) -> None:
    """A cycle can be cancelled; an incident can't."""
    report(world)
    learn(world)
    world.answer("lessons_learned", "dana", "reject", "not the cause")
    said = flat(only(deliver(world, settings), "maria", "rejected_waits"))
    assert "The incident waits until top management restarts LESSONS LEARNED, naming the steps that reopen." in said


def day(world: World, settings: Settings, *names: str) -> dict[str, str]:
    """The digests of these people that leave now, in one line each, instants left out."""
    with world.store.write() as tx:
        about = {"since": iso(world.now - timedelta(days=1)), "checkpoint": ""}
        outbox.put(tx, [Notice("digest", world.ids[name], about).message(iso(world.now), None) for name in names], world.now)
    mails = [m for m in deliver(world, settings) if iso(world.now) in m.key]
    return {m.to.partition("@")[0]: re.sub(r"due \w+ \d+ \w+ \d+ \d\d:\d\d UTC,", "due", flat(m)) for m in mails}


DAYS: dict[str, tuple[Situation, dict[str, str]]] = {
    # what happens after the report: and what whose digest says then
    "it waits for its triage": (lambda w: None, {
        "ben": "You owe (1) - Triage: Someone reads our mails (INC-2026-0001), due in 4 hours",
        "maria": "You owe (1) - Triage: Someone reads our mails (INC-2026-0001), due in 4 hours; "
                 "waits for Ben Ito or Ravi Singh"}),
    "it waits for a response": (lambda w: do(w, incidents.triage, "ben", None, "high", ""), {
        "ravi": "You owe (1) - Respond to: Someone reads our mails (INC-2026-0001), due in 4 hours"}),
    "it is late": (lambda w: w.advance(hours=6), {
        "ben": "You owe (1) - Triage: Someone reads our mails (INC-2026-0001), due 2 hours late",
        "maria": "Late elsewhere (1) - Triage: Someone reads our mails (INC-2026-0001), due 2 hours late; "
                 "waits for Ben Ito or Ravi Singh"}),
    "somebody gave their word": (lambda w: do(w, incidents.acknowledge, "ben", None), {
        "ben": "due in 4 hours; you gave your word", "ravi": "due in 4 hours; Ben Ito gave their word",
        "maria": "due in 4 hours; Ben Ito gave their word"}),
    "it is paused": (lambda w: do(w, incidents.pause, "ben", None, w.now + 9 * HOUR, "the vendor"), {
        "ben": "due in 9 hours; is paused until then", "maria": "due in 9 hours; is paused until then"}),
    "somebody responds": (lambda w: respond(w, "ben"), {
        "ben": "You owe (1) - Contain the incident (INC-2026-0001)",
        "ravi": "- Someone reads our mails (INC-2026-0001); being responded to"}),
    "it is critical": (lambda w: do(w, incidents.reassess, "ben", None, "critical", "customers"), {
        "ben": "- CRITICAL: Triage: Someone reads our mails (INC-2026-0001), due in 1 hour"}),
}


@pytest.mark.parametrize(("happens", "said"), DAYS.values(), ids=DAYS)
def test_a_digest_has_the_incidents_that_wait(
        world: World, settings: Settings, happens: Situation, said: dict[str, str]) -> None:
    """For whoever answers them, and for the ISMS manager; once somebody responds its steps stand there instead."""
    report(world)
    happens(world)
    found = day(world, settings, *said)
    assert {name: text for name, text in said.items() if text not in found[name]} == {}


def test_a_digest_leaks_nothing_by_its_label(world: World, settings: Settings) -> None:
    """Neither what is owed nor what is new, to anybody who may not see the case, whatever their role."""
    report(world, category="staff", systems=(), title="A theft")
    world.advance(days=2)
    respond(world, "ben")
    found = day(world, settings, "alex", "olga", "ines", "gil", "ben")
    assert "A theft" in found.pop("ben")
    assert {name for name, text in found.items() if "INC-" in text or "theft" in text} == set()


def test_whoever_is_told_of_another_severity_reads_why(world: World, settings: Settings) -> None:
    """Also where it came of a merging: by whom, of what, and the reason that they gave."""
    other = report(world, "other", ())
    report(world)
    do(world, incidents.merge, "ben", None, other, "both called about the same screen")
    said = " ".join(only(deliver(world, settings), "ravi", "incident_reassessed").text.split())
    assert "changed the severity of this incident from Medium to High" in said
    assert "Somebody" not in said
    assert "INC-2026-0002 was merged into it: both called about the same screen" in said
