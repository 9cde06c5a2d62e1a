"""The register of systems: the list and its CSV, one system with its history, and what may be changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.datastructures import UploadFile
from starlette.responses import Response

from isms_workflow.domain.access import Action
from isms_workflow.domain.people import Directory
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.rules.systems import KEEPER, keeps, may_change
from isms_workflow.domain.systems import DATA, LEVELS, NEEDS, Draft, Entry, in_order
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, register
from isms_workflow.engine.commands import systems as commands
from isms_workflow.portal import lists
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.history import of_subject
from isms_workflow.portal.listing import Wanted, listing, matching
from isms_workflow.portal.names import Names
from isms_workflow.portal.rendering import local_day
from isms_workflow.portal.texts import attachment
from isms_workflow.portal.visit import Form, Posted, Reader, Sender, Visit

router = APIRouter(route_class=Route)
WHAT = "Changing the register of systems"
MEANS = {"confidentiality": "How much is lost if others come to know what is in it.",
         "integrity": "How much is lost if what is in it is wrong, and nobody notices.",
         "availability": "How much is lost if it stands still for a day."}
FIELDS = ("name", "owner", *NEEDS, "description")


@router.get("/systems")
def show_all(visit: Reader) -> Response:
    """What the organisation runs, who answers for it, what it needs."""
    with visit.portal.store.read() as conn:
        page = _register(conn, visit)
    return visit.page("systems.html", page, "Register")


@router.get("/systems.csv")
def download(visit: Reader) -> Response:
    """Exactly what the list shows under its filter, on all its pages."""
    with visit.portal.store.read() as conn:
        found = matching(conn, Wanted.of(visit.request.query_params), Names(conn, visit.person))
    text = lists.written(lists.SYSTEMS, [(row.link.label, row.owner.name, row.confidentiality, row.integrity,
                                          row.availability, row.data.replace(", ", ";"), row.description)
                                         for _, row in found])
    return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": attachment("systems.csv")})


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, v.Register | v.SystemEntry, str]:
    """The page of the register or of one system, for a form on it that was refused: template, view, menu entry."""
    if len(path) < 2:
        return "systems.html", _register(conn, visit), "Register"
    return "registered.html", _entry(conn, visit, path[0]), "Register"


def _register(conn: Connection, visit: Visit) -> v.Register:
    wanted, names = Wanted.of(visit.request.query_params), Names(conn, visit.person)
    return v.Register(listing(wanted, matching(conn, wanted, names)), _additions(conn, visit, names))


def _additions(conn: Connection, visit: Visit, names: Names) -> tuple[v.Action, ...]:
    if not visit.may(Action.WRITE):
        return ()
    directory = offices.directory(conn, visit.now)
    why = "" if keeps(directory, visit.person.id) else f"It takes {KEEPER}."
    return (
        v.Action("add", "Add a system", "/systems", _fields(directory, names, None), why_not=why,
                 then="Its owner is told, and may change what the register says of it."),
        v.Action("csv", "Add many from a CSV file", "/systems/csv", (
            v.Field("file", "CSV file", "file", accept=".csv", required=True,
                    hint=f"{', '.join(lists.SYSTEMS)}: the owner by mail address, kinds of data separated by semicolons."),),
            why_not=why, then="All of them, or none if a line is wrong. Each owner has one mail."),
    )


def _fields(directory: Directory, names: Names, entry: Entry | None) -> tuple[v.Field, ...]:
    now: Any = entry.draft if entry else Draft("", "", "", "", "", frozenset())
    people = names.choices(tuple(p.id for p in directory.people.values() if p.may_write))
    levels = (v.Choice("", "choose"), *(v.Choice(each, each) for each in LEVELS))
    return (
        v.Field("name", "Name", value=now.name, required=True, hint="As people call it; unique among those in use."),
        v.Field("owner", "Owner", "select", value=now.owner, required=True, choices=(v.Choice("", "choose"), *people),
                hint="Who answers for it, and keeps this up to date."),
        *(v.Field(need, f"Need of {need}", "select", MEANS[need], getattr(now, need), required=True, choices=levels)
          for need in NEEDS),
        v.Field("data", "Data that it holds", "checkboxes", value=in_order(now.data), required=True,
                choices=tuple(v.Choice(kind, kind.replace("_", " "), means) for kind, means in DATA.items())),
        v.Field("description", "Description", "textarea", "What it does, and where it runs. Up to 2,000 characters.",
                now.description),
    )


@router.post("/systems")
def add(visit: Sender, form: Form) -> Response:
    """A system comes into the register."""
    visit.require(Action.WRITE, WHAT)
    with visit.portal.store.write() as tx:
        system = commands.add(tx, Draft(**_told(form)), visit.actor, When.at(visit.now))
    return visit.go(f"/systems/{system}", "It is in the register.")


def _told(form: Posted) -> dict[str, Any]:
    return {**{name: form.text(name) for name in FIELDS}, "data": frozenset(form.many("data"))}


@router.post("/systems/csv")
def add_many(visit: Sender, form: Form) -> Response:
    """Every system on the list, or none."""
    visit.require(Action.WRITE, WHAT)
    sent = form.form.get("file")
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise Wrong("file", "", "choose a CSV file")
    lines = lists.systems(lists.listed(sent), "file")
    with visit.portal.store.write() as tx:
        count = commands.add_all(tx, lines, "file", visit.actor, When.at(visit.now))
    return visit.go("/systems", "1 system is in the register now." if count == 1 else f"{count} systems are in the register now.")


@router.get("/systems/{system}")
def show(visit: Reader, system: str) -> Response:
    """What the register says of one system, and what it said before."""
    with visit.portal.store.read() as conn:
        page = _entry(conn, visit, system)
    return visit.page("registered.html", page, "Register")


def _entry(conn: Connection, visit: Visit, system: str) -> v.SystemEntry:
    row, names, zone = register.row(conn, system), Names(conn, visit.person), visit.person.zone
    entry = register.entry(row)
    retired = (v.Fact("Retired", local_day(row.retired_at, zone)),) if row.retired_at else ()
    facts = (*(v.Fact(need.capitalize(), getattr(row, need)) for need in NEEDS),
             v.Fact("Data", "; ".join(f"{kind.replace('_', ' ')} ({DATA[kind]})" for kind in in_order(entry.system.data))),
             v.Fact("In the register since", local_day(row.added_at, zone)), *retired)
    return v.SystemEntry(row.name, "retired" if entry.retired else "in use", row.description, names.who(row.owner), facts,
                         of_subject(conn, system, names, visit), _changes(conn, visit, names, entry))


def _changes(conn: Connection, visit: Visit, names: Names, entry: Entry) -> tuple[v.Action, ...]:
    if not visit.may(Action.WRITE) or entry.retired:
        return ()
    directory, url, version = offices.directory(conn, visit.now), f"/systems/{entry.system.id}", str(entry.version)
    able, keeper = may_change(directory, entry, visit.person.id), keeps(directory, visit.person.id)
    return (
        v.Action("change", "Change what the register says", f"{url}/change", _fields(directory, names, entry),
                 version=version, why_not="" if able else f"It takes {KEEPER}, or being the system's owner.",
                 then="The history keeps what it said before. Another owner is told, and so is the one before."),
        v.Action("retire", "Retire the system", f"{url}/retire", version=version, danger=True, reason_required=True,
                 why_not="" if keeper else f"It takes {KEEPER}.",
                 then="It can be chosen no more; what refers to it keeps it. Its name is free again. Can't be undone."),
    )


@router.post("/systems/{system}/change")
def change(visit: Sender, form: Form, system: str) -> Response:
    """What the register says of it changes."""
    visit.require(Action.WRITE, WHAT)
    with visit.portal.store.write() as tx:
        commands.change(tx, system, _told(form), form.version(), visit.actor, When.at(visit.now))
    return visit.go(f"/systems/{system}", "Done; it stands in the history.")


@router.post("/systems/{system}/retire")
def retire(visit: Sender, form: Form, system: str) -> Response:
    """It is out of use."""
    visit.require(Action.WRITE, WHAT)
    with visit.portal.store.write() as tx:
        commands.retire(tx, system, form.text("reason"), form.version(), visit.actor, When.at(visit.now))
    return visit.go(f"/systems/{system}", "It is retired; it stays here for what refers to it.")
