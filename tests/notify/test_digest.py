"""Whose morning it is, and what a morning's mail holds."""

from __future__ import annotations

import zoneinfo
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isms_workflow.domain.calendars import instant_of, local_date, zone_of
from isms_workflow.notify.digest import (
    MOST,
    Item,
    Reader,
    Sort,
    deduplicate,
    digest,
    is_empty,
    shared_key,
    throttle,
    together,
    whose_hour,
)
from isms_workflow.notify.notices import render
from tests.notify.examples import BEN, NOW, ORGANISATION, URL


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ZONES = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith(("Etc", "posix")))
ODD = ["Europe/Vienna", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati",
       "Pacific/Niue", "America/St_Johns", "Africa/Casablanca", "Antarctica/Troll", "UTC"]
zones = st.sampled_from(ODD) | st.sampled_from(ZONES)
EIGHT, HOUR = time(8), timedelta(hours=1)
instants = st.integers(0, 20 * 366 * 24 * 60).map(lambda minutes: at("2009-01-01 00:00") + timedelta(minutes=minutes))


BEN_IN_VIENNA = Reader("ben", "Europe/Vienna", date(2026, 3, 8))
MORNINGS = {
    "a minute before eight": (at("2026-03-09 06:59"), []),
    "eight o'clock": (at("2026-03-09 07:00"), ["ben"]),
    "the run at eight was missed": (at("2026-03-09 13:00"), ["ben"]),
    "just before midnight": (at("2026-03-09 22:59"), ["ben"]),
    "after midnight it is another day's": (at("2026-03-09 23:30"), []),
    "in summer eight is earlier": (at("2026-07-09 06:00"), ["ben"]),
}


@pytest.mark.parametrize(("now", "whose"), MORNINGS.values(), ids=MORNINGS)
def test_whose_hour_it_is(now: datetime, whose: list[str]) -> None:
    """Local eight o'clock, or later the same local day."""
    assert whose_hour([BEN_IN_VIENNA], now) == whose


def test_a_date_is_told_once() -> None:
    """Also to somebody who moves west, and lives through its morning again."""
    told = replace(BEN_IN_VIENNA, digested_on=date(2026, 3, 9))
    assert whose_hour([told], at("2026-03-09 07:00")) == []
    assert whose_hour([replace(told, zone="America/New_York")], at("2026-03-09 12:00")) == []
    assert whose_hour([replace(told, zone="America/New_York")], at("2026-03-10 12:00")) == ["ben"]
    ahead = replace(told, zone="Pacific/Honolulu", digested_on=date(2026, 3, 10))  # was in Kiritimati, a date ahead
    assert whose_hour([ahead], at("2026-03-09 20:00")) == []


def test_each_in_their_own_zone() -> None:
    """One run serves whoever's morning it is."""
    readers = [Reader(zone, zone, None) for zone in ("Asia/Tokyo", "Europe/Vienna", "America/New_York")]
    assert whose_hour(readers, at("2026-03-09 07:30")) == ["Asia/Tokyo", "Europe/Vienna"]


def run(zone: str, runs: list[datetime]) -> list[tuple[date, datetime]]:
    """The local dates that one reader was told, and when, over these runs."""
    told: list[tuple[date, datetime]] = []
    reader = Reader("ben", zone, None)
    for now in runs:
        if whose_hour([reader], now):
            told.append((local_date(now, zone), now))
            reader = replace(reader, digested_on=local_date(now, zone))
    return told


@given(zones, instants, st.integers(0, 59))
def test_every_morning_is_told_once_within_its_hour(zone: str, start: datetime, minute: int) -> None:
    """Whatever the zone does to its clocks: hourly runs tell each local date once, within an hour of its eight."""
    runs = [start.replace(minute=minute, second=0, microsecond=0) + hours * HOUR for hours in range(24 * 9)]
    told = run(zone, runs)
    assert max(Counter(day for day, _ in told).values(), default=0) <= 1
    eights = {day: instant_of(day, EIGHT, zone) for day in days_between(runs[0], runs[-1], zone)}
    for day, eight in eights.items():
        if runs[0] <= eight <= runs[-1] - HOUR and local_date(eight + HOUR, zone) == day:
            assert eight <= dict(told)[day] < eight + HOUR


@given(zones, instants, st.lists(st.integers(1, 2000), min_size=1, max_size=60))
def test_runs_at_any_instants_tell_no_date_twice_nor_before_eight(
    zone: str, start: datetime, minutes: list[int]
) -> None:
    """Missed runs, runs too many, outages of a day: never twice, never at night, never yesterday's."""
    runs = [start + timedelta(minutes=sum(minutes[:count])) for count in range(len(minutes))]
    told = run(zone, runs)
    assert len({day for day, _ in told}) == len(told)
    for day, when in told:
        assert local_date(when, zone) == day
        assert when >= instant_of(day, EIGHT, zone)


def days_between(first: datetime, last: datetime, zone: str) -> list[date]:
    """The local dates that exist between two instants."""
    there = first.astimezone(zone_of(zone)).date()
    days = [there + timedelta(days=count) for count in range((last - first).days + 2)]
    return [day for day in days if local_date(instant_of(day, EIGHT, zone), zone) == day]


TRAIN = Item("ben", Sort.OWE, "step-1", "PDCA-2026-0001", "Train personnel", NOW, NOW + timedelta(days=2))
items = st.lists(st.builds(
    Item, st.sampled_from(["ben", "dana"]), st.sampled_from(Sort), st.sampled_from("abcdefghij"),
    st.just("PDCA-2026-0001"), st.text(max_size=5), instants, st.none() | instants), max_size=60)


