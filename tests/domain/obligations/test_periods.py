"""Periods that no shipped obligation has, and a contract may; what nobody knows; and conditions in three values."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from isms_workflow.domain.conditions import Answer, Asked, Event, Facts
from isms_workflow.domain.obligations import State, obligations_of, standing
from isms_workflow.domain.periods import Where, elapsed, lawful, noon_after, said, wheres
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Calendar, Programme
from isms_workflow.programme.obligations import Condition, Fact, Organisation, Period, Question, Regime, Rules, Seat

VIENNA = {"zone": "Europe/Vienna", "country": "AT"}
BASE = parse(shipped())


def regime(**told: Any) -> Regime:
    """A contract with one notice, due within 2 days unless told otherwise."""
    stage = {"id": "notice", "title": "Notice", "article": "1", "recipient": "them", "starts": {"event": "aware"},
             "within": "2 days", **told.pop("stage", {})}
    return Regime.model_validate({"regime": "acme", "title": "Acme", "source": "Contract", "stages": [stage],
                                  "counting": {"counting": "1182/71", "article": "2"}, **told})


def programme(one: Regime, **calendar: Any) -> Programme:
    """With this regime alone, which holds."""
    return BASE.model_copy(update={"obligations": {"acme": one}, "calendar": Calendar(**(calendar or VIENNA)),
                                   "organisation": Organisation(regimes={"acme": True})})


def place(**told: Any) -> Where:
    """Where an act is due."""
    return wheres(programme(regime(place=Seat(**told))))["acme"]


def instant(text: str) -> datetime:
    """An instant as one writes it."""
    return datetime.fromisoformat(text)


LAWFUL: dict[str, tuple[str, str, str, str]] = {
    # what is counted: (rule, event, period, until); Austria, days off as in gdpr.yaml
    "a day from a Monday": ("1182/71", "2026-03-09T10:00+01:00", "1 day", "2026-03-11T00:00+01:00"),  # 3(1), 3(2)(b)
    "a day from a Friday": ("1182/71", "2026-03-13T10:00+01:00", "1 day", "2026-03-17T00:00+01:00"),  # Sat: Mon, 3(4); no 3(5)
    "two days from a Friday": ("1182/71", "2026-03-13T10:00+01:00", "2 days", "2026-03-18T00:00+01:00"),  # Sun: Mon 3(4); Tue 3(5)
    "two days from a Wednesday": ("1182/71", "2026-03-11T10:00+01:00", "2 days", "2026-03-14T00:00+01:00"),  # Thu, Fri
    "47 hours over a weekend": ("1182/71", "2026-03-13T20:30+01:00", "47 hours", "2026-03-15T20:00+01:00"),  # under two days
    "48 hours over a weekend": ("1182/71", "2026-03-13T20:30+01:00", "48 hours", "2026-03-17T00:00+01:00"),  # Fri, Mon: 3(5)
    "two hours on a holiday": ("1182/71", "2026-04-06T10:30+02:00", "2 hours", "2026-04-06T13:00+02:00"),  # 3(3)
    "90 minutes": ("1182/71", "2026-03-13T20:30+01:00", "90 minutes", "2026-03-13T22:00+01:00"),  # it has no minutes: they elapse
    "two hours over the hour that is skipped": ("1182/71", "2026-03-29T00:30+01:00", "2 hours", "2026-03-29T04:00+02:00"),
    "two hours over the hour that comes twice": ("1182/71", "2026-10-25T01:30+02:00", "2 hours", "2026-10-25T03:00+01:00"),
    "one hour": ("1182/71", "2026-03-10T10:29+01:00", "1 hour", "2026-03-10T12:00+01:00"),
    "a month that ends in a month of 30 days": ("1182/71", "2026-05-31T10:00+02:00", "1 month", "2026-07-01T00:00+02:00"),  # Tue 30 Jun
    "three months over the year's end": ("1182/71", "2026-11-30T10:00+01:00", "3 months", "2027-03-02T00:00+01:00"),  # 28 Feb Sun
    "twelve months from a leap day": ("1182/71", "2028-02-29T10:00+01:00", "12 months", "2029-03-01T00:00+01:00"),  # Wed 28 Feb
    "a business day from a Friday": ("business_days", "2026-04-03T10:00+02:00", "1 business day", "2026-04-08T00:00+02:00"),
    "a calendar day from a Friday": ("calendar_days", "2026-03-13T10:00+01:00", "1 day", "2026-03-15T00:00+01:00"),
    "a month of calendar days": ("calendar_days", "2026-01-31T10:00+01:00", "1 month", "2026-03-01T00:00+01:00"),
}


@pytest.mark.parametrize(("rule", "event", "period", "until"), LAWFUL.values(), ids=LAWFUL)
def test_a_period_ends_as_its_rule_has_it(rule: Any, event: str, period: str, until: str) -> None:
    """Computed by hand, with the paragraph beside it."""
    counted = lawful(instant(event), Period.model_validate(period), Rules(counting=rule, article="2"), place(**VIENNA))
    assert counted.until == instant(until)


def test_the_hour_of_the_event_is_that_of_the_wall() -> None:
    """In Kathmandu, 5:45 before UTC, 10:20 is in the hour from 10:00 there, not from 10:15."""
    where = place(zone="Asia/Kathmandu")
    found = lawful(instant("2026-03-10T10:20+05:45"), Period(amount=1, unit="hours"), Rules(counting="1182/71", article="2"), where)
    assert found.until == instant("2026-03-10T12:00+05:45")


ELAPSED = {
    "hours": ("2026-03-28T10:00+01:00", "24 hours", "2026-03-29T11:00+02:00"),
    "days, of 24 hours each": ("2026-03-28T10:00+01:00", "1 day", "2026-03-29T11:00+02:00"),
    "a month, at the same hour on the wall": ("2026-03-15T10:00+01:00", "1 month", "2026-04-15T10:00+02:00"),
    "a month to an hour that is skipped": ("2026-02-28T02:30+01:00", "1 month", "2026-03-28T02:30+01:00"),
    "a month into the gap": ("2027-02-28T02:30+01:00", "1 month", "2027-03-28T03:00+02:00"),
    "minutes": ("2026-03-28T10:00+01:00", "30 minutes", "2026-03-28T10:30+01:00"),
}


@pytest.mark.parametrize(("event", "period", "until"), ELAPSED.values(), ids=ELAPSED)
def test_what_elapses(event: str, period: str, until: str) -> None:
    """Hours in UTC, months on the wall; an hour that doesn't exist is the first after the gap."""
    assert elapsed(instant(event), Period.model_validate(period), "Europe/Vienna") == instant(until)


