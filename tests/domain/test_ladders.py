"""Ladders: one level after the other around an anchor, the last one again and again until the wait ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from isms_workflow.domain.calendars import build
from isms_workflow.domain.ladders import Rung, first, following, rung, tone
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Ladder

PROGRAMME = parse(shipped())
CALENDAR = build(PROGRAMME.calendar, range(2024, 2036))
ANCHOR = datetime(2026, 3, 12, 17, tzinfo=UTC)
LADDERS = st.sampled_from(sorted(PROGRAMME.ladders))
ANCHORS = st.integers(0, 5 * 365 * 24 * 60).map(lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


def climbed(name: str, anchor: datetime, most: int) -> list[Rung]:
    """The levels of a ladder from its first on."""
    ladder = PROGRAMME.ladders[name]
    found = [first(ladder, anchor, anchor - timedelta(days=90), CALENDAR)]
    while found[-1] is not None and len(found) < most:
        found.append(following(ladder, found[-1].level, found[-1].repeat, anchor, CALENDAR))
    return [each for each in found if each]


@given(LADDERS, ANCHORS)
def test_the_levels_come_in_order_and_in_utc(name: str, anchor: datetime) -> None:
    """Never two at once the wrong way round, never an instant without a zone."""
    found = climbed(name, anchor, 8)
    instants = [each.due_at for each in found]
    assert instants == sorted(instants)
    assert all(each.tzinfo is UTC for each in instants)


@given(ANCHORS)
def test_the_last_level_of_a_step_repeats_every_week(anchor: datetime) -> None:
    """Until somebody does something: a wait never ends in silence."""
    last = climbed("step", anchor, 9)[-4:]
    assert {each.level for each in last} == {4}
    assert [each.repeat for each in last] == list(range(last[0].repeat, last[0].repeat + 4))
    assert {(b.due_at.date() - a.due_at.date()).days for a, b in pairwise(last)} == {7}


def test_who_is_told_and_how() -> None:
    """Reminded before the date, overdue afterwards, and then it goes to others."""
    assert [tone(level) for level in PROGRAMME.ladders["step"].levels] == [
        "reminder", "overdue", "escalated", "escalated", "escalated"]


def test_a_level_that_is_past_already_isn_t_sent_late() -> None:
    """A step opened a day before its date has no reminder three days before it."""
    found = first(PROGRAMME.ladders["step"], ANCHOR, ANCHOR - timedelta(hours=3), CALENDAR)
    assert found is not None
    assert (found.level, found.due_at) == (1, ANCHOR)


def repeating(span: str) -> Ladder:
    """One level at its anchor, and again and again."""
    level = {"to": "top_management", "offset": "0 hours", "repeat": span}
    return Ladder.model_validate({"id": "short", "title": "Short", "levels": [level]})


@given(st.sampled_from(["90 seconds", "7 minutes", "5 hours", "3 working hours", "2 days", "1 working days"]),
       st.integers(1, 60 * 24 * 40))
def test_after_a_time_away_the_next_repetition_is_the_first_that_isn_t_past(span: str, minutes: int) -> None:
    """Those before it are not made up for."""
    ladder, now = repeating(span), ANCHOR + timedelta(minutes=minutes)
    found = first(ladder, ANCHOR, now, CALENDAR)
    assert found is not None
    assert found.due_at >= now
    assert found.repeat >= 1
    assert rung(ladder, 0, found.repeat - 1, ANCHOR, CALENDAR).due_at < now


def test_years_of_seconds_are_passed_over_at_once() -> None:
    """A ladder that repeats every second has 300 million repetitions until then."""
    found = first(repeating("1 second"), ANCHOR, ANCHOR + timedelta(days=3500, milliseconds=1), CALENDAR)
    assert found is not None
    assert found.due_at == ANCHOR + timedelta(days=3500, seconds=1)
