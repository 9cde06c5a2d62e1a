"""An incident from its report to its end: its clocks run whatever else does, and nothing of its history is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from isms_workflow.domain.records import AuditRecord, PersonRecord
from isms_workflow.domain.refusals import Missing, Moved, NotAllowed, NotYours, ReasonNeeded, Unknown, Wrong
from isms_workflow.engine import clock, programmes, watchdog
from isms_workflow.engine.commands import incidents
from isms_workflow.engine.retiming import retime
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store import audit, tables
from isms_workflow.store.audit.erase import erase
from isms_workflow.store.tables import deadlines
from tests.engine.incidents import do, incident, report, respond, without_incidents
from tests.world import OPERATOR, World

HOUR = timedelta(hours=1)


def test_a_report_is_an_incident_at_once(both: World) -> None:
    """Its severity comes from what it affects, both clocks run, and the whole team is told, all in one transaction."""
    report(both)
    view = both.view()
    assert view.incident is not None
    assert (view.case.state, view.incident.severity, view.case.reference) == ("reported", "high", "INC-2026-0001")
    assert view.incident.response_due == both.now + 4 * HOUR
    assert sorted(both.armed(both.case)) == [("ladder", both.now + 2 * HOUR), ("response", both.now + 4 * HOUR)]
    assert both.mails("incident_reported") == [("incident_reported", "ben"), ("incident_reported", "ravi")]


def test_a_critical_one_activates_team_and_management_in_its_own_transaction(world: World) -> None:
    """Nobody waits for a clock."""
    report(world, category="outage", systems=("Web shop",))
    assert {who for _, who in world.mails("incident_escalated")} == {"maria", "dana"}
    assert ("ladder", world.now + timedelta(minutes=30)) in world.armed(world.case)


def test_what_cannot_be_classified_has_the_severity_for_the_unknown(world: World) -> None:
    """A report without a system is never dropped."""
    report(world, systems=())
    assert incident(world).severity == "medium"


def test_nobody_answers(both: World) -> None:
    """Each level is told at its instant, the missed response is recorded and told once, and the last level repeats."""
    report(both)
    start = both.now
    both.advance(hours=13)
    rows = fired(both)
    assert rows == [("ladder", start + 2 * HOUR), ("ladder", start + 4 * HOUR), ("response", start + 4 * HOUR),
                    ("ladder", start + 8 * HOUR), ("ladder", start + 12 * HOUR)]
    assert incident(both).breached_at == start + 4 * HOUR
    assert [who for _, who in both.mails("incident_escalated")] == ["ravi", "maria", "dana", "dana", "dana"]  # he is on call
    assert {who for _, who in both.mails("response_missed")} == {"ben", "ravi", "maria"}


def test_a_word_stops_the_escalation_and_not_the_response_clock(world: World) -> None:
    """Asked after it twice, and lapsed, the escalation goes on where it stood."""
    report(world)
    start = world.now
    world.advance(minutes=90)
    do(world, incidents.acknowledge, "ben", None)
    assert [event for event, _ in world.armed(world.case)] == ["response", "word"]
    world.advance(hours=1, minutes=59)
    assert [who for _, who in world.mails("word_asked")] == ["ben", "ben"]
    assert not world.mails("word_lapsed")
    world.advance(minutes=2)
    assert {who for _, who in world.mails("word_lapsed")} == {"ben", "ravi"}
    assert ("ladder", start + timedelta(hours=4)) in world.armed(world.case)  # 90 min had run, it stood 2 h, 30 min are left


def test_a_word_given_again_starts_anew(world: World) -> None:
    """Each is asked after by itself; the one before has ended."""
    report(world)
    do(world, incidents.acknowledge, "ben", None)
    world.advance(minutes=59)
    do(world, incidents.acknowledge, "ravi", None)
    world.advance(minutes=59)
    assert not world.mails("word_asked")
    word = incident(world).word
    assert word is not None
    assert world.name_of(word.by) == "ravi"


def test_responding_meets_the_clock_and_hands_the_steps_to_whoever_takes_it_up(world: World) -> None:
    """The escalation ends; containing it is owed at once."""
    report(world)
    respond(world, "ravi")
    view = world.view()
    assert (view.case.state, incident(world).responded_at) == ("responding", world.now)
    assert world.step("contain").state == "open"
    assert world.name_of(world.step("contain").owner) == "ravi"
    assert world.armed(world.case) == []
    world.advance(hours=5)
    assert not world.mails("response_missed")


@pytest.mark.parametrize("act", [
    lambda world: do(world, incidents.respond, "ben", None),
    lambda world: do(world, incidents.pause, "ben", None, world.now + HOUR, "waits for the vendor"),
], ids=["somebody responds", "somebody pauses it"])
def test_a_response_after_its_time_is_a_breach_though_no_clock_ran(world: World, act: Callable[[World], Any]) -> None:
    """The record says so, once, whichever came first, the person or the clock."""
    report(world)
    due = world.now + 4 * HOUR
    do(world, incidents.triage, "ben", None, "high", "")
    world.sim.now += 5 * HOUR
    act(world)
    assert incident(world).breached_at == due
    with world.store.read() as conn:
        assert [row.happened_at for row in conn.execute(
            select(tables.audit.c.happened_at).where(tables.audit.c.kind == "incident.breached"))] == [due]
    mails = len(world.mails("response_missed"))
    world.advance(days=1)
    assert 0 < len(world.mails("response_missed")) == mails


def test_high_is_learned_from_and_medium_closes_by_itself(world: World) -> None:
    """The lessons end in an approval by somebody who had no part in the response."""
    report(world)
    respond(world, "ben")
    world.complete_phase("responding")
    assert world.view().case.state == "lessons_learned"
    world.complete_phase("lessons_learned")
    world.answer("lessons_learned", "maria")
    assert world.view().case.state == "closed"
    report(world, systems=())
    respond(world, "ben")
    world.complete_phase("responding")
    assert world.view().case.state == "closed"
    with world.store.read() as conn:
        assert audit.verify(conn).ok
        assert watchdog.look(conn, world.now) == []


def test_a_pause_stops_every_clock_and_gives_its_time_back(world: World) -> None:
    """Nothing fires meanwhile; it ends by itself, and the clocks go on at the level where they stood."""
    report(world)
    start = world.now
    world.advance(hours=1)
    do(world, incidents.pause, "ben", None, world.now + 3 * HOUR, "waits for the vendor")
    assert world.armed(world.case) == [("resume", start + 4 * HOUR)]
    world.advance(hours=3)
    assert not world.mails("incident_escalated")
    assert sorted(world.armed(world.case)) == [("ladder", start + 5 * HOUR), ("response", start + 7 * HOUR)]
    assert incident(world).response_due == start + 7 * HOUR


def test_a_pause_ended_early_gives_back_what_it_took(world: World) -> None:
    """And no more."""
    report(world)
    start = world.now
    do(world, incidents.pause, "ben", None, world.now + 20 * HOUR, "waits for the vendor")
    world.advance(hours=2)
    do(world, incidents.resume, "ben", None)
    assert sorted(world.armed(world.case)) == [("ladder", start + 4 * HOUR), ("response", start + 6 * HOUR)]


def test_somebody_escalates_by_hand_though_a_word_holds(world: World) -> None:
    """The next level is told now; the levels after it keep their own instants."""
    report(world)
    do(world, incidents.acknowledge, "ben", None)
    do(world, incidents.escalate, "ben", None, "the manager has to know")
    assert [who for _, who in world.mails("incident_escalated")] == ["ben", "maria"]
    assert incident(world).climbed == 0
    assert incident(world).word is not None


def test_a_false_positive_can_be_taken_back(world: World) -> None:
    """Its clocks go on where they stood; whoever reported it hears of both."""
    report(world)
    start = world.now
    world.advance(hours=1)
    do(world, incidents.dismiss, "ben", None, "a test of the scanner")
    assert (world.view().case.state, world.armed(world.case)) == ("false_positive", [])
    world.advance(days=2)
    do(world, incidents.take_back, "ben", None, "it was none")
    assert world.view().case.closed_at is None
    assert sorted(world.armed(world.case)) == [("ladder", start + 50 * HOUR), ("response", start + 52 * HOUR)]
    assert [who for _, who in world.mails("report_answered")] == ["gil", "gil"]


def test_a_closed_one_is_reopened_and_goes_on(world: World) -> None:
    """The named steps are owed again, the approval of the lessons no longer stands, and it closes once more."""
    report(world)
    respond(world, "ben")
    world.complete_phase("responding")
    world.complete_phase("lessons_learned")
    world.answer("lessons_learned", "maria")
    records = count(world)
    do(world, incidents.reopen, "maria", None, (world.step("recover").id,), "it is back")
    assert (world.view().case.state, world.step("recover").state, world.view().case.closed_at) == ("responding", "open", None)
    assert count(world) > records
    world.complete("recover")
    assert world.view().case.state == "lessons_learned"
    assert world.gate("lessons_learned").round == 2
    world.answer("lessons_learned", "maria")
    assert world.view().case.state == "closed"


LABELS = {
    "a member of staff": ("staff", (), "restricted"),
    "personal data": ("data_breach", ("Customer records",), "confidential"),
    "nothing of the sort": ("malware", ("Web shop",), "internal"),
}


@pytest.mark.parametrize(("category", "systems", "label"), LABELS.values(), ids=LABELS)
def test_rules_say_who_may_see_it(world: World, category: str, systems: tuple[str, ...], label: str) -> None:
    """The narrowest one that holds."""
    report(world, category=category, systems=systems)
    assert world.view().case.label == label


REFUSED: dict[str, tuple[Callable[[World], Any], type[Exception], str]] = {
    "a report of nothing": (lambda w: report(w, title="  "), Wrong, "title"),
    "an unknown category": (lambda w: report(w, category="weather"), Wrong, "category"),
    "an unknown system": (lambda w: report(w, system_ids=("nowhere",)), Wrong, "systems"),
    "a time in the future": (lambda w: report(w, occurred_at=w.now + HOUR), Wrong, "occurred_at"),
    "a guest who triages": (lambda w: do(w, incidents.triage, "gil", None, "high", ""), NotYours, "the responsibility Incident responder or ISMS manager"),
    "an unknown severity": (lambda w: do(w, incidents.triage, "ben", None, "awful", ""), Wrong, "critical, high, medium, low"),
    "another severity without a reason": (lambda w: do(w, incidents.triage, "ben", None, "low", ""), ReasonNeeded, "reason"),
    "the severity that it has": (lambda w: do(w, incidents.reassess, "ben", None, "high", "so"), Wrong, "already"),
    "a response before the triage": (lambda w: do(w, incidents.respond, "ben", None), NotAllowed, "triage"),
    "a stale form": (lambda w: do(w, incidents.acknowledge, "ben", 7), Moved, "version"),
    "a pause in the past": (lambda w: do(w, incidents.pause, "ben", None, w.now - HOUR, "so"), Wrong, "lies ahead"),
    "a pause for ever": (lambda w: do(w, incidents.pause, "ben", None, w.now + 900 * HOUR, "so"), Wrong, "31 days"),
    "an end of no pause": (lambda w: do(w, incidents.resume, "ben", None), NotAllowed, "not paused"),
    "a merger with itself": (lambda w: do(w, incidents.merge, "ben", None, w.case, ""), Wrong, "another incident"),
    "a merger with nothing": (lambda w: do(w, incidents.merge, "ben", None, "INC-2026-9999", ""), Unknown, "INC-2026-9999"),
    "a dismissal without a reason": (lambda w: do(w, incidents.dismiss, "ben", None, " "), ReasonNeeded, "reason"),
    "a new plan where there is none": (lambda w: do(w, incidents.replan, "maria", None, "so"), NotAllowed, "in force already"),
}


@pytest.mark.parametrize(("act", "error", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_whole(world: World, act: Callable[[World], Any], error: type[Exception], said: str) -> None:
    """The sentence names the field and what would be right; nothing is written."""
    report(world)
    before = count(world)
    with pytest.raises(error, match=said):
        act(world)
    assert count(world) == before


def test_whoever_reported_it_can_have_their_words_erased(both: World) -> None:
    """The incident stays, and the chain verifies."""
    report(both)
    with both.store.write() as tx:
        assert erase(tx, both.ids["gil"], both.now).what["reports of incidents"] == 1
        audit.append(tx, [AuditRecord(PersonRecord.ERASED, "operator", both.now, both.now, subject=both.ids["gil"])])
        assert tx.execute(select(tables.incidents.c.title)).scalars().all() == [None]
        assert audit.verify(tx).ok


def programme(world: World, **texts: tuple[str, str]) -> None:
    """The shipped programme with one text of a file replaced, put in force."""
    files = dict(shipped())
    for file, (old, new) in texts.items():
        assert old in files[f"{file}.yaml"]
        files[f"{file}.yaml"] = files[f"{file}.yaml"].replace(old, new)
    with world.store.write() as tx:
        programmes.apply(tx, parse(files), OPERATOR, world.when())


def test_a_clock_in_working_hours_stands_still_at_night(world: World) -> None:
    """Four working hours from Monday 15:00 end on Tuesday 11:00; a pause gives back working time alone."""
    programme(world, incident=("response: 4 hours", "response: 4 working hours"))
    world.sim.now = datetime(2026, 1, 5, 15, tzinfo=UTC)
    report(world)
    assert incident(world).response_due == datetime(2026, 1, 6, 11, tzinfo=UTC)
    do(world, incidents.pause, "ben", None, datetime(2026, 1, 6, 10, tzinfo=UTC), "waits for the vendor")
    world.advance(hours=20)
    assert incident(world).response_due == datetime(2026, 1, 6, 14, tzinfo=UTC)


def test_a_new_holiday_moves_what_counts_working_time(world: World) -> None:
    """The instant that pages show moves with the deadline."""
    programme(world, incident=("response: 4 hours", "response: 4 working hours"))
    world.sim.now = datetime(2026, 1, 5, 15, tzinfo=UTC)
    report(world)
    programme(world, incident=("response: 4 hours", "response: 4 working hours"),
              calendar=("extra_holidays: {}", "extra_holidays: {2026-01-06: Epiphany}"))
    retime(world.store, OPERATOR, world.when())
    assert incident(world).response_due == datetime(2026, 1, 7, 11, tzinfo=UTC)
    assert ("response", datetime(2026, 1, 7, 11, tzinfo=UTC)) in world.armed(world.case)


def test_an_incident_keeps_its_programme_until_somebody_re_plans_it(world: World) -> None:
    """Then its severity picks the clocks there, and the level that was told isn't told again."""
    report(world)
    start = world.now
    world.advance(hours=2, minutes=1)
    programme(world, incident=("response: 4 hours", "response: 3 hours"), ladders=("offset: 4 hours, repeat: 4 hours",
                                                                                 "offset: 5 hours, repeat: 4 hours"))
    assert incident(world).response_due == start + 4 * HOUR
    do(world, incidents.replan, "maria", None, "the customer's contract asks for it")
    assert sorted(world.armed(world.case)) == [("ladder", start + 5 * HOUR), ("response", start + 3 * HOUR)]
    assert [who for _, who in world.mails("incident_escalated")] == ["ravi", "maria"]


