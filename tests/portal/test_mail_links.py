"""An incident is acknowledged from the mail that told of it: by one press, once, and never by opening a link."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from isms_workflow.engine import deliverer, mail_links, programmes
from isms_workflow.engine.commands import incidents, people
from isms_workflow.engine.mailing import MailChannel
from isms_workflow.notify.files import FileChannel, listing
from isms_workflow.programme.load import parse
from isms_workflow.settings import Settings
from isms_workflow.store.tables import audit, outbox, stops
from isms_workflow.store.tables import incidents as incident_table
from isms_workflow.store.tables import mail_links as table
from isms_workflow.store.tables import people as people_table
from tests.engine.incidents import do, report, respond
from tests.engine.mails import deliver
from tests.portal.visitor import House
from tests.world import OPERATOR, World

PRESS = re.compile(r"https?://[^/\s]+(/acknowledge/\S+)")


@pytest.fixture
def reported(house: House) -> House:
    """Gil has reported that somebody reads our mails."""
    report(house.world)
    return house


def link(house: House, settings: Settings, to: str, notice: str = "incident_reported") -> str:
    """The path in the newest mail of a sort to somebody, as it left; empty if it holds none."""
    mails = [m for m in deliver(house.world, settings) if m.to == f"{to}@example.org" and m.key.startswith(notice)]
    found = PRESS.search(mails[-1].text)
    return found.group(1) if found else ""


def words(world: World) -> list[str]:
    """Who gave their word, by first name, in order."""
    names = {person: name for name, person in world.ids.items()}
    with world.store.read() as conn:
        return [names[by] for by in conn.execute(select(stops.c.by).where(stops.c.what == "word")).scalars()]


def test_who_isn_t_signed_in_reads_the_organisation_s_zone(reported: House, settings: Settings) -> None:
    """Until when the link works, on a page without a reader; whoever is signed in reads their own."""
    path = link(reported, settings, "ben")
    with reported.world.store.write() as tx:
        files = dict(programmes.in_force(tx).programme.files)
        files["calendar.yaml"] = re.sub(r"zone: \S+", "zone: Asia/Kolkata", files["calendar.yaml"])
        programmes.apply(tx, parse(files), OPERATOR, reported.world.when())
    assert "Times are in Asia/Kolkata" in reported.visitor().read(path)
    assert "IST" in reported.visitor().read(path).split("This link works once", 1)[1]
    assert "Times are in UTC" in reported.visitor("ben").read(path)


def test_one_press_acknowledges_as_the_mail_s_reader(reported: House, settings: Settings) -> None:
    """Opening changes nothing, however often; the history says who, and that it was by mail; it works once."""
    path, stranger = link(reported, settings, "ben"), reported.visitor()
    page = stranger.read(path) + stranger.read(path)
    assert (words(reported.world), "INC-2026-0001" in page, "Someone reads our mails" in page) == ([], True, True)
    assert "Customer records" not in page
    assert "You see to it" in stranger.client.post(path).text
    assert words(reported.world) == ["ben"]
    with reported.world.store.read() as conn:
        row = conn.execute(select(audit).where(audit.c.kind == "incident.acknowledged")).one()
    assert (row.actor, b'"channel":"mail"' in row.body) == (reported.world.ids["ben"], True)
    assert [stranger.get(path).status_code, stranger.client.post(path).status_code] == [410, 410]
    assert words(reported.world) == ["ben"]
    assert "/login?next=/incidents/INC-2026-0001" in stranger.get(path).text


SPENT: dict[str, Callable[[World], object]] = {
    "a day has passed": lambda w: w.advance(hours=25),
    "somebody is at it": lambda w: respond(w, "ben"),
    "it was dismissed": lambda w: do(w, incidents.dismiss, "maria", None, "a test"),
    "it was dismissed, and that was taken back": lambda w: (
        do(w, incidents.dismiss, "maria", None, "a test"), w.advance(minutes=1),
        do(w, incidents.take_back, "maria", None, "it was none")),
    "its clocks are paused": lambda w: do(w, incidents.pause, "maria", None, w.now + timedelta(hours=2), "the vendor"),
    "its reader has left": lambda w: leave(w, "ben"),
    "its reader became an auditor": lambda w: become(w, "ben", "auditor"),
}


def become(world: World, name: str, role: str) -> None:
    """Another access role."""
    with world.store.write() as tx:
        tx.execute(update(people_table).where(people_table.c.id == world.ids[name]).values(role=role))


def leave(world: World, name: str) -> None:
    """The account ends."""
    with world.sim.write() as (tx, when):
        people.deactivate(tx, world.ids[name], OPERATOR, when)


@pytest.mark.parametrize("since", SPENT.values(), ids=SPENT)
def test_a_link_that_is_spent_says_so(reported: House, settings: Settings, since: Callable[[World], object]) -> None:
    """And leads to the sign-in page; pressing it does nothing."""
    path = link(reported, settings, "ben")
    reported.world.advance(minutes=1)
    since(reported.world)
    before, stranger = words(reported.world), reported.visitor()
    assert [stranger.get(path).status_code, stranger.client.post(path).status_code] == [410, 410]
    assert "Sign in" in stranger.get(path).text
    assert words(reported.world) == before


def test_a_link_is_its_reader_s_alone(reported: House, settings: Settings) -> None:
    """Somebody else who is signed in is led to the incident itself; one that nobody made is like a spent one."""
    path = link(reported, settings, "ben")
    maria = reported.visitor("maria")
    assert [maria.get(path).status_code, maria.client.post(path).status_code] == [403, 403]
    assert reported.visitor().get("/acknowledge/guessed").status_code == 410
    assert words(reported.world) == []
    assert reported.visitor("ben").client.post(path).status_code == 200
    assert words(reported.world) == ["ben"]


def test_the_title_is_shown_to_whoever_may_see_the_case(reported: House, settings: Settings,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """To others its reference and severity alone."""
    path = link(reported, settings, "ben")
    monkeypatch.setattr("isms_workflow.engine.mailing.look.Look.sees", lambda *_: False)
    page = reported.visitor().read(path)
    assert ("INC-2026-0001" in page, "High" in page, "Someone reads" in page) == (True, True, False)


def test_presses_are_throttled(reported: House, settings: Settings) -> None:
    """By address, whatever the links; who waits a minute is heard."""
    path, stranger = link(reported, settings, "ben"), reported.visitor()
    answers = {stranger.client.post(f"/acknowledge/guess-{n}").status_code for n in range(mail_links.MOST)}
    refused = stranger.client.post(path)
    assert (answers, refused.status_code, "retry-after" in refused.headers) == ({410}, 429, True)
    reported.world.advance(minutes=1, seconds=1)
    assert stranger.client.post(path).status_code == 200


def test_whoever_may_not_acknowledge_gets_no_link(reported: House, settings: Settings) -> None:
    """Nor does anybody once somebody is at it; the other mails carry none, and the secret is kept nowhere."""
    become(reported.world, "ben", "auditor")
    assert link(reported, settings, "ben") == ""
    with reported.world.store.read() as conn:
        kept = [row.token for row in conn.execute(select(table))]
        said = str(conn.execute(select(outbox)).all())
    sealed = [PRESS.search(m.text) for m in listing(settings.mail_dir / "sealed", 100)]
    tokens = [found.group(1).rpartition("/")[2] for found in sealed if found]
    assert tokens
    assert not [token for token in tokens if token in kept or token in said]
    assert not [m for m in listing(settings.mail_dir, 100) if "/acknowledge/" in m.text]


def test_an_escalation_s_link_is_of_its_level(reported: House, settings: Settings) -> None:
    """The report's is -1; the secret never shows in the access log either."""
    reported.world.advance(hours=3)
    path = link(reported, settings, "maria", "incident_escalated")
    with reported.world.store.read() as conn:
        levels = set(conn.execute(select(table.c.level)).scalars())
    assert {-1, 0} <= levels
    reported.visitor().get(path)
    assert reported.attempts()[-1][1] == "read /acknowledge/…"


def test_a_mail_that_doesn_t_leave_leaves_no_link(reported: House, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next try makes another."""
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(FileChannel, "_write", full)
    world = reported.world
    channel = MailChannel(world.store, FileChannel(settings), settings.public_url)

    deliverer.turn(world.store, channel, world.now)
    with world.store.read() as conn:
        assert conn.execute(select(table)).all() == []
        assert conn.execute(select(incident_table)).all()
