"""First run: the one-time link that `isms up` prints."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import available_timezones

from fastapi import APIRouter
from starlette.datastructures import UploadFile
from starlette.responses import Response

from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.times import When
from isms_workflow.engine.accounts import invitations, sessions
from isms_workflow.errors import IsmsError
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.founding import Founding, Newcomer, found, newcomers, once
from isms_workflow.portal.lists import listed
from isms_workflow.portal.pages.account import begun_session
from isms_workflow.portal.rendering import word
from isms_workflow.portal.visit import Anybody, Form, Posted, Visit
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Programme

router = APIRouter(route_class=Route)

EXAMPLE = """name,email,role,responsibilities
Dana Weber,dana@example.org,user,top_management
Ravi Singh,ravi@example.org,user,risk_owner;incident_responder
Ben Ito,ben@example.org,user,control_owner;process_owner;people_manager"""


@router.get("/setup/{token}")
def setup(visit: Anybody, token: str) -> Response:
    """The form, if the link is good; looking at it changes nothing."""
    _good(visit, token)
    return visit.page("setup.html", _page(token, parse(shipped())))


def _good(visit: Visit, token: str) -> None:
    """Raises `LinkSpent` unless the link is good: whoever guesses one makes us hash, read and write nothing."""
    with visit.portal.store.read() as conn:
        link = invitations.open_link(conn, token, visit.now)
    if link is None or link.purpose != "setup":
        raise invitations.LinkSpent()


@router.post("/setup/{token}")
def set_up(visit: Anybody, form: Form, token: str) -> Response:
    """Founds the organisation and signs its first administrator in; or shows the form with what was wrong."""
    _good(visit, token)
    programme = parse(shipped())
    try:
        told = _told(form, programme)
        found(visit.portal, token, told, When.at(visit.now))
    except invitations.LinkSpent:
        raise
    except IsmsError as error:
        return visit.page("setup.html", _refused(token, programme, form, error), status=422)
    return _signed_in(visit, told)


def _signed_in(visit: Visit, told: Founding) -> Response:
    begun = sessions.sign_in(visit.portal.store, told.admin.email, told.password, "", visit.now)
    return begun_session(visit, begun, "/people")


def _told(form: Posted, programme: Programme) -> Founding:
    known = programme.responsibilities
    upload = form.form.get("file")
    others = newcomers(form.text("people"), known)
    if isinstance(upload, UploadFile) and upload.filename:
        others = once((*others, *newcomers(listed(upload), known, "file")), "file")
    admin = Newcomer(form.text("name"), form.text("email"), "admin", form.many("responsibilities"))
    if admin.email.strip().lower() in {p.email for p in others}:
        raise Wrong("people", admin.email, "you are the first administrator already: leave yourself out of the list")
    return Founding(form.text("organisation"), form.text("zone"), form.text("country").strip().upper() or None,
                    form.text("subdivision").strip().upper() or None, admin, form.text("password"), others)


def _page(token: str, programme: Programme) -> v.Setup:
    return v.Setup(_action(token, programme), _held(programme), EXAMPLE)


def _refused(token: str, programme: Programme, form: Posted, error: IsmsError) -> v.Setup:
    fields = {f.name for f in _action(token, programme).fields}
    about = {"WeakPassword": "password", "UnknownZone": "zone", "UnknownHolidays": "country"}
    name = error.field if isinstance(error, Wrong) else about.get(type(error).__name__, "")
    action = replace(_action(token, programme), typed=form.typed(), errors={name if name in fields else "": str(error)})
    return v.Setup(action, _held(programme), EXAMPLE)


def _action(token: str, programme: Programme) -> v.Action:
    zones = tuple(v.Choice(name, name) for name in sorted(available_timezones()) if "/" in name or name == "UTC")
    duties = tuple(v.Choice(r.id, r.title) for r in programme.responsibilities.values())
    return v.Action("setup", "Set up the ISMS", f"/setup/{token}", main=True, fields=(
        v.Field("organisation", "Name of the organisation", required=True, group="The organisation"),
        v.Field("zone", "Time zone", choices=zones, value="UTC", required=True, group="The organisation",
                hint="An IANA name such as Europe/Vienna: due dates end at 17:00 there."),
        v.Field("country", "Country of the public holidays", group="The organisation",
                hint="Two letters, such as DE; leave it empty if none count."),
        v.Field("subdivision", "Region of the public holidays", group="The organisation", hint="Such as BY; optional."),
        v.Field("name", "Your name", required=True, autocomplete="name", group="The first administrator"),
        v.Field("email", "Your mail address", "email", required=True, autocomplete="username",
                group="The first administrator"),
        v.Field("password", "Your password", "password", "At least 12 characters; a few words are easiest.",
                required=True, autocomplete="new-password", group="The first administrator"),
        v.Field("responsibilities", "Your responsibilities", "checkboxes", choices=duties,
                hint="What you owe and decide beside administering. None is fine.", group="The first administrator"),
        v.Field("people", "People, one a line", "textarea", group="The others",
                hint="name, mail address, role, responsibilities separated by semicolons. Each gets an invitation."),
        v.Field("file", "Or a CSV file of the same form", "file", accept=".csv", group="The others"),
    ), then="Afterwards you are signed in. Everything but the organisation's founding can be changed later.")


def _held(programme: Programme) -> tuple[v.Held, ...]:
    return tuple(v.Held(r.id, r.title, does(programme, r.id)) for r in programme.responsibilities.values())


def does(programme: Programme, responsibility: str) -> str:
    """What a responsibility means for work: how many steps it owns, which gates it approves."""
    owned = sum(s.responsibility == responsibility for w in programme.workflows.values() for p in w.phases
                for s in p.steps)
    approves = [word(name) for w in programme.workflows.values() for name, gate in w.gates.items()
                if responsibility in gate.responsibilities]
    parts = [f"owns {owned} step{'s' if owned > 1 else ''}"] if owned else []
    answers = any(isinstance(w, IncidentWorkflow) and responsibility in w.responders for w in programme.workflows.values())
    return ", ".join([*(["answers incidents"] if answers else []), *parts,
                      *([f"approves {', '.join(approves)}"] if approves else [])]) or "is told"
