"""Links and API tokens on a person's page: what was given out, what of it still works, and how it is ended."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from isms_workflow.domain.access import Action
from isms_workflow.domain.refusals import NotYours, Wrong
from isms_workflow.engine.accounts import invitations, tokens
from isms_workflow.portal import views as v
from isms_workflow.portal.dates import end_of_day
from isms_workflow.portal.visit import Posted, Visit
from isms_workflow.store.database import Transaction

SCOPE_SAYS = {"read": "look", "report": "incidents, in your name", "write": "steps, comments, evidence", "decide": "gates, in your name",
              "audit": "history and access log", "admin": "accounts, roles and responsibilities"}

CALENDAR = "calendar"


def lines(conn: Connection, visit: Visit, person: str) -> tuple[v.Token, ...]:
    """The newest links, for administrators; the tokens, for the person too."""
    links = _links(conn, visit, person) if visit.may(Action.ADMIN) else ()
    mine = person == visit.person.id or visit.may(Action.ADMIN)
    return (*links, *(_tokens(conn, visit, person) if mine else ()))


def _links(conn: Connection, visit: Visit, person: str) -> tuple[v.Token, ...]:
    found = []
    for row in invitations.links_of(conn, person)[:5]:
        state = ("spent" if row.used_at else "withdrawn" if row.withdrawn_at else
                 "expired" if row.expires_at <= visit.now else "unused")
        withdraw = v.Action(f"withdraw-{row.id}", "Withdraw", f"/people/{person}/withdraw", hidden=(("link", row.id),))
        what = "invitation" if row.purpose == "invite" else "new password"
        found.append(v.Token(what, state, row.made_at, row.expires_at,
                             withdraw if state == "unused" and visit.may(Action.DELETE) else None))
    return tuple(found)


def _tokens(conn: Connection, visit: Visit, person: str) -> tuple[v.Token, ...]:
    found = []
    for row in tokens.tokens_of(conn, person)[:20]:
        state = "revoked" if row.revoked_at else "expired" if row.expires_at <= visit.now else "active"
        revoke = v.Action(f"token-{row.id}", "Revoke", f"/people/{person}/end-token", hidden=(("token", row.id),))
        what = "Calendar address" if row.scopes == [CALENDAR] else "API token"
        found.append(v.Token(f"{what}: {row.name or '(erased)'} ({', '.join(row.scopes)})", state, row.made_at,
                             row.expires_at, revoke if state == "active" else None))
    return tuple(found)


def action(visit: Visit) -> v.Action:
    """The form for a token of one's own."""
    able = tuple(v.Choice(scope, scope, SCOPE_SAYS[scope]) for scope, right in tokens.SCOPES.items()
                 if scope in SCOPE_SAYS and visit.may(right))
    return v.Action("token", "Make an API token", f"/people/{visit.person.id}/token", (
        v.Field("name", "What it is for", required=True, hint="Such as: nightly export."),
        v.Field("scopes", "What it may do", "checkboxes", choices=able),
        v.Field("ends", "Ends on", "date", f"Within {tokens.LONGEST.days} days.", required=True)),
        then="It acts in your name, within what your role and responsibilities allow. It is shown once.")


def calendar(visit: Visit) -> v.Action:
    """The form for an address of one's own deadlines."""
    return v.Action("calendar", "Make a calendar address", f"/people/{visit.person.id}/calendar", (
        v.Field("name", "What it is for", required=True, hint="Such as: the calendar on my phone."),),
        then="Whoever has the address sees your deadlines, without their titles where few may see the case. It is shown "
             "once, works for a year, and can be revoked here.")


def subscribe(tx: Transaction, visit: Visit, form: Posted, person: str) -> str:
    """An address of one's own deadlines; it is shown once. Raises `NotYours`, `Wrong`."""
    if person != visit.person.id:
        raise NotYours("a calendar address", "make", "the person whose deadlines it tells")
    made = tokens.issue(tx, form.text("name"), (CALENDAR,), visit.now + timedelta(days=365), visit.actor, visit.now)
    return f"{visit.portal.settings.public_url}/calendar/{made.secret}.ics"


def issue(tx: Transaction, visit: Visit, form: Posted, person: str) -> str:
    """A token of one's own; its secret, which is shown once. Raises `NotYours`, `Wrong`."""
    if person != visit.person.id:
        raise NotYours("an API token", "make", "the person in whose name it acts")
    ends = end_of_day(tx, form.text("ends"), "ends")
    if ends is None:
        raise Wrong("ends", "", "give a date such as 2026-03-12")
    return tokens.issue(tx, form.text("name"), form.many("scopes"), ends, visit.actor, visit.now).secret


def revoke(tx: Transaction, visit: Visit, form: Posted, person: str) -> None:  # noqa: ARG001  # one shape for all changes
    """Ends a token at once. Raises `NotPermitted`, `Unknown`."""
    tokens.revoke(tx, form.text("token"), visit.actor, visit.now)


def withdraw(tx: Transaction, visit: Visit, form: Posted, person: str) -> None:  # noqa: ARG001
    """Ends a link that wasn't used yet. Raises `NotPermitted`, `LinkSpent`."""
    invitations.withdraw(tx, form.text("link"), visit.actor, visit.now)
