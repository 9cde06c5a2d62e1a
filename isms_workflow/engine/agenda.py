"""One person's deadlines as they are now, as far as they may see them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from isms_workflow.domain.agenda import Entry, of_case, on_call
from isms_workflow.domain.sight import sees
from isms_workflow.engine import offices, programmes, reading
from isms_workflow.engine.on_call import rotations
from isms_workflow.store.statements import agenda as questions
from isms_workflow.store.statements import incidents

MOST = 300
"""Open cases that are looked at, the newest first: a calendar of more helps nobody."""


def of_person(conn: Connection, person: str, now: datetime) -> list[Entry]:
    """Everything that has an instant by which they have to act, and their turns on call, earliest first."""
    ids = list(conn.execute(questions.concerning(person, MOST)).scalars())
    titles = {row.case_id: row.title for row in conn.execute(incidents.titles(ids))}
    told = reading.reached_of(conn, ids)
    found: list[Entry] = []
    for case, view in reading.views(conn, ids, now).items():
        if sees(view, person, told[case], now):
            found += of_case(view, person, told[case], titles.get(case), now)
    if rotations(conn):
        found += on_call(programmes.in_force(conn).programme, offices.directory(conn, now), person, now)
    return sorted(found, key=lambda each: (each.starts, each.id))
