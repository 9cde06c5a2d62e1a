"""Reports of an incident that an act asks for: asked at once, counted, reminded of, submitted or missed; nothing pauses them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from isms_workflow.domain.obligations import State
from isms_workflow.domain.refusals import Missing, NotYours, ReasonNeeded, Wrong
from isms_workflow.domain.times import NaiveInstant
from isms_workflow.engine import watchdog
from isms_workflow.engine.commands import incidents, steps
from isms_workflow.engine.mailing.look import Look
from isms_workflow.programme.load import parse, shipped
from isms_workflow.settings import Settings
from isms_workflow.store import audit
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit as lines
from isms_workflow.store.tables import outbox
from tests.engine.incidents import do, report, respond
from tests.engine.mails import became, deliver
from tests.engine.obligations import (
    BREACH,
    answer,
    armed,
    date,
    dated,
    nothing_to_report,
    states,
    submit,
    waive,
    withdraw,
)
from tests.world import START, World, found


@pytest.fixture
def world(sqlite_store: Store) -> World:
    """An organisation under the programme as it is shipped: the GDPR holds for it."""
    return found(sqlite_store, programme=parse(shipped()))


@pytest.fixture
def both(store: Store) -> World:
    """The same on SQLite and on PostgreSQL."""
    return found(store, programme=parse(shipped()))


REPORTED = START + timedelta(seconds=1)
LAWFUL = START + timedelta(hours=73)
"""72 hours from 08:00:01: the hour of the event isn't counted (Regulation 1182/71, Art. 3(1)), so they end with 09:00."""


def hours(count: float, since: datetime = REPORTED) -> datetime:
    """So many hours later."""
    return since + timedelta(hours=count)


def breach(world: World) -> None:
    """A breach of personal data, known since its report."""
    report(world)
    answer(world, BREACH)
    date(world, "aware", REPORTED)


def kinds_of(world: World, prefix: str) -> list[str]:
    """The records that begin so, oldest first."""
    with world.store.read() as conn:
        return list(conn.execute(select(lines.c.kind).where(lines.c.kind.like(f"{prefix}%")).order_by(lines.c.seq)).scalars())


def healthy(world: World) -> None:
    """No wait without an end, and the history verifies."""
    with world.store.read() as conn:
        assert watchdog.look(conn, world.now) == []
        assert audit.verify(conn).ok


def test_the_report_asks_at_once(both: World) -> None:
    """The step of questions opens in the transaction of the report, and is due well before the shortest instant to act by."""
    report(both)
    step = both.step("obligation_questions")
    assert (step.state, both.name_of(step.owner), step.opened_at, step.due_at) == ("open", "ben", REPORTED, hours(4))
    assert ("step_opened", "ben") in both.mails()
    assert dict(both.armed(step.id)) == {"ladder": hours(3)}
    healthy(both)


def test_an_exercise_asks_nothing(world: World) -> None:
    """It is reported to nobody."""
    from isms_workflow.domain.rules.incidents import Report

    with world.sim.write() as (tx, when):
        view, _ = incidents.report(tx, Report("A drill", "", "data_breach", is_exercise=True), (), world.actor("gil"), when)
        world.case = view.case.id
    assert world.view().duties is None
    with pytest.raises(Missing, match="an exercise is reported to nobody"):
        answer(world, BREACH)


def test_answers_are_the_steps_evidence(world: World) -> None:
    """It is done when everything is answered, by whoever answered last; a no that decides needs no other answer."""
    report(world)
    nothing_to_report(world, "ravi")
    step = world.step("obligation_questions")
    assert (step.state, world.name_of(step.settled_by)) == ("done", "ravi")
    assert states(world) == {}
    assert world.armed(step.id) == []


def test_a_running_report_has_its_deadlines(both: World) -> None:
    """Reminders, the last warning and the act's instant; where the act names none, the safe instant alone."""
    breach(both)
    assert states(both) == {"gdpr.notification": State.RUNNING, "gdpr.register": State.RUNNING}
    assert armed(both) == {
        "remind:gdpr.notification": hours(48), "act_by:gdpr.notification": hours(72),
        "warn:gdpr.notification": LAWFUL - timedelta(hours=2), "lawful:gdpr.notification": LAWFUL,
        "remind:gdpr.register": hours(144), "act_by:gdpr.register": hours(168)}
    assert [who for _, who in both.mails("obligation_runs")] == ["ben", "maria", "ravi"]
    healthy(both)