def test_days_off_of_the_place_s_own_count_and_those_of_the_organisation_do_not() -> None:
    """An authority's holidays may be listed; what the organisation gives its people is nobody else's concern."""
    aware, period, rules = instant("2026-03-12T10:00+01:00"), Period(amount=1, unit="days"), Rules(counting="1182/71", article="2")
    listed = place(zone="Europe/Vienna", extra_holidays={date(2026, 3, 13): "Of the institution"})
    own = wheres(programme(regime(), **VIENNA, extra_holidays={date(2026, 3, 13): "Ours"}, working_week=(0, 1, 2)))["acme"]
    assert lawful(aware, period, rules, listed).until == instant("2026-03-17T00:00+01:00")  # Fri off, Sat, Sun: Mon 24:00
    assert lawful(aware, period, rules, own).until == instant("2026-03-14T00:00+01:00")


@pytest.mark.parametrize("where", [place(zone="Europe/Vienna"), place(**VIENNA)], ids=["no country", "a year that is not known"])
def test_what_nobody_knows_of_holidays_is_said(where: Where) -> None:
    """Weekends are off all the same; the line names the remedy."""
    new_year = instant("2060-12-30T10:00+01:00")  # a Thursday; the next day is the last of the year, then a Saturday
    counted = lawful(new_year, Period(amount=2, unit="days"), Rules(counting="1182/71", article="2"), where)
    assert counted.until == instant("2061-01-04T00:00+01:00")  # Sat 1 Jan: Mon 3 Jan; Friday and Monday are two
    assert "are not known" in counted.lines[-1]
    assert "name the country" in counted.lines[-1]
    assert "are not known" in noon_after(counted, where, "5(4)").lines[-1]


def test_in_force_from_a_day_until_a_day() -> None:
    """By the day of the event, both included; the figures of two versions follow each other so."""
    one = regime(stage={"valid_from": date(2026, 3, 10), "valid_until": date(2026, 3, 12)})
    found = {}
    for day in (9, 10, 12, 13):
        at = datetime(2026, 3, day, 22, 30, tzinfo=UTC)  # 23:30 in Vienna
        (each,) = standing(obligations_of(programme(one)), Facts(at, (), (Event("aware", at),)), wheres(programme(one)),
                           programme(one).organisation, at)
        found[day] = each.state
    assert found == {9: State.NOT_APPLICABLE, 10: State.RUNNING, 12: State.RUNNING, 13: State.NOT_APPLICABLE}


