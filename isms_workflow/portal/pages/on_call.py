"""On call: who is, who will be, when nobody is, and covering for each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from isms_workflow.domain.access import Action
from isms_workflow.domain.answering import Unable, unable
from isms_workflow.domain.incident import ANSWERING
from isms_workflow.domain.on_call import Shift, between, covering, gaps, hand_over, horizon, later, number_at
from isms_workflow.domain.people import Directory, Override
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.rules.on_call import in_order, may_name, may_order, may_return
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, on_call, programmes
from isms_workflow.engine.commands import on_call as commands
from isms_workflow.portal import dates
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.history import of_subjects
from isms_workflow.portal.names import Names
from isms_workflow.portal.rendering import local_instant
from isms_workflow.portal.visit import Form, Reader, Sender, Visit
from isms_workflow.programme.model import WEEKDAYS, Layer, Rotation, Turns, Window
from isms_workflow.store.statements import on_call as questions

router = APIRouter(prefix="/on-call", route_class=Route)
MENU = "On call"
PLACES = {"up": -1, "down": 1}
REMEMBERED = 50
"""So many covers and orders stand in the page's history; the audit page has all."""
NONE = v.Empty("No rotation.", "The programme's oncall.yaml says who takes turns; ladders then tell whoever is on call.",
               v.Link("Programme", "/programme"))


@router.get("")
def show(visit: Reader) -> Response:
    """Every rotation: now, next, the next four weeks."""
    with visit.portal.store.read() as conn:
        page = _page(conn, visit)
    return visit.page("on_call.html", page, MENU)


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, v.OnCall, str]:  # noqa: ARG001 - pages are called alike
    """The page, for a form on it that was refused: template, view, menu entry."""
    return "on_call.html", _page(conn, visit), MENU


def _page(conn: Connection, visit: Visit) -> v.OnCall:
    known, directory, names = on_call.rotations(conn), offices.directory(conn, visit.now), Names(conn, visit.person)
    turns = tuple(_turns(conn, visit, each, directory, names) for each in known.values())
    mine = [duty for each in turns for duty in (*each.calendar, *each.later) if duty.who and duty.who.you]
    covers = conn.execute(questions.newest(REMEMBERED)).scalars().all()
    return v.OnCall(turns, tuple(sorted(mine, key=lambda duty: duty.since)), of_subjects(conn, covers, names, visit),
                    None if turns else NONE)


def _turns(conn: Connection, visit: Visit, rotation: Rotation, directory: Directory, names: Names) -> v.Turns:
    programme, begun = programmes.in_force(conn).programme, hand_over(rotation, number_at(rotation, visit.now))
    shifts = [s for s in between(rotation, directory, begun, horizon(rotation, visit.now)) if s.ends > visit.now]
    calendar = tuple(_duty(visit, rotation, directory, names, shift) for shift in shifts)
    titles = programme.responsibilities
    title = titles[rotation.responsibility].title
    says = _says(rotation, title) + (" The layers above it go before it while they are on." if rotation.layers else "")
    rows = tuple(v.Row(row.title, _says(row, titles[row.responsibility].title), _order(visit, row, directory, names))
                 for row in rotation.rows)
    return v.Turns(rotation.id, rotation.title, says, calendar[0], calendar[1] if len(calendar) > 1 else None, calendar,
                   tuple(_gap(visit, names, title, each) for each in gaps(rotation, directory, visit.now)),
                   _cover(visit, rotation, directory, names),
                   tuple(_later(visit, rotation, directory, names, each) for each in later(rotation, directory, visit.now)), rows,
                   tuple(_unable(names, each) for each in unable(programme, directory) if each.row in [row.id for row in rotation.rows]))


def _says(row: Turns, title: str) -> str:
    """Who takes turns in it, and of a layer when it is on."""
    on = " and ".join(_window(window) for window in (row.during if isinstance(row, Layer) else ()))
    return (f"Whoever holds the responsibility {title} takes turns of {row.shift}, handed over at {row.hand_over.at:%H:%M} "
            f"({row.zone}){f', on {on}' if on else ''}.")


def _window(window: Window) -> str:
    days = "every day" if len(window.days) == len(WEEKDAYS) else ", ".join(day.capitalize() for day in window.days)
    return f"{days} from {window.begins:%H:%M} to {window.ends:%H:%M}"


def _order(visit: Visit, row: Turns, directory: Directory, names: Names) -> tuple[v.Place, ...]:
    """The order of turns from the next hand-over on; the ISMS manager moves people up and down."""
    people, may = in_order(row, directory, visit.now), visit.may(Action.WRITE) and may_order(directory, visit.person.id)

    def button(place: int, word: str, places: int) -> v.Action | None:
        if not may or not 0 <= place + places < len(people):
            return None
        return v.Action(f"{word}-{row.id.replace('/', '-')}-{place}", f"Move {word}", "/on-call/order", hidden=(
            ("turns", row.id), ("person", people[place]), ("places", word)))

    return tuple(v.Place(names.who(person), button(place, "up", -1), button(place, "down", 1)) for place, person in enumerate(people))


