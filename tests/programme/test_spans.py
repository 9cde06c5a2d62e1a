"""Spans as people write them, and as they are read back."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from isms_workflow.domain import calendars
from isms_workflow.programme.check import HOURS, approximate
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Span, Unit

SPOKEN = {
    "10 working days": Span(amount=10, unit="working_days"),
    "-1 working day at 9:00": Span(amount=-1, unit="working_days", at=dt.time(9)),
    "5 days at 12:00": Span(amount=5, unit="days", at=dt.time(12)),
    "4 working hours": Span(amount=4, unit="working_hours"),
    "1 working hour": Span(amount=1, unit="working_hours"),
    "-4 hours": Span(amount=-4, unit="hours"),
    "15 minutes": Span(amount=15, unit="minutes"),
    "1 minute": Span(amount=1, unit="minutes"),
    "30 seconds": Span(amount=30, unit="seconds"),
    "1 second": Span(amount=1, unit="seconds"),
}


@pytest.mark.parametrize(("text", "span"), SPOKEN.items())
def test_a_span_is_spoken(text: str, span: Span) -> None:
    """One or many, ahead or back."""
    assert Span.model_validate(text) == span


@pytest.mark.parametrize("text", [
    "soon", "4", "hours", "4.5 hours", "4 working minutes", "4 working seconds", "4 weeks", "4 hours at 12:00",
    "4 working hours at 12:00", "15 minutes at 12:00", "30 seconds at 12:00", "2 days at noon", "2 days at 25:00",
    "1001 working hours", "-1001 seconds",
])
def test_what_is_no_span_is_refused(text: str) -> None:
    """An hour at which hours end, a unit that nobody knows, more than a calendar could count."""
    with pytest.raises(ValidationError):
        Span.model_validate(text)


@given(st.builds(Span, amount=st.integers(-1000, 1000), unit=st.sampled_from(get_args(Unit)), at=st.sampled_from(
    [dt.time(17), dt.time(9), dt.time(0, 5)])))
def test_what_is_said_of_a_span_is_read_as_the_same(span: Span) -> None:
    """What elapses has no hour to say."""
    read = Span.model_validate(str(span))
    assert (read.amount, read.unit) == (span.amount, span.unit)
    assert read.at == span.at or span.unit in calendars.LENGTHS


def test_the_programme_and_the_calendar_know_the_same_units() -> None:
    """One says them, the other counts them, a check compares them."""
    assert set(get_args(Unit)) == set(get_args(calendars.Unit)) == set(HOURS)


@pytest.mark.parametrize(("shorter", "longer"), [
    ("59 seconds", "1 minute"), ("59 minutes", "1 hour"), ("1 hour", "1 working hour"),
    ("7 working hours", "1 working day"), ("1 working day", "9 working hours"), ("-5 minutes", "-4 minutes"),
])
def test_spans_of_different_units_have_an_order(shorter: str, longer: str) -> None:
    """So that a ladder's levels can be told to stand in it."""
    assert approximate(Span.model_validate(shorter)) < approximate(Span.model_validate(longer))


def test_eight_working_hours_are_a_working_day() -> None:
    """Neither comes before the other."""
    assert approximate(Span.model_validate("8 working hours")) == approximate(Span.model_validate("1 working day"))


def test_a_programme_may_name_its_working_hours() -> None:
    """Nine to five if it says nothing."""
    files = shipped()
    said = parse(files).calendar
    assert (said.opens, said.closes) == (dt.time(9), dt.time(17)) == calendars.UNSAID
    text = files["calendar.yaml"].replace("# opens: 09:00", "opens: 8:30").replace("# closes: 17:00", "closes: 16:00")
    told = parse({**files, "calendar.yaml": text}).calendar
    assert (told.opens, told.closes) == (dt.time(8, 30), dt.time(16))