def test_an_instant_of_one_regime_counts_for_it_in_place_of_the_general_one() -> None:
    """And one of an obligation in place of the regime's."""
    one, general, own = regime(), instant("2026-03-10T10:00+01:00"), instant("2026-03-11T10:00+01:00")
    at = instant("2026-03-12T10:00+01:00")
    for events, started in (((Event("aware", general),), general),
                            ((Event("aware", general), Event("aware", own, of="acme")), own),
                            ((Event("aware", general), Event("aware", own, of="acme"), Event("aware", at, of="acme.notice")), at),
                            ((Event("aware", general), Event("aware", own, of="other")), general)):
        (each,) = standing(obligations_of(programme(one)), Facts(general, (), events), wheres(programme(one)),
                           programme(one).organisation, at)
        assert each.started_at == started


YES, NO, OPEN = True, False, None
CONDITIONS: dict[str, tuple[Condition, dict[str, bool | None], bool | None, tuple[str, ...]]] = {
    # what holds: (condition, answers to a, b, c, value, what is still to be asked)
    "nothing is asked": (Condition(), {}, YES, ()),
    "all are yes": (Condition(all=("a", "b")), {"a": YES, "b": YES}, YES, ()),
    "one of all is open": (Condition(all=("a", "b")), {"a": YES}, OPEN, ("acme.b",)),
    "one of all is no, whatever is open": (Condition(all=("a", "b")), {"a": NO}, NO, ()),
    "one of any is enough": (Condition(any=("a", "b")), {"b": YES}, YES, ()),
    "none of any is yes yet": (Condition(any=("a", "b")), {"a": NO}, OPEN, ("acme.b",)),
    "none of any is yes": (Condition(any=("a", "b")), {"a": NO, "b": NO}, NO, ()),
    "none is yes": (Condition(none=("a", "b")), {"a": NO, "b": NO}, YES, ()),
    "one of none is open": (Condition(none=("a",)), {}, OPEN, ("acme.a",)),
    "one of none is yes": (Condition(all=("b",), none=("a",)), {"a": YES}, NO, ()),
    "an answer that was taken back": (Condition(all=("a",)), {"a": OPEN}, OPEN, ("acme.a",)),
    "asked only if another is yes, which is open": (Condition(all=("c",)), {"c": YES}, OPEN, ("acme.a",)),
    "asked only if another is yes, which is no": (Condition(all=("c",)), {"a": NO, "c": YES}, NO, ()),
    "a fact that nobody said": (Condition(all=("fact",)), {}, OPEN, ("organisation.fact",)),
}


@pytest.mark.parametrize(("condition", "given", "value", "missing"), CONDITIONS.values(), ids=CONDITIONS)
def test_a_condition_holds_fails_or_is_open(condition: Condition, given: dict[str, bool | None], value: bool | None,
                                            missing: tuple[str, ...]) -> None:
    """It is no as soon as an answer makes it so, and yes only when none can change it any more."""
    asks = (*(Question(id=name, question=f"{name}?") for name in "ab"), Question(id="c", question="c?", asked_if=Condition(all=("a",))))
    at = datetime(2026, 3, 10, tzinfo=UTC)
    answers = tuple(Answer(f"acme.{name}", each, at, "somebody") for name, each in given.items())
    asked = Asked(regime(questions=asks), Facts(at, answers), Organisation(facts=(Fact(id="fact", question="fact?"),)), at.date())
    found = asked.holds(condition)
    assert (found.value, found.open) == (value, missing)


def test_the_latest_answer_counts() -> None:
    """By the instant at which it was given, however they are listed."""
    early, late = datetime(2026, 3, 10, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC)
    for order in ((0, 1), (1, 0)):
        answers = (Answer("acme.a", value=True, at=early, by="x"), Answer("acme.a", value=False, at=late, by="y"))
        asked = Asked(regime(questions=(Question(id="a", question="a?"),)), Facts(early, tuple(answers[n] for n in order)),
                      Organisation(), early.date())
        assert asked.answer("a").value is False


SAID = {
    "in UTC": ("2026-03-10T10:20+00:00", "UTC", "2026-03-10 10:20 UTC"),
    "elsewhere": ("2026-03-10T10:20+00:00", "Europe/Vienna", "2026-03-10 11:20 CET (10:20 UTC)"),
    "on another day": ("2026-03-10T23:30+00:00", "Europe/Vienna", "2026-03-11 00:30 CET (2026-03-10 23:30 UTC)"),
    "to the second": ("2026-03-10T10:20:05+00:00", "Europe/Vienna", "2026-03-10 11:20:05 CET (10:20:05 UTC)"),
}


@pytest.mark.parametrize(("at", "zone", "text"), SAID.values(), ids=SAID)
def test_an_instant_is_said_on_the_wall_and_in_utc(at: str, zone: str, text: str) -> None:
    """So that nobody has to ask which."""
    assert said(instant(at), zone) == text