@given(items)
def test_each_thing_is_told_once(found: list[Item]) -> None:
    """In the first of its sections, and there as it was told last; nothing that was told is lost."""
    kept = deduplicate(found)
    assert len({(each.to, each.subject) for each in kept}) == len(kept)
    assert {(each.to, each.subject) for each in kept} == {(each.to, each.subject) for each in found}
    assert deduplicate(kept) == kept
    for each in found:
        (mine,) = (k for k in kept if (k.to, k.subject) == (each.to, each.subject))
        order = list(Sort)
        assert order.index(mine.sort) <= order.index(each.sort)
        assert mine.sort is not each.sort or mine.at >= each.at


@given(st.lists(st.integers()), st.integers(1, 10))
def test_what_is_left_out_is_counted(lines: list[int], most: int) -> None:
    """And it is never one: that would take the same space."""
    shown, more = throttle(lines, most)
    assert len(shown) + more == len(lines)
    assert list(shown) == lines[:len(shown)]
    assert more != 1
    assert len(shown) <= most + 1


@given(items)
def test_a_digest_is_one_persons_and_can_be_sent(found: list[Item]) -> None:
    """Its facts are those of the notice, and another person's things aren't in it."""
    facts = digest(found, "ben")
    assert digest([each for each in found if each.to == "ben"], "ben") == facts
    assert render("digest", facts, BEN, NOW, URL, ORGANISATION).subject.startswith("Your day in the ISMS")
    assert is_empty(facts) == (not any(each.to == "ben" for each in found))


def test_the_most_urgent_is_read_first() -> None:
    """What is late, then what is due, then what has no date; news the newest first."""
    late = replace(TRAIN, subject="2", title="late", due=NOW - timedelta(days=2))
    dateless = replace(TRAIN, subject="3", title="dateless", due=None)
    old = replace(TRAIN, subject="4", title="old", sort=Sort.NEWS, due=None, at=NOW - timedelta(hours=5))
    new = replace(old, subject="5", title="new", at=NOW)
    facts = digest([dateless, old, TRAIN, new, late], "ben")
    assert titles(facts, "owe") == ["late", "Train personnel", "dateless"]
    assert titles(facts, "news") == ["new", "old"]


def titles(facts: Mapping[str, Any], section: str) -> list[str]:
    """What a section lists."""
    return [line["title"] for line in facts[section]["lines"]]


def test_a_long_list_is_cut_and_says_so() -> None:
    """A mail that is too long isn't read."""
    many = [replace(TRAIN, subject=str(number)) for number in range(MOST + 5)]
    facts = digest(many, "ben")
    assert len(titles(facts, "owe")) == MOST
    assert "- and 5 more in the portal" in render("digest", facts, BEN, NOW, URL, ORGANISATION).text


def test_a_checkpoint_alone_is_worth_a_mail() -> None:
    """It has to leave the computer every day, whatever else there is."""
    facts = digest([], "ben", checkpoint='{"size": 7}')
    assert not is_empty(facts)
    assert '{"size": 7}' in render("digest", facts, BEN, NOW, URL, ORGANISATION).text


@dataclass(frozen=True)
class Queued:
    """A mail in the outbox."""

    key: str
    notice: str
    to: str = "ben"
    case: str | None = "case-1"
    step: str | None = "step-1"
    sensitive: bool = False

    @property
    def payload(self) -> Mapping[str, Any]:
        """As the engine writes it."""
        return {"notice": self.notice, "to": self.to, "about": {"step": self.step} if self.step else {}}


FIRST = Queued("1", "step_opened")
APART = {
    "for another person": Queued("2", "step_opened", to="dana"),
    "of another case": Queued("2", "step_opened", case="case-2"),
    "of another sort": Queued("2", "overdue"),
    "about a gate": Queued("2", "step_opened", step=None),
    "to whom it was escalated": Queued("2", "escalated"),
    "with a secret": Queued("2", "step_opened", sensitive=True),
}


def test_six_steps_that_open_at_once_are_one_mail() -> None:
    """In the place of the first of them."""
    other = Queued("x", "gate_opened", step=None)
    rest = [replace(FIRST, key=str(number)) for number in range(2, 7)]
    assert together([FIRST, other, *rest]) == [[FIRST, *rest], [other]]


@pytest.mark.parametrize("other", APART.values(), ids=APART)
def test_what_is_not_told_together(other: Queued) -> None:
    """Only what one person owes in one case, of one sort."""
    assert together([FIRST, other]) == [[FIRST], [other]]


def test_two_mails_that_need_a_decision_stay_two() -> None:
    """Each asks for an answer of its own."""
    gates = [Queued(str(number), "gate_opened", step=None) for number in range(2)]
    assert together(gates) == [[gates[0]], [gates[1]]]


@given(st.lists(st.builds(Queued, st.uuids().map(str), st.sampled_from(["step_opened", "overdue", "decided"]),
                         st.sampled_from(["ben", "dana"])), max_size=30))
def test_bundling_loses_nothing_and_gives_nobody_anothers(queued: list[Queued]) -> None:
    """Each message is in one mail, with others for the same person only, in order."""
    mails = together(queued)
    assert sorted(each.key for mail in mails for each in mail) == sorted(each.key for each in queued)
    for mail in mails:
        assert len({(each.to, each.notice, each.case) for each in mail}) == 1
        assert mail == [each for each in queued if each in mail]


def test_another_bundle_has_another_key() -> None:
    """So a receiver that drops repeats drops no bundle that holds something new."""
    second, third = replace(FIRST, key="2"), replace(FIRST, key="3")
    assert shared_key([FIRST, second]) == shared_key([second, FIRST])
    assert shared_key([FIRST, second]) != shared_key([FIRST, second, third])
    assert len(shared_key(replace(FIRST, key="k" * 190 + str(n)) for n in range(50))) < 100