def test_nobody_submits(world: World) -> None:
    """Two reminders, a third to the ISMS manager, the last warning by itself, the breach, and reminders until it is sent."""
    breach(world)
    world.advance(hours=73)
    told = [notice for notice, _ in world.mails() if notice.startswith("obligation_") and notice != "obligation_runs"]
    assert told == [*["obligation_reminder"] * 6, *["obligation_warning"] * 4, *["obligation_act_by"] * 4,
                    *["obligation_missed"] * 4, *["obligation_reminder"] * 2]
    assert kinds_of(world, "obligation.breached") == ["obligation.breached"]
    with world.store.read() as conn:
        rows = conn.execute(select(outbox.c.payload, outbox.c.urgency)).all()
    assert {row.urgency for row in rows if str(row.payload.get("notice", "")).startswith("obligation_")} == {"statutory"}
    world.advance(hours=12)
    assert [who for _, who in world.mails("obligation_reminder")][6:] == ["maria", "dana"] * 3
    healthy(world)


def test_a_pause_stops_nothing(world: World) -> None:
    """Statutory clocks know no pause, and nobody's word."""
    breach(world)
    before = armed(world)
    do(world, incidents.pause, "ben", None, hours(200), "waiting for the vendor")
    assert armed(world) == before
    world.advance(hours=73)
    assert kinds_of(world, "obligation.breached") == ["obligation.breached"]


def test_submitted_in_time(both: World) -> None:
    """The report is evidence, its reminders end, and everybody concerned is told."""
    world = both
    breach(world)
    world.advance(hours=20)
    submit(world, "gdpr.notification")
    assert states(world)["gdpr.notification"] is State.SUBMITTED
    found = world.view().duties.standing("gdpr.notification")  # type: ignore[union-attr]
    assert (found.in_time, found.submitted_at) == (True, world.now)
    assert [event for event in armed(world) if "notification" in event] == []
    assert [each.sha256 for each in world.step("obligation_questions").evidence]
    assert [who for _, who in world.mails("obligation_submitted")] == ["ben", "maria", "ravi"]
    assert kinds_of(world, "obligation.s") == ["obligation.submitted"]


def test_late_takes_reasons_where_the_act_asks_for_them(world: World) -> None:
    """Art. 33(1): after 72 hours the notification says why."""
    breach(world)
    world.advance(hours=80)
    with pytest.raises(ReasonNeeded, match="late"):
        submit(world, "gdpr.notification")
    submit(world, "gdpr.notification", reason="the authority's form was out of order")
    found = world.view().duties.standing("gdpr.notification")  # type: ignore[union-attr]
    assert (found.in_time, found.owes_reasons) == (False, False)


def test_not_notifiable_is_a_decision(both: World) -> None:
    """Of somebody accountable, with a reason; the responder alone can't take it. One that was withdrawn counts no more."""
    world = both
    breach(world)
    with pytest.raises(NotYours, match="the responsibility Compliance officer or ISMS manager"):
        waive(world, "gdpr.register", by="ravi")
    with pytest.raises(ReasonNeeded):
        waive(world, "gdpr.register", reason=" ")
    waive(world, "gdpr.register")
    assert states(world)["gdpr.register"] is State.WAIVED
    withdraw(world, dated(world, "waived"))
    assert states(world)["gdpr.register"] is State.RUNNING
    assert "remind:gdpr.register" in armed(world)


def test_a_corrected_instant_moves_the_deadlines(world: World) -> None:
    """With a reason, in the same transaction; what it moves behind us fires at once, and once."""
    breach(world)
    world.advance(hours=1)
    earlier = hours(-80)
    with pytest.raises(Wrong, match="correct that one"):
        date(world, "aware", earlier)
    with pytest.raises(ReasonNeeded):
        date(world, "aware", earlier, replaces=dated(world, "aware"))
    date(world, "aware", earlier, reason="the vendor had told us on Friday", replaces=dated(world, "aware"))
    assert armed(world)["lawful:gdpr.notification"] == world.now
    world.advance(seconds=1)
    assert kinds_of(world, "obligation.b") == ["obligation.breached"]
    answer(world, {"gdpr.high_risk": True, "gdpr.no_need_to_tell": True}, reason="more is known")
    world.advance(hours=1)
    assert kinds_of(world, "obligation.b") == ["obligation.breached"]
    healthy(world)


