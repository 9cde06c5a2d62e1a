"""Each person's rules: which way, after how long, of what, and quiet hours that the gravest ignores."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from isms_workflow.domain.messages import Urgency
from isms_workflow.domain.notification import Quiet, Rule, Sending, Wishes, problem, quiet_until, sendings

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
NIGHT = datetime(2026, 3, 9, 23, tzinfo=UTC)
MORNING = datetime(2026, 3, 10, 6, tzinfo=UTC)
QUIET = Quiet(time(22), time(7))
MAIL = Rule("mail", timedelta(0), "all")
CHAT = Rule("chat", timedelta(0), "escalations")
PAGER = Rule("pager", timedelta(minutes=10), "critical")


def wishes(*rules: Rule, quiet: Quiet | None = None) -> Wishes:
    """Of somebody in Vienna."""
    return Wishes(rules, quiet, "Europe/Vienna")


TEN = timedelta(minutes=10)
SENT: dict[str, tuple[Wishes | None, str, Urgency, datetime, list[Sending]]] = {
    # who: (wishes, notice, urgency, decided at, what leaves)
    "nobody chose": (None, "step_opened", "ordinary", NIGHT, [Sending("mail", NIGHT)]),
    "no rules are mail at once": (wishes(), "step_opened", "ordinary", NIGHT, [Sending("mail", NIGHT)]),
    "an escalation by two ways": (wishes(MAIL, CHAT, PAGER), "incident_escalated", "ordinary", NOON,
                                  [Sending("mail", NOON), Sending("chat", NOON)]),
    "news by one": (wishes(MAIL, CHAT, PAGER), "incident_closed", "ordinary", NOON, [Sending("mail", NOON)]),
    "news by none": (wishes(CHAT), "incident_closed", "ordinary", NOON, []),
    "critical by every way": (wishes(MAIL, CHAT, PAGER), "incident_closed", "critical", NOON,
                              [Sending("mail", NOON), Sending("chat", NOON), Sending("pager", NOON + TEN, "delay")]),
    "at night it waits": (wishes(MAIL, CHAT, quiet=QUIET), "incident_escalated", "ordinary", NIGHT,
                          [Sending("mail", MORNING, "quiet"), Sending("chat", MORNING, "quiet")]),
    "quiet hours without rules": (wishes(quiet=QUIET), "step_opened", "ordinary", NIGHT, [Sending("mail", MORNING, "quiet")]),
    "at night critical doesn't": (wishes(MAIL, quiet=QUIET), "incident_escalated", "critical", NIGHT, [Sending("mail", NIGHT)]),
    "a delay into the night": (wishes(Rule("mail", timedelta(hours=12), "all"), quiet=QUIET), "x", "ordinary", NOON,
                               [Sending("mail", MORNING, "quiet")]),
    "statutory by mail and every way at once": (wishes(CHAT, PAGER, quiet=QUIET), "x", "statutory", NIGHT,
                                                [Sending("mail", NIGHT), Sending("chat", NIGHT), Sending("pager", NIGHT)]),
}


@pytest.mark.parametrize(("chosen", "notice", "urgency", "now", "sent"), SENT.values(), ids=SENT)
def test_what_is_sent_when_by_which_way(chosen: Wishes | None, notice: str, urgency: Urgency, now: datetime,
                                        sent: list[Sending]) -> None:
    """As a table."""
    assert list(sendings(notice, urgency, chosen, now)) == sent


RANGES = some.tuples(some.times().map(lambda t: t.replace(second=0, microsecond=0)),
                     some.times().map(lambda t: t.replace(second=0, microsecond=0))).filter(lambda r: r[0] != r[1])
INSTANTS = some.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=some.just(UTC))  # noqa: DTZ001
ZONES = some.sampled_from(["UTC", "Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])


@given(RANGES, ZONES, INSTANTS)
def test_quiet_hours_end_ahead_within_a_day_and_then_it_is_not_quiet(hours: tuple[time, time], zone: str, at: datetime) -> None:
    """Over midnight and over the changes of summer time alike."""
    ends = quiet_until(Quiet(*hours), zone, at)
    if ends is not None:
        assert at < ends <= at + timedelta(hours=25)
        assert quiet_until(Quiet(*hours), zone, ends) is None


@pytest.mark.parametrize(("at", "ends"), [
    (datetime(2026, 3, 28, 21, 30, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),  # the night in which summer time begins
    (datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),  # the one in which it ends
    (datetime(2026, 3, 9, 5, 59, tzinfo=UTC), datetime(2026, 3, 9, 6, tzinfo=UTC)),
    (datetime(2026, 3, 9, 6, tzinfo=UTC), None),
    (datetime(2026, 3, 9, 20, 59, tzinfo=UTC), None),
])
def test_quiet_hours_are_on_the_wall(at: datetime, ends: datetime | None) -> None:
    """22:00 to 07:00 in Vienna, whatever the hour is in UTC."""
    assert quiet_until(QUIET, "Europe/Vienna", at) == ends


BAD: dict[str, tuple[tuple[Rule, ...], str]] = {
    "a way that the settings don't name": ((Rule("fax", timedelta(0), "all"),), "channel"),
    "a delay of days": ((Rule("mail", timedelta(days=2), "all"),), "delay"),
    "a delay into the past": ((Rule("mail", timedelta(minutes=-1), "all"),), "delay"),
    "one twice": ((MAIL, MAIL), "rules"),
    "too many": (tuple(Rule("mail", timedelta(minutes=n), "all") for n in range(11)), "rules"),
    "escalations in silence": ((PAGER,), "what"),
}


@pytest.mark.parametrize(("rules", "field"), BAD.values(), ids=BAD)
def test_what_cannot_be_chosen_names_its_field(rules: tuple[Rule, ...], field: str) -> None:
    """And what would be right."""
    found = problem(rules, ("chat", "pager"))
    assert found is not None
    assert found[0] == field
    assert problem((MAIL, CHAT, PAGER), ("chat", "pager")) is None
    assert problem((), ()) is None
