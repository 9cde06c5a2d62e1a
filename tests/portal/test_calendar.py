"""Deadlines for somebody's own calendar: by an address that nobody can guess, without what narrow labels hide."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import update

from isms_workflow.domain.people import Actor
from isms_workflow.engine import programmes
from isms_workflow.engine.accounts import tokens
from isms_workflow.engine.commands import incidents
from isms_workflow.programme.load import kept, shipped
from isms_workflow.store.tables import cases
from tests.engine.incidents import do, report, respond
from tests.engine.obligations import BREACH, answer, date, submit
from tests.portal.visitor import House
from tests.world import OPERATOR

INCIDENT = "INC-2026-0001"


def address(house: House, name: str) -> str:
    """Somebody makes one on their own page; its path."""
    visitor, path = house.visitor(name), f"/people/{house.world.ids[name]}"
    answer = visitor.send(f"{path}/calendar", path, name="my phone")
    found = re.search(r"<pre>http://127.0.0.1:8000(/calendar/isms_[\w-]+\.ics)</pre>", answer.text)
    assert found, answer.text
    return found.group(1)


def says(house: House, path: str) -> list[str]:
    """The events that whoever has the address sees, earliest first; no session is needed."""
    answer = house.visitor().get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert all(event.decoded("dtstart").tzinfo is not None for event in events)
    return [str(event["summary"]) for event in events]


def uids(feed: str) -> list[str]:
    """What a calendar knows its events by."""
    return [str(event["uid"]) for event in Calendar.from_ical(feed).walk("VEVENT")]


def test_an_address_tells_what_its_person_owes(planning: House) -> None:
    """Steps at their instants, and turns on call with their ends; of other people nothing."""
    maria, gil = (says(planning, address(planning, name)) for name in ("maria", "gil"))
    view, step = planning.world.view(), planning.world.step("scope")
    assert step.owner == planning.world.ids["maria"]
    assert f"{view.case.reference}: {view.title(step)} is due" in maria
    assert gil == []
    assert "On call: First line" in says(planning, address(planning, "ben"))


def test_a_gate_stands_with_those_who_may_decide(at_gate: House) -> None:
    """Not with whoever did the work."""
    found = {name: says(at_gate, address(at_gate, name)) for name in ("dana", "ben")}
    assert [any("decide PLAN" in each for each in found[name]) for name in ("dana", "ben")] == [True, False]


@pytest.mark.parametrize(("label", "what"), [("internal", "Notification of the personal data breach"), ("restricted", "a report")])
def test_a_report_that_an_act_asks_for_stands_with_those_who_decide(house: House, label: str, what: str) -> None:
    """At its safe instant, until it is submitted; of a narrow case no more than that there is one."""
    world = house.world
    with world.sim.write() as (tx, when):
        programmes.apply(tx, kept(shipped()), OPERATOR, when)
    report(world)
    respond(world, "ben")
    answer(world, BREACH)
    date(world, "aware", world.now)
    with world.store.write() as tx:
        tx.execute(update(cases).values(label=label))
    said = f"{INCIDENT}: {what} is to be submitted"
    maria, ravi = address(house, "maria"), address(house, "ravi")
    assert (said in says(house, maria), said in says(house, ravi)) == (True, False)
    feed = house.visitor().get(maria).text
    assert not any(each in feed for each in ("gdpr", world.case)), "nor does an event's UID tell what is hidden"
    assert uids(feed) == uids(house.visitor().get(maria).text), "it stays, so that an event is moved and not shown twice"
    submit(world, "gdpr.notification", "maria")
    submit(world, "gdpr.register", "maria")
    assert not any("to be submitted" in each for each in says(house, maria))


@pytest.mark.parametrize(("label", "said"), [("internal", f"{INCIDENT} Someone reads our mails: somebody has to be at it"),
                                             ("restricted", f"{INCIDENT}: somebody has to be at it")])
def test_a_narrow_label_hides_the_title(house: House, label: str, said: str) -> None:
    """Whoever keeps the calendar isn't ours; the clock is told to whoever answers incidents."""
    report(house.world)
    ben, gil = address(house, "ben"), address(house, "gil")
    with house.world.store.write() as tx:
        tx.execute(update(cases).values(label=label))
    assert said in says(house, ben)
    assert not any(INCIDENT in each for each in says(house, gil)), "reporting it is no part in it"
    respond(house.world, "ben")
    step = "Contain the incident" if label == "internal" else "a step"
    assert f"{INCIDENT}: {step} is due" in says(house, ben)


def test_a_paused_clock_is_nobody_s_deadline(house: House) -> None:
    """It comes back with the end of the pause."""
    report(house.world)
    ben = address(house, "ben")
    do(house.world, incidents.pause, "ben", None, house.world.now + timedelta(hours=1), "the vendor")
    assert not any(INCIDENT in each for each in says(house, ben))


def test_an_address_ends_at_once(house: House) -> None:
    """Revoked on the page where it was made; it then reads like one that never was, and the log says denied."""
    path, own = address(house, "ben"), f"/people/{house.world.ids['ben']}"
    ben = house.visitor("ben")
    page = ben.read(own)
    assert "Calendar address: my phone" in page
    assert path not in page
    token, = re.findall(r'name="token" value="([^"]+)"', page)
    ben.send(f"{own}/end-token", token=token)
    assert house.visitor().get(path).status_code == house.visitor().get("/calendar/isms_none.ics").status_code == 404
    assert ("-", "read /calendar/…", "DENIED") in house.attempts()


def test_an_account_that_ended_has_no_calendar(house: House) -> None:
    """Nor does the secret stay in the log."""
    path = address(house, "gil")
    assert says(house, path) == []
    assert ("gil", "read /calendar/…", "GRANTED") in house.attempts()
    admin = house.visitor("alex")
    admin.send(f"/people/{house.world.ids['gil']}/deactivate")
    assert house.visitor().get(path).status_code == 404


def test_a_calendar_s_secret_opens_nothing_else(house: House) -> None:
    """Nor does a program's token open a calendar."""
    secret = address(house, "ben").removeprefix("/calendar/").removesuffix(".ics")
    answer = house.visitor().client.get("/api/v1/incidents", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    with house.world.store.write() as tx:
        made = tokens.issue(tx, "a program", ("read",), house.world.now + timedelta(days=9),
                            Actor(house.world.ids["ben"], "portal"), house.world.now)
    assert house.visitor().get(f"/calendar/{made.secret}.ics").status_code == 404


def test_nobody_makes_an_address_of_somebody_else_s_deadlines(house: House) -> None:
    """Not even an administrator."""
    assert house.visitor("alex").send(f"/people/{house.world.ids['ben']}/calendar", name="x").status_code == 403


def test_whoever_asks_too_often_waits(house: House) -> None:
    """And is told how long."""
    path, visitor = address(house, "gil"), house.visitor()
    answers = [visitor.get(path) for _ in range(31)]
    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert answers[-1].headers["retry-after"].isdecimal()