def test_after_an_outage_what_was_due_happens_once_and_says_how_late(both: World) -> None:
    """The level has its true instant, and the record the instant at which somebody got round to it."""
    report(both)
    start, both.sim.now = both.now, both.now + timedelta(hours=2, minutes=10)
    clock.drain(both.store, lambda: both.now)
    with both.store.read() as conn:
        row = conn.execute(select(tables.audit).where(tables.audit.c.kind == "deadline.expired")).one()
    assert (row.happened_at, row.noticed_at) == (start + 2 * HOUR, both.now)
    data = json.loads(row.body)["data"]
    assert (data["late_s"], data["late_because"]) == (600, "no clock was running")
    clock.drain(both.store, lambda: both.now)
    assert [who for _, who in both.mails("incident_escalated")] == ["ravi", "maria"]


def test_a_programme_without_incidents_says_what_to_do(world: World) -> None:
    """An organisation that was set up before they were there copies the section first."""
    without_incidents(world)
    with pytest.raises(Missing, match=r"incident\.yaml"):
        report(world)


def fired(world: World) -> list[tuple[str, Any]]:
    """What fell due of the incident itself, in order."""
    with world.store.read() as conn:
        return [(row.event, row.due_at) for row in conn.execute(
            select(deadlines).where(deadlines.c.subject_id == world.case, deadlines.c.outcome == "fired")
            .order_by(deadlines.c.due_at, deadlines.c.event))]


def count(world: World) -> int:
    """How many lines the history has."""
    with world.store.read() as conn:
        return int(audit.head(conn)[0])
