"""People: accounts, invitations, roles, responsibilities, deputies, delegations, deactivation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fastapi import APIRouter
from sqlalchemy import Connection, select
from starlette.datastructures import UploadFile
from starlette.responses import Response

from isms_workflow.domain.access import ROLES, Action
from isms_workflow.domain.people import Directory
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.domain.times import When
from isms_workflow.engine import offices, programmes
from isms_workflow.engine.accounts import invitations, sessions
from isms_workflow.engine.commands import people as commands
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.dates import end_of_day, start_of_day, zone
from isms_workflow.portal.founding import admit, newcomers
from isms_workflow.portal.history import by_person, of_subject
from isms_workflow.portal.lists import listed
from isms_workflow.portal.names import Names
from isms_workflow.portal.pages import tokens
from isms_workflow.portal.pages.setup import does
from isms_workflow.portal.visit import Form, Posted, Reader, Sender, Visit
from isms_workflow.programme.model import Programme
from isms_workflow.store.database import Transaction
from isms_workflow.store.tables import delegations
from isms_workflow.store.tables import people as table

router = APIRouter(prefix="/people", route_class=Route)
ONLY_ADMIN = "Only an administrator manages accounts, roles and responsibilities."
ROLE_SAYS = {"admin": "does and decides, and manages accounts", "user": "does and decides",
             "auditor": "looks, and opens history and access log", "guest": "looks"}
ROLE_CHOICES = tuple(v.Choice(role, role, ROLE_SAYS[role]) for role in ROLES)


@router.get("")
def listing(visit: Reader) -> Response:
    """Who has an account, who holds what, and what nobody holds."""
    with visit.portal.store.read() as conn:
        page = _people(conn, visit)
    return visit.page("people.html", page, "People")


def again(conn: Connection, visit: Visit, path: Sequence[str]) -> tuple[str, v.People | v.Person, str]:
    """The page of everybody or of one, for a form on it that was refused: template, view, menu entry."""
    if len(path) < 2:
        return "people.html", _people(conn, visit), "People"
    return "person.html", _person(conn, visit, path[0], "", ""), "People"


def _people(conn: Connection, visit: Visit) -> v.People:
    programme, names = programmes.in_force(conn).programme, Names(conn, visit.person)
    directory, seen = offices.directory(conn, visit.now), sessions.last_sign_ins(conn)
    rows = conn.execute(select(table).where(table.c.erased_at.is_(None)).order_by(table.c.name)).all()
    lines = tuple(v.PersonLine(
        names.who(r.id), _address(visit, r.id, r.email) or "", r.role,
        tuple(_title(programme, h.responsibility) for h in directory.holdings if h.person == r.id),
        _deputy(directory, names, r.id), _state(r, visit.now), seen.get(r.id)) for r in rows)
    held = tuple(v.Held(r.id, r.title, does(programme, r.id), tuple(names.who(p) for p in directory.holders(r.id)))
                 for r in programme.responsibilities.values())
    columns = tuple(v.Column(c) for c in ("Name", "Access role", "Responsibilities", "Deputy", "State", "Last signed in"))
    found = v.Listing("people", columns, lines, v.Empty("Nobody.", "Invite the first."), says=f"{len(lines)} people")
    why = "" if visit.may(Action.ADMIN) else ONLY_ADMIN
    return v.People(found, held, _invite(programme, why), _csv(why))


def _address(visit: Visit, person: str, address: str | None) -> str | None:
    """A mail address, for administrators and the person; as in the API."""
    return address if person == visit.person.id or visit.may(Action.ADMIN) else None


def _title(programme: Programme, responsibility: str) -> str:
    known = programme.responsibilities.get(responsibility)
    return known.title if known else responsibility


def _deputy(directory: Directory, names: Names, person: str) -> v.Who | None:
    return next((names.who(d.deputy) for d in directory.deputies if d.person == person), None)


def _state(row: object, now: datetime) -> str:
    deactivated, ends, password = (getattr(row, n) for n in ("deactivated_at", "ends_at", "password"))
    if deactivated is not None or (ends is not None and ends <= now):
        return "deactivated"
    return "active" if password else "invited"


def _invite(programme: Programme, why: str) -> v.Action:
    duties = tuple(v.Choice(r.id, r.title) for r in programme.responsibilities.values())
    return v.Action("invite", "Invite a person", "/people", (
        v.Field("name", "Name", required=True), v.Field("email", "Mail address", "email", required=True),
        v.Field("role", "Access role", "radios", value="user", required=True, choices=ROLE_CHOICES),
        v.Field("responsibilities", "Responsibilities", "checkboxes", choices=duties),
        v.Field("ends", "Account ends on", "date", "For external auditors; empty: it doesn't end."),
        v.Field("handover", "Show me the link instead of mailing it", "checkbox", "The record says which.")),
        why_not=why, then="They get a single-use link, valid for 7 days, and choose their own password.")


def _csv(why: str) -> v.Action:
    return v.Action("csv", "Invite many from a CSV file", "/people/csv", (
        v.Field("file", "CSV file", "file", "name, mail address, role, responsibilities separated by semicolons.",
                accept=".csv", required=True),), why_not=why, then="All of them, or none if a line is wrong.")


@router.post("")
def invite(visit: Sender, form: Form) -> Response:
    """An account, its responsibilities, and a link to choose a password."""
    visit.require(Action.ADMIN, "Inviting somebody")
    when = When.at(visit.now)
    with visit.portal.store.write() as tx:
        person = commands.add(tx, form.text("name"), form.text("email"), form.text("role"), zone(tx),
                              end_of_day(tx, form.text("ends"), "ends"), visit.actor, when)
        for responsibility in form.many("responsibilities"):
            commands.grant(tx, person, responsibility, visit.actor, when)
        link = invitations.invite(tx, person, "link" if form.text("handover") else "mail",
                                  visit.portal.settings.public_url, visit.actor, visit.now)
    return _shown(visit, person, link.url) if link.url else visit.go("/people", "The invitation is on its way.")


@router.post("/csv")
def invite_many(visit: Sender, form: Form) -> Response:
    """Everybody on the list, or nobody."""
    visit.require(Action.ADMIN, "Inviting people")
    sent = form.form.get("file")
    if not isinstance(sent, UploadFile) or not sent.filename:
        raise Wrong("file", "", "choose a CSV file")
    text, when = listed(sent), When.at(visit.now)
    with visit.portal.store.write() as tx:
        found = newcomers(text, programmes.in_force(tx).programme.responsibilities, "file")
        for each in found:
            person = admit(tx, each, zone(tx), visit.actor, when)
            invitations.invite(tx, person, "mail", visit.portal.settings.public_url, visit.actor, visit.now)
    if not found:
        raise Wrong("file", sent.filename, "a line for each person: name, mail address, role, responsibilities")
    return visit.go("/people", f"{len(found)} invitations are on their way.")


@router.get("/{person}")
def show(visit: Reader, person: str) -> Response:
    """One person's account, and what may be done with it."""
    return _shown(visit, person)


