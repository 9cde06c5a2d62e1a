"""The page On call: who is, who will be, and covering for each other."""

from __future__ import annotations

import re

import pytest
from icalendar import Calendar
from sqlalchemy import update

from isms_workflow.engine import programmes
from isms_workflow.engine.commands import on_call as commands
from isms_workflow.engine.commands import people
from isms_workflow.programme.load import parse, shipped
from isms_workflow.store.tables import people as people_table
from tests.engine.test_steps import done
from tests.portal.test_calendar import address
from tests.portal.visitor import House

COVER = "/on-call/first_line/cover"


def told(house: House, who: str, **changes: str) -> dict[str, str]:
    """The form, filled in."""
    return {"person": house.world.ids[who], "starts": "2026-02-10T09:00", "ends": "2026-02-11T09:00",
            "reason": "a family matter", **changes}


def test_it_says_who_is_on_call_now_and_next_and_for_four_weeks(house: House) -> None:
    """And which shifts are one's own."""
    said = house.visitor("ben").read("/on-call")
    for words in ("On call now", "Next", "First line", "Your shifts", "takes turns of 7 days", "Cover a shift"):
        assert words in said
    assert said.count("Ravi Singh") >= 2
    assert "Nobody is on call" not in said


def test_each_shift_that_is_shown_ends_with_its_hand_over(house: House) -> None:
    """The last of the four weeks, too, at whatever time one looks, on the page and in the calendar of who is on call."""
    house.world.advance(hours=3)
    table = house.visitor("ben").read("/on-call").split("<tbody>")[1].split("</tbody>")[0]
    ends = re.findall(r"<td><time[^>]*>([^<]*)</time></td>", table)
    assert len(ends) >= 4
    assert {each[-5:] for each in ends} == {"09:00"}, ends
    for who in ("ben", "ravi"):
        feed = house.visitor().get(address(house, who)).content
        turns = [each for each in Calendar.from_ical(feed).walk("VEVENT") if "On call" in str(each["summary"])]
        assert {f"{each.decoded('dtend'):%H:%M}" for each in turns} == {"09:00"}


def test_somebody_covers_and_gives_it_back(house: House) -> None:
    """The calendar shows both sides."""
    ben, day = house.visitor("ben"), house.world.now
    form = told(house, "ben", starts=f"{day:%Y-%m-%dT%H:%M}", ends=f"{day.replace(year=day.year + 1):%Y}-01-01T09:00")
    assert ben.send(COVER, "/on-call", **form).status_code == 422  # too long: it comes back with what was typed
    days = f"{day.date().isoformat()}T23:00"
    assert ben.send(COVER, "/on-call", **told(house, "ben", starts=f"{day:%Y-%m-%dT%H:%M}", ends=days)).status_code == 303
    said = ben.read("/on-call")
    assert "End the cover" in said
    end = said.split('action="/on-call/covers/')[1].split('"')[0]
    assert ben.send(f"/on-call/covers/{end}", "/on-call").status_code == 303
    said = house.visitor("maria").read("/on-call")
    assert "End the cover" not in said
    for words in ("put Ben Ito on call from", "a family matter", "cover before its time"):
        assert words in said


def test_a_cover_months_ahead_is_shown_and_can_be_ended(house: House) -> None:
    """Once, behind the four weeks, with its button for whoever covers; others see it."""
    ben = house.visitor("ben")
    assert ben.send(COVER, "/on-call", **told(house, "ben", starts="2026-08-10T09:00", ends="2026-08-11T09:00")).status_code == 303
    for who, buttons in (("ben", 1), ("maria", 1), ("ravi", 0)):
        said = house.visitor(who).read("/on-call")
        assert (said.count("Covered later"), said.count("End the cover")) == (1, buttons), who
        assert "Mon 10 Aug 2026 09:00" in said.split("Covered later")[1].split("</table>")[0]
    mine = ben.read("/on-call").split('id="mine"')[1].split("</section>")[0]
    assert "Mon 10 Aug 2026 09:00" in mine
    end = ben.read("/on-call").split('action="/on-call/covers/')[1].split('"')[0]
    assert ben.send(f"/on-call/covers/{end}", "/on-call").status_code == 303
    assert "Covered later" not in ben.read("/on-call")


def test_a_cover_that_goes_on_after_the_four_weeks_says_its_true_end(house: House) -> None:
    """The rest of it stands behind them, from where they end, also among one's own shifts; whoever covered and left covers no more."""
    ben, world = house.visitor("ben"), house.world
    form = told(house, "ben", starts="2026-01-20T09:00", ends="2026-02-27T18:30")
    assert ben.send(COVER, "/on-call", **form).status_code == 303
    said = ben.read("/on-call")
    last = re.findall(r"<td><time[^>]*>([^<]*)</time></td>", said.split("<tbody>")[1].split("</tbody>")[0])[-1]
    rest = said.split("Covered later")[1].split("</table>")[0]
    for part in (rest, said.split('id="mine"')[1].split("</section>")[0]):
        assert last in part
        assert "Fri 27 Feb 2026 18:30" in part
    assert "Ben Ito" in house.visitor("maria").read("/on-call").split("Covered later")[1].split("</table>")[0]
    done(world, people.revoke, "alex", world.ids["ben"], "incident_responder")
    assert "nobody" in house.visitor("maria").read("/on-call").split("Covered later")[1].split("</table>")[0]


