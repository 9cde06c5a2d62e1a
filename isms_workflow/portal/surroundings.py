"""What stands around every page: the organisation, the menu, and whether the ISMS is alive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from isms_workflow.domain.access import Action, permits
from isms_workflow.domain.people import Person
from isms_workflow.engine import programmes, reading
from isms_workflow.portal import views as v
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.tables import organisation as table

if TYPE_CHECKING:
    from isms_workflow.portal.visit import Visit

SECTIONS: tuple[tuple[tuple[str, str, Action], ...], ...] = (
    (("My work", "/", Action.READ),),
    (("Cycle", "/cycle", Action.READ),),
    (("Incidents", "/incidents", Action.READ), ("Obligations", "/obligations", Action.READ),
     ("Actions", "/actions", Action.READ), ("On call", "/on-call", Action.READ)),
    (("Cases", "/cases", Action.READ),),
    (("Evidence", "/evidence", Action.READ),),
    (("Audit", "/audit", Action.AUDIT),),
    (("People", "/people", Action.READ),),
    (("Programme", "/programme", Action.READ), ("Register", "/systems", Action.READ)),
    (("System", "/system", Action.ADMIN),),
)
"""The menu by sections, and the right that each entry's page asks for. A section bears its first entry's name and rights;
the menu shows sections, so that it is one line, and a section of several shows its entries on each of its pages."""


def organisation(conn: Connection) -> str:
    """The organisation's name; empty before set-up."""
    return str(conn.execute(select(table.c.name)).scalar() or "")


def zone(conn: Connection) -> str:
    """The organisation's zone, for whoever isn't signed in; UTC before set-up."""
    if conn.execute(questions.programme_in_force()).first() is None:
        return "UTC"
    return programmes.in_force(conn).programme.calendar.zone


def menu(person: Person, current: str) -> tuple[v.MenuEntry, ...]:
    """The sections that the reader's role may see; the one that has the current entry is current."""
    return tuple(v.MenuEntry(section[0][0], section[0][1], current in [label for label, _, _ in section])
                 for section in SECTIONS if permits(person.role, section[0][2]))


def within(person: Person, current: str) -> tuple[v.MenuEntry, ...]:
    """The entries of the section that has the current one, as far as the role may see them; empty where it has but one."""
    section = next((each for each in SECTIONS if current in [label for label, _, _ in each]), ())
    entries = tuple(v.MenuEntry(label, url, label == current) for label, url, action in section
                    if permits(person.role, action))
    return entries if len(entries) > 1 else ()


def alive(conn: Connection, visit: Visit) -> v.Alive:
    """The status line: steps done, phase, day; or what is missing for the ISMS to be alive."""
    case = conn.execute(questions.open_cases("pdca")).scalar()
    if case is None:
        return v.Alive("planned", "no cycle is open")
    view = reading.view(conn, case, visit.now)
    if not visit.sees(conn, view):
        return v.Alive("alive", "")
    done = sum(s.is_settled for s in view.steps)
    late = sum(s.state == "open" and s.due_at is not None and s.due_at <= visit.now for s in view.steps)
    day = (visit.now - (view.case.started_at or visit.now)).days + 1
    state = "planned" if view.case.started_at is None else "paused" if view.case.paused_until else "alive"
    said = f"{done} of {len(view.steps)} steps done · {view.case.state.upper()} · day {day}"
    return v.Alive("late" if late and state == "alive" else state, said + (f" · {late} late" if late else ""))