def _shown(visit: Visit, person: str, link: str = "", secret: str = "") -> Response:
    with visit.portal.store.read() as conn:
        page = _person(conn, visit, person, link, secret)
    return visit.page("person.html", page, "People")


def _person(conn: Connection, visit: Visit, person: str, link: str, secret: str) -> v.Person:
    row = conn.execute(select(table).where(table.c.id == person)).first()
    if row is None:
        raise Unknown("person", person)
    programme, names, directory = (programmes.in_force(conn).programme, Names(conn, visit.person),
                                   offices.directory(conn, visit.now))
    address = _address(visit, person, row.email or "(erased)")
    facts = [*((v.Fact("Mail", address),) if address else ()), v.Fact("Access role", f"{row.role}: {ROLE_SAYS[row.role]}"),
             v.Fact("Zone", row.zone)]
    if person == visit.person.id:
        facts.append(v.Fact("Notifications", "how you are told", "/notifications"))
    if row.ends_at:
        facts.append(v.Fact("Account ends", f"{row.ends_at:%Y-%m-%d %H:%M} UTC"))
    held = tuple(v.HeldBy(_title(programme, h.responsibility), h.granted_at, names.who(h.granted_by),
                          remove=_revoke(visit, person, h.responsibility))
                 for h in directory.holdings if h.person == person)
    return v.Person(row.name or "(erased)", _state(row, visit.now), tuple(facts), held,
                    _delegations(conn, visit, person, names), of_subject(conn, person, names, visit),
                    _deputy(directory, names, person), tokens.lines(conn, visit, person), link,
                    _actions(visit, programme, directory, names, row), secret=secret,
                    done=by_person(conn, person, names, visit) if person == visit.person.id else None)


