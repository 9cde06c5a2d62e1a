"""Being on call as it is now: the rotations of the programme in force, the gaps that somebody has to hear of, and who couldn't answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from isms_workflow.domain import answering, on_call
from isms_workflow.domain.answering import Unable
from isms_workflow.domain.messages import Notice
from isms_workflow.domain.on_call import Shift
from isms_workflow.domain.people import ISMS_MANAGER
from isms_workflow.domain.times import iso
from isms_workflow.engine import offices, outbox, programmes
from isms_workflow.programme.model import Rotation
from isms_workflow.store.database import Store
from isms_workflow.store.statements import cases as questions


def rotations(conn: Connection) -> dict[str, Rotation]:
    """The rotations of the programme in force, each with its zone; none before set-up."""
    if conn.execute(questions.programme_in_force()).first() is None:
        return {}
    return programmes.in_force(conn).programme.on_call


def gaps(conn: Connection, now: datetime) -> list[tuple[Rotation, Shift]]:
    """When nobody will be on call within four weeks."""
    known = rotations(conn)
    directory = offices.directory(conn, now) if known else None
    return [(each, gap) for each in known.values() if directory for gap in on_call.gaps(each, directory, now)]


def unable(conn: Connection, now: datetime) -> tuple[Unable, ...]:
    """People on whom the response to incidents counts, and who may not answer one; nobody before set-up."""
    if conn.execute(questions.programme_in_force()).first() is None:
        return ()
    return answering.unable(programmes.in_force(conn).programme, offices.directory(conn, now))


def tell_of_gaps(store: Store, now: datetime) -> None:
    """The ISMS manager is told of each gap once."""
    with store.read() as conn:
        found = gaps(conn, now)
    if not found:
        return
    with store.write() as tx:
        managers = offices.directory(tx, now).holders(ISMS_MANAGER)
        outbox.put(tx, (
            Notice("on_call_gap", person, {"rotation": rotation.id, "starts": iso(gap.starts), "ends": iso(gap.ends),
                                           "cover": gap.cover.person if gap.cover else None}
                   ).message(f"{rotation.id}:{iso(gap.starts)}", None)
            for rotation, gap in found for person in managers), now)
