"""Whom a level means: holders, whoever is on call, teams, persons; all at once, or one after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from isms_workflow.domain.calendars import build
from isms_workflow.domain.forecast import title
from isms_workflow.domain.ladders import rung
from isms_workflow.domain.people import Directory, Holding, Person
from isms_workflow.domain.views import Case, CaseView
from isms_workflow.domain.whom import all_named, last_resort, named, recorded
from isms_workflow.programme.check_people import strangers
from isms_workflow.programme.errors import ProgrammeRefused
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Programme

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
TEAMS = """
teams:
  - id: crisis
    title: Crisis staff
    members: [isms_manager, on_call:first_line, person:Eve@example.org]
"""
LOW = "  - id: incident_low\n"


def programme(level: str, teams: str = TEAMS) -> Programme:
    """The shipped one, whose ladder of low incidents begins with this level."""
    files = dict(shipped())
    files["oncall.yaml"] += teams
    before, after = files["ladders.yaml"].split(LOW)
    files["ladders.yaml"] = before + LOW + after.replace("levels:\n", f"levels:\n      - {level}\n", 1)
    return parse(files)


@cache
def crisis() -> Programme:
    """One with a team of three sorts of members."""
    return programme("{to: team:crisis, offset: 2 hours}")


def people(*gone: str) -> Directory:
    """Ann is ISMS manager, Bob alone takes turns, Eve holds nothing; Ada administers."""
    found = {p: Person(p, "admin" if p == "ada" else "user", "UTC", p not in gone) for p in ("ann", "bob", "eve", "ada")}
    return Directory(found, (Holding("isms_manager", "ann", START, "x"), Holding("incident_responder", "bob", START, "x")),
                     addresses={f"{p}@example.org": p for p in found})


def view(directory: Directory) -> CaseView:
    """An incident under a programme with a team."""
    case = Case("c", "incident", "INC-2026-0001", "reported", 1, 1, "d", "internal", START, START, None, None, None, None, 0, 0)
    return CaseView(case, (), (), crisis(), build(crisis().calendar, range(2025, 2028)), directory)


MEANT = {
    # name: (who it means, while all are there; without Eve; in words)
    "isms_manager":           (("ann",), ("ann",), "ISMS manager"),
    "on_call:first_line":     (("bob",), ("bob",), "who is on call (First line)"),
    "person:eve@example.org": (("eve",), (), "eve@example.org"),
    "person:EVE@example.org": (("eve",), (), "EVE@example.org"),
    "team:crisis":            (("ann", "bob", "eve"), ("ann", "bob"), "the team Crisis staff"),
    "team:gone":              ((), (), "the team gone"),
}


@pytest.mark.parametrize(("name", "all_", "left", "words"), [(k, *v) for k, v in MEANT.items()], ids=MEANT)
def test_whom_a_name_means(name: str, all_: tuple[str, ...], left: tuple[str, ...], words: str) -> None:
    """Each once, in the order in which a team names them; whoever has left is nobody."""
    at = START + timedelta(days=1)
    assert named(view(people()), name, at) == all_ == all_named(view(people()), name)
    assert named(view(people("eve")), name, at) == left
    assert title(view(people()), name) == words


def test_a_record_names_no_address() -> None:
    """The history holds people by their ids; one who has no account any more is unknown."""
    level = crisis().ladders["incident_low"].levels[0].model_copy(update={
        "to": ("person:eve@example.org", "person:zoe@example.org", "team:crisis", "isms_manager")})
    assert recorded(view(people()), level) == "person:eve person:unknown team:crisis isms_manager"


def test_where_a_ladder_s_end_reaches_nobody_the_isms_manager_is_told() -> None:
    """Without one, whoever can name somebody."""
    assert last_resort(view(people())) == ("ann",)
    assert last_resort(view(people("ann"))) == ("ada",)


def instants(found: Programme, most: int = 6) -> list[tuple[str, str]]:
    """(whom, how long after the report) of the first levels of the ladder of low incidents."""
    ladder, calendar = found.ladders["incident_low"], build(found.calendar, range(2025, 2028))
    return [(" ".join(level.to), str(rung(ladder, number, 0, START, calendar).due_at - START))
            for number, level in enumerate(ladder.levels[:most])]


TOLD: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "all at once": ("{to: [isms_manager, on_call:first_line], offset: 2 hours}", [("isms_manager on_call:first_line", "2:00:00")]),
    "in turn": ("{to: [on_call:first_line, isms_manager, top_management], offset: 2 hours, in_turn: 15 minutes}", [
        ("on_call:first_line", "2:00:00"), ("isms_manager", "2:15:00"), ("top_management", "2:30:00")]),
    "a team in turn": ("{to: team:crisis, offset: 1 hours, in_turn: 1 hours}", [
        ("isms_manager", "1:00:00"), ("on_call:first_line", "2:00:00"), ("person:Eve@example.org", "3:00:00")]),
    "three times": ("{to: on_call:first_line, offset: 1 hours, repeat: 90 seconds, times: 2}", [
        ("on_call:first_line", "1:00:00"), ("on_call:first_line", "1:01:30"), ("on_call:first_line", "1:03:00")]),
}


@pytest.mark.parametrize(("level", "found"), TOLD.values(), ids=TOLD)
def test_when_each_name_is_told(level: str, found: list[tuple[str, str]]) -> None:
    """The levels that follow come after them, at their own instants."""
    assert instants(programme(level)) == [*found, ("isms_manager", "1 day, 0:00:00"),
                                          ("isms_manager top_management", "7 days, 1:00:00")]


REFUSED: dict[str, tuple[str, str, str]] = {
    # what is wrong: (the level, the teams, what is said)
    "an unknown team": ("{to: team:crises, offset: 2 hours}", TEAMS, "unknown team 'crises'; did you mean 'crisis'"),
    "an empty team": ("{to: team:crisis, offset: 2 hours}", "teams:\n  - {id: crisis, title: C, members: []}\n", "is empty: name a"),
    "a team of a stranger": ("{to: team:crisis, offset: 2 hours}", "teams:\n  - {id: crisis, title: C, members: isms_manger}\n",
                             "did you mean 'isms_manager'"),
    "a team of nobody on call": ("{to: team:crisis, offset: 2 hours}", "teams:\n  - {id: crisis, title: C, members: on_call:x}\n",
                                 "unknown rotation 'x'"),
    "a team twice": ("{to: team:crisis, offset: 2 hours}", TEAMS + TEAMS.removeprefix("\nteams:"), "stands here twice"),
    "a person by their name": ("{to: 'person:Eve', offset: 2 hours}", TEAMS, "should match pattern"),
    "one after nobody": ("{to: isms_manager, offset: 2 hours, in_turn: 5 minutes}", TEAMS, "nobody to come after"),
    "in turn and again": ("{to: [isms_manager, top_management], offset: 2 hours, in_turn: 5 minutes, repeat: 1 hours, times: 2}",
                          TEAMS, "let a level of its own repeat"),
    "in turn at once": ("{to: [isms_manager, top_management], offset: 2 hours, in_turn: 0 minutes}", TEAMS, "leads nowhere"),
    "often, but never": ("{to: isms_manager, offset: 2 hours, times: 3}", TEAMS, "not after what time"),
    "for ever amid the ladder": ("{to: isms_manager, offset: 2 hours, repeat: 5 minutes}", TEAMS, "write how often"),
    "turns beyond the next level": ("{to: [isms_manager, top_management], offset: 23 hours, in_turn: 2 hours}", TEAMS,
                                    "aren't in order of time"),
}


@pytest.mark.parametrize(("level", "teams", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_with_its_line(level: str, teams: str, said: str) -> None:
    """And with what would be right."""
    with pytest.raises(ProgrammeRefused, match=said) as refused:
        programme(level, teams)
    assert all(problem.line > 1 for problem in refused.value.problems)


LAST = "{to: [isms_manager, top_management], offset: 7 days at 09:00, repeat: 7 days at 09:00}"


@pytest.mark.parametrize(("last", "ends"), [
    ("{to: person:eve@example.org, offset: 7 days at 09:00, repeat: 7 days at 09:00}", False),
    ("{to: team:crisis, offset: 7 days at 09:00, repeat: 7 days at 09:00}", True),
    ("{to: top_management, offset: 7 days at 09:00, repeat: 7 days at 09:00, times: 3}", False),
])
def test_a_wait_ends_with_an_office(last: str, ends: bool) -> None:
    """A person may leave, and three times are soon over; a team that has a responsibility in it is never empty."""
    files = dict(shipped())
    files["oncall.yaml"] += TEAMS
    files["ladders.yaml"] = files["ladders.yaml"].replace(LAST, last)
    if ends:
        assert parse(files).ladders["incident_low"].levels[-1].to == ("team:crisis",)
    else:
        with pytest.raises(ProgrammeRefused, match="may end with nobody told"):
            parse(files)


def test_whoever_has_no_account_is_told_apart_with_their_line() -> None:
    """Once each, wherever they stand; the address of somebody who is there is meant, perhaps."""
    found = strangers(programme("{to: [person:evi@example.org, person:ann@example.org], offset: 2 hours, in_turn: 5 minutes}"),
                      {"eve@example.org", "ann@example.org"})
    assert len(found) == 1
    assert "did you mean 'eve@example.org'" in str(found[0])
    assert found[0].line > 1
    assert len(strangers(crisis(), set())) == 1
    assert strangers(parse(shipped()), set()) == []
    assert found[0].file == "ladders.yaml"
