"""`isms on-call`: who is on call, and when nobody will be."""

from __future__ import annotations

from collections.abc import Iterator

from cyclopts import App
from sqlalchemy import Connection

from isms_workflow.commands.shared import instant, reading, say, table
from isms_workflow.domain.on_call import between, covering, horizon, later
from isms_workflow.engine import offices, on_call
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.mailing.look import Look

app = App(name="on-call", help="Who is on call, in turns; people cover for each other in the portal.")


@app.command
def show() -> None:
    """Every shift of the next four weeks, rotation by rotation, and the covers after them; instants are UTC."""
    now = utc_now()
    with reading() as conn:
        known, directory, look = on_call.rotations(conn), offices.directory(conn, now), Look(conn, now)
        rows = [(shift.layer or rotation.id, instant(shift.starts), instant(shift.ends), look.name(shift.person),
                 look.name(shift.stands_in_for) if shift.stands_in_for else "")
                for rotation in known.values() for shift in between(rotation, directory, now, horizon(rotation, now))]
        rows += [(rotation.id, instant(cover.starts), instant(cover.ends), look.name(covering(rotation, directory, cover, cover.starts)), "")
                 for rotation in known.values() for cover in later(rotation, directory, now)]
        warnings = list(unable(conn))
    if known:
        say("From now on:")
    table(("rotation", "from", "until", "on call", "instead of"), rows, "Nobody is on call: the programme has no oncall.yaml.")
    for each in warnings:
        say(each)


def unable(conn: Connection) -> Iterator[str]:
    """A sentence each about people on whom the response to incidents counts, and who may not answer one."""
    now = utc_now()
    look = Look(conn, now)
    yield from (each.said(look.name(person) for person in each.people) for each in on_call.unable(conn, now))