def _revoke(visit: Visit, person: str, responsibility: str) -> v.Action | None:
    if not visit.may(Action.ADMIN):
        return None
    return v.Action(f"revoke-{responsibility}", "Revoke", f"/people/{person}/revoke",
                    hidden=(("responsibility", responsibility),))


def _delegations(conn: Connection, visit: Visit, person: str, names: Names) -> tuple[v.Delegation, ...]:
    rows = conn.execute(select(delegations).where((delegations.c.person == person) | (delegations.c.delegate == person))
                        .order_by(delegations.c.starts_at.desc())).all()
    return tuple(v.Delegation(
        names.who(r.person), names.who(r.delegate), r.starts_at, r.ends_at,
        "revoked" if r.revoked_at else "ended" if r.ends_at <= visit.now else "active",
        end=v.Action(f"end-{r.id}", "End it now", f"/people/{person}/undelegate", hidden=(("delegation", r.id),))
        if not r.revoked_at and r.ends_at > visit.now and (visit.may(Action.ADMIN) or r.person == visit.person.id) else None)
        for r in rows)


def _actions(visit: Visit, programme: Programme, directory: Directory, names: Names, row: object) -> tuple[v.Action, ...]:
    person, version = str(getattr(row, "id")), str(getattr(row, "version"))  # noqa: B009  # a row's columns are no attributes
    url, why = f"/people/{person}", "" if visit.may(Action.ADMIN) else ONLY_ADMIN
    own = person == visit.person.id
    others = names.choices(tuple(p.id for p in directory.people.values() if p.may_write and p.id != person))
    free = tuple(v.Choice(r.id, r.title) for r in programme.responsibilities.values()
                 if not directory.holds(person, r.id))
    found = [
        v.Action("grant", "Grant a responsibility", f"{url}/grant",
                 (v.Field("responsibility", "Responsibility", "select", choices=free, required=True),), why_not=why,
                 then="ISMS manager and top management are told."),
        v.Action("deputy", "Name the deputy", f"{url}/deputy",
                 (v.Field("deputy", "Deputy", "select", choices=(v.Choice("", "nobody"), *others)),),
                 why_not="" if own else why, then="Stands in for the steps; decides no gate. They are told."),
    ]
    if own:
        found.append(v.Action("delegate", "Let somebody decide for you", f"{url}/delegate", (
            v.Field("to", "Who", "select", choices=others, required=True),
            v.Field("from", "From", "date", required=True), v.Field("until", "Until and including", "date", required=True)),
            then="They are told. The record says “X for you”; your own decision makes theirs void."))
        found += [tokens.action(visit), tokens.calendar(visit)]
    if visit.may(Action.ADMIN):
        found += [
            v.Action("role", "Change the access role", f"{url}/role",
                     (v.Field("role", "Access role", "radios", choices=ROLE_CHOICES, required=True,
                              value=str(getattr(row, "role"))),), version=version),  # noqa: B009
            v.Action("invite", "Send a new link", f"{url}/invite",
                     (v.Field("handover", "Show me the link instead of mailing it", "checkbox"),),
                     then="Earlier links end. They choose their own password by it."),
            v.Action("deactivate", "Deactivate the account", f"{url}/deactivate", danger=True,
                     then="Open steps change hands at once; both sides are told. The history stays."),
        ]
        if getattr(row, "deactivated_at"):  # noqa: B009
            found.append(v.Action("erase", "Erase personal data", f"{url}/erase", danger=True,
                                  then="Name, address and texts beside the history go; what proves decisions stays. "
                                       "Can't be undone."))
    return tuple(found)


