"""The list of corrective actions as it was asked for: which of them, in which order, which page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, Select

from isms_workflow.domain.corrective_action import OPEN
from isms_workflow.domain.times import from_iso
from isms_workflow.engine import offices, programmes
from isms_workflow.portal import views as v
from isms_workflow.portal.names import Names, case_url
from isms_workflow.portal.sight import PAGE, Sight, eyes
from isms_workflow.portal.visit import Visit
from isms_workflow.programme.corrective import CorrectiveWorkflow
from isms_workflow.store.statements import corrective as questions
from isms_workflow.store.statements import incidents as incident_questions
from isms_workflow.store.statements.sight import seen_by
from isms_workflow.store.tables import cases, corrective_actions

STATES = ("correcting", "planning", "doing", "observing", "checking", "referred", "effective", "accepted", "cancelled")
GROUPS = ("open", "overdue")
COLUMNS = ("Action", "Title", "Gravity", "State", "Owner", "Due", "Opened", "From")
OPEN_ONE = v.Link("Open a corrective action", "/actions/new")
TEACH = ("One is opened by hand, or from what an incident taught: its cause is found and removed, and somebody who had no part "
         "in it looks later whether that worked.")
NONE_FOUND = v.Empty("No corrective action fits.", "Another state or owner may find it.",
                     v.Link("All corrective actions", "/actions"))


def section_of(conn: Connection) -> CorrectiveWorkflow | None:
    """What the programme in force says of corrective actions; None if nothing."""
    found = programmes.in_force(conn).programme.workflows.get("corrective_action")
    return found if isinstance(found, CorrectiveWorkflow) else None


def may_open(conn: Connection, visit: Visit) -> bool:
    """Whether the reader opens actions by hand."""
    section = section_of(conn)
    directory = offices.directory(conn, visit.now)
    return section is not None and any(directory.holds(visit.person.id, name) for name in section.openers)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; words that nobody offered mean the usual."""

    state: str = ""
    owner: str = ""
    after: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Wanted:
        """As `?state=overdue&owner=ID&after=ID` says."""
        state = params.get("state", "")
        return cls(state if state in (*GROUPS, *STATES) else "", params.get("owner", "")[:36], params.get("after", "")[:36])

    def url(self, **changes: Any) -> str:
        """The query that asks for this, with some of it changed."""
        now = replace(self, **changes)
        said = {"state": now.state, "owner": now.owner, "after": now.after}
        return f"?{urlencode({name: value for name, value in said.items() if value})}"

    def chosen(self, query: Select[Any], now: datetime) -> Select[Any]:
        """Only what the filter lets through."""
        if self.state == "overdue":
            query = query.where(questions.is_overdue(now))
        elif self.state:
            query = query.where(cases.c.state.in_(sorted(OPEN)) if self.state == "open" else cases.c.state == self.state)
        return query.where(corrective_actions.c.owner == self.owner) if self.owner else query


@dataclass(frozen=True)
class Look:
    """One look at the list by one reader, newest first."""

    conn: Connection
    visit: Visit
    wanted: Wanted

    @classmethod
    def of(cls, conn: Connection, visit: Visit) -> Look:
        """As the request's address asks for it."""
        return cls(conn, visit, Wanted.of(visit.request.query_params))

    def rows(self, most: int | None = None) -> Sequence[Any]:
        """The actions that were asked for and may be seen, behind the one that the page before ended with."""
        query = self._seen(questions.lines()).order_by(cases.c.id.desc()).limit(most)
        return self.conn.execute(query.where(cases.c.id < self.wanted.after) if self.wanted.after else query).all()

    def count(self) -> int:
        """How many were asked for and may be seen."""
        return int(self.conn.execute(self._seen(questions.counted())).scalar_one())

    def _seen(self, query: Select[Any]) -> Select[Any]:
        return self.wanted.chosen(query, self.visit.now).where(seen_by(eyes(self.conn, self.visit)))

    def owners(self) -> Sequence[str]:
        """Whoever owns an action that the reader may see."""
        query = questions.owners().where(seen_by(eyes(self.conn, self.visit)))
        return self.conn.execute(query).scalars().all()

    def lines(self, rows: Sequence[Any]) -> tuple[v.ActionLine, ...]:
        """Each as a row of the table."""
        names, sight = Names(self.conn, self.visit.person), Sight(self.conn, self.visit)
        sources = {row.id: row for row in self.conn.execute(incident_questions.references(
            [row.from_case for row in rows if row.from_case]))}
        sight.expect((source, None) for source in sources)
        return tuple(v.ActionLine(
            link(row), row.title or "(erased)", row.gravity, row.state, names.who(row.owner), row.opened_at, due_of(row),
            source_of(sources[row.from_case]) if row.from_case and sight.sees(row.from_case) else None,
            f"round {row.round}" if row.round > 1 else "") for row in rows)


def due_of(row: Any) -> datetime | None:
    """When the next of what an action waits for is due: a step, a gate, a word on how it goes on, else what is armed for it."""
    way_on = from_iso(row.way_on_due) if row.way_on_due else None
    dates = [each for each in (row.step_due, row.gate_due, way_on) if each is not None]
    found: datetime | None = min(dates) if dates else row.next_at
    return found if row.closed_at is None else None


def link(row: Any) -> v.Reference:
    """An action by its reference, from its line."""
    return v.Reference(row.reference, case_url(row.reference), row.title or "(erased)", row.label)


def source_of(row: Any) -> v.Reference:
    """What an action comes from, by its reference."""
    return v.Reference(row.reference, case_url(row.reference), "Incident", row.label)


def listing(look: Look) -> v.Listing[v.ActionLine]:
    """The page that was asked for, 50 lines."""
    wanted, rows, count = look.wanted, look.rows(PAGE + 1), look.count()
    shown = rows[:PAGE]
    empty = v.Empty("No corrective actions.", TEACH, OPEN_ONE if may_open(look.conn, look.visit) else None)
    return v.Listing(
        "actions", tuple(v.Column(name) for name in COLUMNS), look.lines(shown),
        NONE_FOUND if wanted.state or wanted.owner else empty, "/actions", _filters(look),
        (v.Link("Download as CSV", f"/actions.csv{wanted.url(after='')}"),),
        older=wanted.url(after=shown[-1].id) if len(rows) > PAGE else "",
        says="1 corrective action" if count == 1 else f"{count:,} corrective actions", further="Next")


def _filters(look: Look) -> tuple[v.Field, ...]:
    states = (v.Choice("", "any"), v.Choice("open", "open"), v.Choice("overdue", "overdue"),
              *(v.Choice(state, state) for state in STATES))
    names = Names(look.conn, look.visit.person)
    owners = names.choices(tuple(look.owners()))
    return (v.Field("state", "State", "select", value=look.wanted.state, choices=states),
            v.Field("owner", "Owner", "select", value=look.wanted.owner, choices=(v.Choice("", "anybody"), *owners)))