WRONG = {
    "a start in another age": ({"starts": "9999-01-01T00:00"}, "give a date and a time of the years 1900 to 2999"),
    "a start in another year": ({"starts": "2036-02-10T09:00", "ends": "2036-02-11T09:00"}, "within 366 days from now; check the year"),
    "no end": ({"ends": ""}, "give a date and a time"),
    "an end before the start": ({"ends": "2026-02-09T09:00"}, "after it starts"),
    "no reason": ({"reason": ""}, "reason"),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_a_refused_form_comes_back_with_what_was_typed(house: House, change: dict[str, str], said: str) -> None:
    """And says what would be right."""
    answer = house.visitor("ben").send(COVER, "/on-call", **told(house, "ben", **change))
    assert answer.status_code == 422
    assert said in answer.text
    assert change.get("starts", "2026-02-10T09:00") in answer.text


def test_a_cover_beside_another_says_when_that_is_by_the_readers_clock(house: House) -> None:
    """As it was typed, and as the page has it."""
    with house.world.store.write() as tx:
        tx.execute(update(people_table).values(zone="Europe/Vienna"))
    ben = house.visitor("ben")
    assert ben.send(COVER, "/on-call", **told(house, "ben")).status_code == 303
    answer = ben.send(COVER, "/on-call", **told(house, "ben", starts="2026-02-10T12:00"))
    assert answer.status_code == 422
    assert "somebody covers from Tue 10 Feb 2026 09:00 CET to Wed 11 Feb 2026 09:00 CET already" in answer.text


@pytest.mark.parametrize("who", ["dana", "alex", "olga", "gil"])
def test_who_takes_no_turns_covers_nothing(house: House, who: str) -> None:
    """They see the calendar, and no form."""
    visitor = house.visitor(who)
    assert f'action="{COVER}"' not in visitor.read("/on-call")
    assert visitor.send(COVER, "", **told(house, "ben")).status_code == 403


def test_somebody_who_covers_and_leaves_breaks_nothing_and_leaves_a_gap(house: House) -> None:
    """In words."""
    world = house.world
    with world.sim.write() as (tx, when):
        commands.override(tx, "first_line", world.ids["ravi"], when.happened, when.happened.replace(hour=23), "a swap",
                          world.actor("ravi"), when)
    done(world, people.deactivate, "alex", world.ids["ravi"])
    said = house.visitor("maria").read("/on-call")
    assert "Nobody is on call from" in said
    assert "Ravi Singh was to cover" in said
    assert "a ladder's level tells the others that it names, at its instant; where it names nobody else" in said


def test_whoever_was_to_cover_and_no_longer_takes_turns_reads_so_of_themselves(house: House) -> None:
    """In the second person."""
    world = house.world
    with world.sim.write() as (tx, when):
        commands.override(tx, "first_line", world.ids["ben"], when.happened, when.happened.replace(hour=23), "a swap",
                          world.actor("ben"), when)
    done(world, people.revoke, "alex", world.ids["ben"], "incident_responder")
    assert "you were to cover, and can't act any more" in house.visitor("ben").read("/on-call")


def test_who_takes_turns_and_may_not_answer_an_incident_is_named(house: House) -> None:
    """Beside the gaps, by what the responsibilities are called; nobody is while all may."""
    assert "may not acknowledge" not in house.visitor("maria").read("/on-call")
    files = dict(shipped())
    files["oncall.yaml"] = files["oncall.yaml"].replace("responsibility: incident_responder", "responsibility: internal_auditor", 1)
    with house.world.sim.write() as (tx, when):
        programmes.apply(tx, parse(files), house.world.actor("maria"), when)
    said = "First line: {} may not acknowledge an incident, which takes the responsibility Incident responder, ISMS manager or Top management."
    assert said.format("Ines Costa") in house.visitor("maria").read("/on-call")
    assert said.format("you") in house.visitor("ines").read("/on-call")


def test_the_isms_manager_moves_people_up_and_down(house: House) -> None:
    """By a button, without a script; others see the order and no button."""
    maria = house.visitor("maria")
    said = maria.read("/on-call")
    assert "Order of turns" in said
    assert "Move up" not in house.visitor("ben").read("/on-call")
    where = {"turns": "first_line", "person": house.world.ids["ravi"]}
    assert maria.send("/on-call/order", **where, places="up").status_code == 303
    assert "changed the order of turns to Ravi Singh, Ben Ito" in maria.read("/on-call")
    assert maria.send("/on-call/order", **where, places="sideways").status_code == 422
    assert house.visitor("ben").send("/on-call/order", **where, places="down").status_code == 403