@router.post("/{person}/{event}")
def change(visit: Sender, form: Form, person: str, event: str) -> Response:
    """One change of an account; each tells whom it concerns."""
    if event not in CHANGES:
        raise Unknown("change", event)
    if event not in ONES_OWN:
        visit.require(Action.ADMIN, "Managing people")
    with visit.portal.store.write() as tx:
        once = CHANGES[event](tx, visit, form, person) or ""
    if event in ("token", "calendar"):
        return _shown(visit, person, secret=once)
    return _shown(visit, person, once) if once else visit.go(f"/people/{person}", "Done; it stands in the history.")


def _grant(tx: Transaction, visit: Visit, form: Posted, person: str) -> None:
    commands.grant(tx, person, form.text("responsibility"), visit.actor, When.at(visit.now))


def _revoked(tx: Transaction, visit: Visit, form: Posted, person: str) -> None:
    commands.revoke(tx, person, form.text("responsibility"), visit.actor, When.at(visit.now))


def _role(tx: Transaction, visit: Visit, form: Posted, person: str) -> None:
    commands.change_role(tx, person, form.text("role"), form.version(), visit.actor, When.at(visit.now))


def _name_deputy(tx: Transaction, visit: Visit, form: Posted, person: str) -> None:
    commands.name_deputy(tx, person, form.text("deputy") or None, visit.actor, When.at(visit.now))


def _delegate(tx: Transaction, visit: Visit, form: Posted, person: str) -> None:
    starts, ends = start_of_day(tx, form.text("from"), "from"), end_of_day(tx, form.text("until"), "until")
    if starts is None or ends is None:
        raise Wrong("until", "", "give both dates")
    commands.delegate(tx, person, form.text("to"), starts, ends, visit.actor, When.at(visit.now))


def _undelegate(tx: Transaction, visit: Visit, form: Posted, person: str) -> None:  # noqa: ARG001  # one shape for all
    commands.undelegate(tx, form.text("delegation"), visit.actor, When.at(visit.now))


def _deactivate(tx: Transaction, visit: Visit, form: Posted, person: str) -> None:  # noqa: ARG001
    commands.deactivate(tx, person, visit.actor, When.at(visit.now))


def _erase(tx: Transaction, visit: Visit, form: Posted, person: str) -> None:  # noqa: ARG001
    commands.erase(tx, person, visit.actor, When.at(visit.now))


def _reinvite(tx: Transaction, visit: Visit, form: Posted, person: str) -> str | None:
    return invitations.invite(tx, person, "link" if form.text("handover") else "mail", visit.portal.settings.public_url,
                              visit.actor, visit.now).url


CHANGES = {"grant": _grant, "revoke": _revoked, "role": _role, "deputy": _name_deputy, "delegate": _delegate,
           "undelegate": _undelegate, "deactivate": _deactivate, "erase": _erase, "invite": _reinvite, "withdraw": tokens.withdraw,
           "token": tokens.issue, "calendar": tokens.subscribe, "end-token": tokens.revoke}
ONES_OWN = ("deputy", "delegate", "undelegate", "token", "calendar", "end-token")
"""What people change of their own account; the commands see to it that it is theirs, or they are administrators."""
