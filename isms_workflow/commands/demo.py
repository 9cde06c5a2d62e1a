"""`isms demo`: a small believable company in a data folder of its own, so that one newcomer can play every part."""

from __future__ import annotations

import os
import secrets
import shutil
from datetime import datetime, timedelta
from pathlib import Path

from isms_workflow import services
from isms_workflow.commands.shared import say, table
from isms_workflow.domain.people import Actor
from isms_workflow.domain.times import When
from isms_workflow.engine import deliverer
from isms_workflow.engine.accesslog import AccessLog
from isms_workflow.engine.accounts import invitations
from isms_workflow.engine.commands import people
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.mailing import MailChannel
from isms_workflow.portal.deps import Portal
from isms_workflow.portal.founding import Founding, Newcomer, found
from isms_workflow.settings import Settings
from isms_workflow.simulator import company
from isms_workflow.simulator.simulation import Simulation
from isms_workflow.store.database import Store
from isms_workflow.store.statements import accounts

FOLDER = Path("demo-data")
OWN = ("DATABASE_URL", "PROGRAMME", "SMTP_HOST")
"""Settings that the demo must not take over from a real installation: its database, its programme, its mail."""


def demo() -> None:
    """Make the company, if it isn't there yet, print its passwords once, and run everything on it."""
    for name in OWN:
        os.environ.pop(f"ISMS_{name}", None)
    os.environ["ISMS_DATA"] = str(FOLDER)
    if FOLDER.exists():
        say(f"{FOLDER} is there already, with its own passwords; remove the folder to begin anew.")
    else:
        tell(make(FOLDER, utc_now()))
    say(f"Other commands find it by its folder: ISMS_DATA={FOLDER} isms incidents list\n")
    services.up(Settings(), say)


def tell(passwords: dict[str, str]) -> None:
    """Who plays which part, with which password: printed once, kept nowhere."""
    say(f"{company.NAME}: eight people, half a year into their cycle. Their passwords, printed this once:\n")
    table(("address", "password", "part"),
          ((part.email, passwords[name], f"{part.name}, {part.plays}") for name, part in company.PEOPLE.items()), "")
    say("")


def make(folder: Path, now: datetime) -> dict[str, str]:
    """Plays the company into a folder that doesn't exist yet: whole, or not at all. Passwords by first name."""
    aside = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    settings = Settings(data=aside)
    services.upgrade(settings)
    with services.ready(settings) as store:
        passwords = _play(store, settings, now)
    aside.rename(folder)
    return passwords


def _play(store: Store, settings: Settings, now: datetime) -> dict[str, str]:
    passwords = {name: secrets.token_urlsafe(12) for name in company.PEOPLE}
    before = now - timedelta(days=300)
    channel = MailChannel(store, services.post(settings), settings.public_url)

    def post(at: datetime) -> None:
        while deliverer.turn(store, channel, at):
            pass

    _found(store, settings, passwords["alex"], before)
    played = company.Company(Simulation(store, before), services.files(settings), {}, post)
    start = company.first_day(played, now)
    played.ids = _people(store, passwords, start - timedelta(days=7), now)
    played.sim.now = start - timedelta(days=6)
    post(played.sim.now)
    played.sim.now = start
    company.play(played, now)
    post(played.sim.now)
    return passwords


def _found(store: Store, settings: Settings, password: str, at: datetime) -> None:
    """The organisation and its first administrator, by the set-up link as everywhere."""
    with store.write() as tx:
        link = invitations.begin_set_up(tx, settings.public_url, at)
    assert link is not None  # the folder is new
    assert link.url is not None
    alex = company.PEOPLE["alex"]
    told = Founding(company.NAME, company.ZONE, company.COUNTRY, None,
                    Newcomer(alex.name, alex.email, alex.role, alex.responsibilities), password, ())
    portal = Portal(store, settings, lambda: at, services.files(settings), AccessLog(store))
    found(portal, link.url.rpartition("/")[2], told, When.at(at))


def _people(store: Store, passwords: dict[str, str], at: datetime, now: datetime) -> dict[str, str]:
    """The others, invited by the administrator, each choosing a password by their link; ids by first name."""
    with store.read() as conn:
        ids = {"alex": str(conn.execute(accounts.named_by(company.PEOPLE["alex"].email)).scalar_one())}
    admin, when = Actor(ids["alex"], "portal"), When.at(at)
    for name, part in company.PEOPLE.items():
        if name == "alex":
            continue
        ends = now + timedelta(days=60) if part.role == "auditor" else None
        with store.write() as tx:
            ids[name] = people.add(tx, part.name, part.email, part.role, company.ZONE, ends, admin, when)
            link = invitations.invite(tx, ids[name], "link", "http://127.0.0.1", admin, at)
            for responsibility in part.responsibilities:
                people.grant(tx, ids[name], responsibility, admin, when)
        invitations.accept(store, str(link.url).rpartition("/")[2], passwords[name], at)
    return ids
