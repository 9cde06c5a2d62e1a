"""Signing in and out, and choosing a password by a single-use link."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from starlette.responses import Response

from isms_workflow.engine.accounts import invitations, sessions
from isms_workflow.errors import IsmsError
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.security import address
from isms_workflow.portal.texts import retry_after
from isms_workflow.portal.visit import SESSION, Anybody, Form, Sender, Visit

router = APIRouter(route_class=Route)

MAIL = v.Field("email", "Mail address", "email", required=True, autocomplete="username")
PASSWORD = v.Field("password", "Password", "password", required=True, autocomplete="current-password")
SENT = "If somebody has an account with this address, a link is on its way. It works for two hours."


def _signin(to: str) -> v.Action:
    return v.Action("signin", "Sign in", "/login", (MAIL, PASSWORD), main=True, hidden=(("next", to),))


@router.get("/login")
def login(visit: Anybody) -> Response:
    """The sign-in page."""
    if visit.session:
        return visit.go("/")
    return visit.page("login.html", v.Login(_signin(_inside(visit.request.query_params.get("next", "/"))),
                                            v.Link("Forgot your password?", "/reset")))


@router.post("/login")
def sign_in(visit: Anybody, form: Form) -> Response:
    """Begins a session, or says why not, without telling which part was wrong."""
    to = _inside(form.text("next"))
    try:
        begun = sessions.sign_in(visit.portal.store, form.text("email"), form.text("password"),
                                 address(visit.request, visit.portal), visit.now)
    except IsmsError as error:
        visit.request.state.denied = True
        action = replace(_signin(to), typed={"email": form.text("email")}, errors={"": str(error)})
        refusal = visit.page("login.html", v.Login(action, v.Link("Forgot your password?", "/reset")), status=error.status)
        refusal.headers.update(retry_after(error))
        return refusal
    visit.request.state.person = begun.person
    return begun_session(visit, begun, to)


def begun_session(visit: Visit, begun: sessions.SignedIn, to: str) -> Response:
    """Leads somebody who has just signed in to a page, with their session's cookie."""
    response = visit.go(to)
    response.set_cookie(SESSION, begun.token, path="/", httponly=True, samesite="lax", secure=visit.is_https,
                        expires=begun.expires_at)
    return response


@router.post("/logout")
def sign_out(visit: Sender) -> Response:
    """Ends the session."""
    with visit.portal.store.write() as tx:
        sessions.revoke(tx, visit.request.cookies[SESSION], visit.now)
    response = visit.go("/login")
    response.delete_cookie(SESSION, path="/")
    return response


@router.get("/reset")
def reset(visit: Anybody) -> Response:
    """Asks for the address that a new link goes to."""
    return visit.page("reset_request.html", v.ResetRequest(v.Action("reset", "Send me a link", "/reset", (MAIL,), main=True)))


@router.post("/reset")
def request_reset(visit: Anybody, form: Form) -> Response:
    """Sends a link, and says the same whether or not somebody has this address."""
    invitations.request_reset(visit.portal.store, form.text("email"), address(visit.request, visit.portal),
                              visit.portal.settings.public_url, visit.now)
    return visit.page("reset_request.html", v.ResetRequest(None, SENT))


@router.get("/invitation/{token}")
def invitation(visit: Anybody, token: str) -> Response:
    """What the link opens; looking at it changes nothing."""
    page = _invitation(visit, token)
    return visit.page("invitation.html", page, status=200 if page.form else 410)


def _invitation(visit: Visit, token: str, error: str = "") -> v.Invitation:
    with visit.portal.store.read() as conn:
        found = invitations.open_link(conn, token, visit.now)
    if found is None or found.person is None:
        return v.Invitation("", None, None, "This link was used already, replaced, or has expired. Ask an administrator "
                                            "for a new one, or use “Forgot your password?”.")
    fields = (replace(MAIL, value=found.email, readonly=True),
              v.Field("password", "New password", "password", "At least 12 characters; a few words are easiest.",
                      required=True, autocomplete="new-password"))
    action = v.Action("accept", "Set the password and sign in", f"/invitation/{token}", fields, main=True,
                      errors={"password": error} if error else {})
    return v.Invitation(found.name, action, found.expires_at)


@router.post("/invitation/{token}")
def accept(visit: Anybody, form: Form, token: str) -> Response:
    """Sets the password, uses the link up, and signs in."""
    try:
        person = invitations.accept(visit.portal.store, token, form.text("password"), visit.now)
    except IsmsError as error:
        return visit.page("invitation.html", _invitation(visit, token, str(error)), status=error.status)
    with visit.portal.store.write() as tx:
        begun = sessions.begin(tx, person, visit.now)
    return begun_session(visit, begun, "/")


def _inside(url: str) -> str:
    """Only our own pages are led to."""
    return url if url.startswith("/") and not url.startswith(("//", "/\\")) else "/"
