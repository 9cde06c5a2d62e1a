"""`isms people`: accounts and responsibilities, for whoever has a shell beside the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Literal

from cyclopts import App, Parameter

from isms_workflow.commands.shared import OPERATOR, person_id, reading, say, table, writing
from isms_workflow.domain.times import When, utc
from isms_workflow.engine import programmes
from isms_workflow.engine.accounts import invitations
from isms_workflow.engine.commands import people as commands
from isms_workflow.settings import Settings
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import accounts, directory

app = App(name="people", help="Accounts and responsibilities. People are named by mail address or id.")

Role = Literal["admin", "user", "auditor", "guest"]
Who = Annotated[str, Parameter(help="mail address or id")]


@app.command(name="list")
def list_() -> None:
    """Every account: role, state, responsibilities."""
    with reading() as conn:
        rows = conn.execute(accounts.everybody()).all()
        held: dict[str, list[str]] = {}
        for row in conn.execute(directory.holdings()):
            held.setdefault(row.person, []).append(row.responsibility)
    table(("name", "address", "role", "account", "responsibilities"),
          ((r.name or "erased", r.email, r.role, _state(r.deactivated_at, r.begun), ", ".join(held.get(r.id, ())))
           for r in rows), "Nobody has an account yet: finish set-up.")


def _state(deactivated_at: datetime | None, begun: bool) -> str:
    if deactivated_at is not None:
        return "ended"
    return "in use" if begun else "invited"


@app.command
def add(name: str, email: str, *, role: Role = "user", zone: str | None = None, until: datetime | None = None) -> None:
    """An account that is begun by an invitation; `--until` ends it by itself (for external auditors).

    Parameters
    ----------
    zone:
        IANA name, e.g. Europe/Vienna; by default the organisation's.
    """
    with writing() as (tx, when):
        place = zone or programmes.in_force(tx).calendar.zone
        ends = None if until is None else utc(until.astimezone())
        commands.add(tx, name, email, role, place, ends, OPERATOR, when)
    say(f"{name} has an account now; `isms people invite {email}` makes the link that begins it.")


@app.command
def invite(who: Who, *, by: Literal["link", "mail"] = "link") -> None:
    """A single-use link with which somebody chooses a password: printed here, or sent by mail."""
    with _about(who) as (tx, when, person):
        link = invitations.invite(tx, person, by, Settings().public_url, OPERATOR, when.noticed)
    say(link.url or f"The link is on its way to {who}.")


@app.command
def grant(who: Who, responsibility: str) -> None:
    """Somebody holds a responsibility from now on; ISMS manager and top management are told."""
    with _about(who) as (tx, when, person):
        commands.grant(tx, person, responsibility, OPERATOR, when)
    say(f"{who} holds {responsibility} now.")


@app.command
def revoke(who: Who, responsibility: str) -> None:
    """Somebody no longer holds a responsibility; their open steps of it change hands at once."""
    with _about(who) as (tx, when, person):
        commands.revoke(tx, person, responsibility, OPERATOR, when)
    say(f"{who} no longer holds {responsibility}.")


@app.command
def deactivate(who: Who) -> None:
    """The account can't be used from now on, and its open steps change hands; both sides are told."""
    with _about(who) as (tx, when, person):
        commands.deactivate(tx, person, OPERATOR, when)
    say(f"The account of {who} has ended.")


@app.command
def erase(who: Who) -> None:
    """Erase what may be erased of a person whose account has ended; lists what stays, and why."""
    with _about(who) as (tx, when, person):
        erased = commands.erase(tx, person, OPERATOR, when)
    say("Erased:")
    table(("what", "how many"), erased.what.items(), "nothing")
    say("\nStays:")
    table(("what", "how many", "why"), ((each.what, each.count, each.why) for each in erased.stays), "nothing")


@contextmanager
def _about(who: str) -> Iterator[tuple[Transaction, When, str]]:
    """A command of the operator about somebody."""
    with writing() as (tx, when):
        yield tx, when, person_id(tx, who)