def test_a_corrected_answer_asks_again(world: World) -> None:
    """The step opens anew, and the history keeps both answers."""
    report(world)
    nothing_to_report(world)
    with pytest.raises(ReasonNeeded):
        answer(world, {"gdpr.personal_data_breach": True})
    answer(world, {"gdpr.personal_data_breach": True}, reason="a list of customers was among them")
    assert world.step("obligation_questions").state == "open"
    assert kinds_of(world, "obligation.answered") == ["obligation.answered"] * 2
    with pytest.raises(Wrong, match="already"):
        answer(world, {"gdpr.personal_data_breach": True}, reason="again")
    healthy(world)


@pytest.mark.parametrize(("kind", "at", "of", "says"), [
    ("aware", hours(1), None, "lies ahead"),
    ("aware", hours(-5), None, "began later"),
    ("handled", hours(-1), None, "before the incident was reported"),
    ("submitted", REPORTED, None, "one of"),
    ("requested", REPORTED, "nis2.intermediate", "until which the authority asks"),
    ("aware", REPORTED, "nis2.nothing", "it is said of one of"),
])
def test_an_instant_that_cannot_be(world: World, kind: str, at: datetime, of: str | None, says: str) -> None:
    """Ahead, before the incident, of a kind that nobody records, or said of something that doesn't wait for it."""
    report(world, occurred_at=hours(-2))
    with pytest.raises(Wrong, match=says):
        date(world, kind, at, of=of)


def test_a_bare_date_is_no_instant(world: World) -> None:
    """It isn't read as midnight."""
    report(world)
    with pytest.raises(NaiveInstant):
        date(world, "aware", datetime(2026, 1, 5))  # noqa: DTZ001 - that is what is refused


def test_what_has_not_begun_is_not_submitted(world: World) -> None:
    """When the organisation was aware comes first: without that nobody could say whether it was in time."""
    report(world)
    answer(world, BREACH)
    with pytest.raises(Missing, match="waits for"):
        submit(world, "gdpr.notification")


def test_whoever_may_record_an_instant_may_withdraw_it(sqlite_store: Store) -> None:
    """Also who decides, where the programme doesn't have them answer."""
    under = {**shipped(), "incident.yaml": shipped()["incident.yaml"].replace(
        "decides: [compliance_officer, isms_manager]", "decides: [top_management]")}
    world = found(sqlite_store, programme=parse(under))
    report(world)
    date(world, "aware", REPORTED, "dana")
    withdraw(world, dated(world, "aware"), "dana")
    waive(world, "gdpr.register", "dana")
    with pytest.raises(NotYours):
        withdraw(world, dated(world, "waived"), "maria")


def test_awareness_is_not_moved_behind_the_report_of_it(world: World) -> None:
    """Neither by a correction nor by what is said of the regime alone; as it isn't submitted in that order."""
    breach(world)
    world.advance(hours=2)
    with pytest.raises(Wrong, match="what it reports had not begun"):
        submit(world, "gdpr.notification", at=hours(-1))
    submit(world, "gdpr.notification", at=hours(1))
    for replaces, of in ((dated(world, "aware"), None), (None, "gdpr"), (None, "gdpr.notification")):
        with pytest.raises(Wrong, match=r"gdpr\.notification was submitted 2026-01-05T09:00:01\.0+Z, and what it reports had not begun"):
            date(world, "aware", hours(1.5), reason="by the log", of=of, replaces=replaces)
    date(world, "aware", hours(1), reason="by the log", replaces=dated(world, "aware"))
    withdraw(world, dated(world, "submitted"))
    date(world, "aware", hours(1.5), reason="by the other log", replaces=dated(world, "aware"))
    assert states(world)["gdpr.notification"] is State.RUNNING
    healthy(world)


def test_nor_by_withdrawing_an_earlier_one(world: World) -> None:
    """What is said of the incident as a whole counts again then, and lies behind the submission."""
    breach(world)
    world.advance(hours=3)
    date(world, "aware", hours(2), reason="by the log", replaces=dated(world, "aware"))
    date(world, "aware", hours(0.5), of="gdpr")
    submit(world, "gdpr.notification", at=hours(1))
    of_gdpr = dated(world, "aware", of="gdpr")
    with pytest.raises(Missing, match=r"withdrawing aware.*gdpr\.notification was submitted .* withdraw that submission first"):
        withdraw(world, of_gdpr)
    withdraw(world, dated(world, "submitted"))
    withdraw(world, of_gdpr)
    assert states(world)["gdpr.notification"] is State.RUNNING
    healthy(world)