def _duty(visit: Visit, rotation: Rotation, directory: Directory, names: Names, shift: Shift) -> v.Duty:
    end = _end(visit, shift.cover, directory, shift.starts) if shift.cover else None
    whose = names.who(shift.stands_in_for) if shift.stands_in_for else None
    layer = next((each.title for each in rotation.layers if each.id == shift.layer), "")
    return v.Duty(rotation.title, shift.starts, shift.ends, names.who(shift.person) if shift.person else None, whose, end, layer)


def _later(visit: Visit, rotation: Rotation, directory: Directory, names: Names, found: Override) -> v.Duty:
    """A cover to its very end, whosever turns it takes: those are not settled so far ahead."""
    person = covering(rotation, directory, found, found.starts)
    return v.Duty(rotation.title, found.starts, found.ends, names.who(person) if person else None,
                  end=_end(visit, found, directory, found.starts))


def _end(visit: Visit, found: Override, directory: Directory, starts: datetime) -> v.Action | None:
    if not visit.may(Action.WRITE) or not may_return(found, directory, visit.person.id):
        return None
    return v.Action(f"end-{found.rotation}-{starts:%Y%m%d%H%M}", "End the cover", f"/on-call/covers/{found.id}/return")


def _gap(visit: Visit, names: Names, title: str, gap: Shift) -> str:
    since, until = (local_instant(at, visit.person.zone) for at in (gap.starts, gap.ends))
    why = (f"{names.name(gap.cover.person)} {'were' if names.who(gap.cover.person).you else 'was'} to cover, and can't act any more" if gap.cover
           else f"nobody in office holds the responsibility {title}")
    return (f"Nobody is on call from {since} to {until}: {why}. In that time a ladder's level tells the others that it names, "
            "at its instant; where it names nobody else, the next level is told at once.")


def _cover(visit: Visit, rotation: Rotation, directory: Directory, names: Names) -> v.Action | None:
    if not visit.may(Action.WRITE):
        return None
    nameable = may_name(rotation, directory, visit.person.id)
    zone = visit.person.zone
    own = visit.person.id if visit.person.id in nameable else ""
    return v.Action(f"cover-{rotation.id}", "Cover a shift", f"/on-call/{rotation.id}/cover", (
        v.Field("person", "On call", "select", value=own, required=True, choices=names.choices(nameable)),
        v.Field("starts", "From", "datetime-local", f"In your zone, {zone}. One that is past begins now.", required=True),
        v.Field("ends", "Until", "datetime-local", f"In your zone, {zone}.", required=True)),
        why_not="" if nameable else "It takes taking turns in the rotation, or being the ISMS manager.",
        reason_required=True, then="They are told, and so is whoever has their turn in that time.")


def _unable(names: Names, found: Unable) -> str:
    return found.said((names.name(person) for person in found.people), map(names.responsibility, ANSWERING))


@router.post("/order")
def move(visit: Sender, form: Form) -> Response:
    """Somebody takes their turn one place earlier or later."""
    visit.require(Action.WRITE, "Changing the order of turns")
    word = form.text("places")
    if word not in PLACES:
        raise Wrong("places", word, "up or down")
    with visit.portal.store.write() as tx:
        commands.move(tx, form.text("turns"), form.text("person"), PLACES[word], visit.actor, When.at(visit.now))
    return visit.go("/on-call", "The order holds from the next hand-over on.")


@router.post("/{rotation}/cover")
def cover(visit: Sender, form: Form, rotation: str) -> Response:
    """Somebody is on call out of their turn."""
    visit.require(Action.WRITE, "Covering a shift")
    starts, ends = (dates.instant(form.text(name), visit.person.zone, name) for name in ("starts", "ends"))
    if starts is None or ends is None:
        raise Wrong("ends" if starts else "starts", "", "give a date and a time such as 2026-03-12T14:00")
    with visit.portal.store.write() as tx, dates.as_typed(form.text("starts"), "starts"), dates.as_typed(form.text("ends"), "ends"):
        commands.override(tx, rotation, form.text("person"), starts, ends, form.text("reason"), visit.actor, When.at(visit.now))
    return visit.go("/on-call", "Done; both sides are told.")


@router.post("/covers/{override}/return")
def give_back(visit: Sender, override: str) -> Response:
    """A cover ends early."""
    visit.require(Action.WRITE, "Ending a cover")
    with visit.portal.store.write() as tx:
        commands.give_back(tx, override, visit.actor, When.at(visit.now))
    return visit.go("/on-call", "The turns go on as before; both sides are told.")