def test_a_progress_report_is_submitted_before_it_is_due(sqlite_store: Store) -> None:
    """NIS2, Art. 23(4)(e): whoever knows that it will be ongoing doesn't wait until it is too late."""
    under = {**shipped(), "obligations/organisation.yaml": shipped()["obligations/organisation.yaml"].replace(
        "gdpr: yes", "gdpr: no").replace("nis2: no", "nis2: yes")}
    world = found(sqlite_store, programme=parse(under))
    report(world)
    answer(world, {"nis2.significant": True, "nis2.recipients_affected": False, "organisation.trust_service_provider": False})
    date(world, "aware", REPORTED)
    with pytest.raises(Missing, match=r"nis2\.progress"):
        submit(world, "nis2.progress")
    submit(world, "nis2.early_warning")
    submit(world, "nis2.notification")
    world.advance(days=25)
    submit(world, "nis2.progress")
    assert (states(world)["nis2.progress"], states(world)["nis2.final"]) == (State.SUBMITTED, State.REPLACED)
    assert armed(world) == {}
    world.advance(days=30)
    assert "obligation.breached" not in kinds_of(world, "obligation")
    healthy(world)


def test_it_does_not_end_while_a_report_is_owed(world: World) -> None:
    """Resolved, it waits for its reports; dismissing it takes a decision about each that runs."""
    report(world, "malware", ())
    answer(world, BREACH)
    date(world, "aware", REPORTED)
    with pytest.raises(Missing, match=r"gdpr\.notification, gdpr\.register"):
        do(world, incidents.dismiss, "ben", None, "nothing")
    respond(world, "ben")
    world.complete_phase("responding")
    assert world.view().case.state == "resolved"
    with pytest.raises(Missing, match=r"gdpr\.notification"), world.sim.write() as (tx, when):
        incidents.close(tx, world.case, when)
    submit(world, "gdpr.notification")
    waive(world, "gdpr.register")
    assert world.view().case.state == "closed"
    healthy(world)


def test_a_false_positive_owes_no_answers(world: World) -> None:
    """Its questions rest with it, and are asked again when it is taken back."""
    report(world)
    do(world, incidents.dismiss, "ben", None, "a test of the alarm")
    assert world.step("obligation_questions").state == "waived"
    healthy(world)
    do(world, incidents.take_back, "ben", None, "it was none")
    assert world.step("obligation_questions").state == "open"
    healthy(world)


def test_the_step_follows_the_answers(world: World) -> None:
    """Nobody completes or puts it off by hand."""
    report(world)
    step = world.step("obligation_questions")
    with pytest.raises(Missing, match="Obligations to report"), world.sim.write() as (tx, when):
        steps.complete(tx, step.id, None, world.actor("ben"), when)


def test_every_notice_finds_its_words(world: World, settings: Settings) -> None:
    """From the questions to the breach and the late submission: nothing becomes a dead letter."""
    breach(world)
    deliver(world, settings)
    world.advance(hours=74)
    deliver(world, settings)
    submit(world, "gdpr.notification", reason="the form was out of order")
    deliver(world, settings)
    assert became(world, "dead") == []
    assert {notice for notice, _ in became(world, "sent") if notice.startswith("obligation")} == {
        "obligation_runs", "obligation_reminder", "obligation_warning", "obligation_act_by", "obligation_missed",
        "obligation_submitted"}


def test_the_forecast_knows_what_comes(world: World) -> None:
    """In words, each at its instant."""
    breach(world)
    with world.store.read() as conn:
        look = Look(conn, world.now)
        said = [(each.at, each.says) for each in look.coming(world.view(), world.case) if "gdpr.notification" in each.says]
    assert said == [
        (hours(48), "reminds incident responder and compliance officer of gdpr.notification"),
        (LAWFUL - timedelta(hours=2), "the last warning of gdpr.notification"),
        (hours(72), "gdpr.notification should have been submitted, and everybody concerned is told"),
        (LAWFUL, "gdpr.notification is recorded as not submitted in time")]


def test_an_outage_over_all_of_it(world: World) -> None:
    """Each level has its record at its own instant; people are told by the last that was due, and the breach is dated right."""
    breach(world)
    world.sim.now = hours(75)
    world.advance(seconds=1)
    with world.store.read() as conn:
        row = conn.execute(select(lines).where(lines.c.kind == "obligation.breached")).one()
    assert (row.happened_at, row.noticed_at) == (LAWFUL, hours(75))
    assert [who for _, who in world.mails("obligation_reminder")] == ["maria", "dana"]
    healthy(world)
