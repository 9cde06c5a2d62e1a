"""The page behind a mail's link: one press acknowledges the incident, without signing in. Opening it changes nothing."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from isms_workflow.engine import mail_links
from isms_workflow.engine.mail_links import ForeignLink, MailLinkSpent, Offer
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.names import case_url
from isms_workflow.portal.security import address
from isms_workflow.portal.visit import Anybody, Visit

router = APIRouter(route_class=Route)


@router.get("/acknowledge/{token}")
def show(visit: Anybody, token: str) -> Response:
    """Which incident, and what pressing does; no more of it than its severity, and its title to whoever may see it."""
    try:
        with visit.portal.store.read() as conn:
            found = mail_links.offer(conn, token, _reader(visit), visit.now)
    except (MailLinkSpent, ForeignLink) as error:
        return _refused(visit, error)
    action = v.Action("acknowledge", "Acknowledge: I see to it", f"/acknowledge/{token}", main=True, then=(
        f"You give your word that you see to it. The escalation stands still for {found.holds}; the response clock runs on."))
    return visit.page("acknowledge.html", _page(visit, found, action, ""))


@router.post("/acknowledge/{token}")
def press(visit: Anybody, token: str) -> Response:
    """Acknowledges as the link's reader, and uses it up."""
    try:
        found = mail_links.acknowledge(visit.portal.store, token, _reader(visit), address(visit.request, visit.portal), visit.now)
    except (MailLinkSpent, ForeignLink) as error:
        return _refused(visit, error)
    visit.request.state.person = found.person
    says = f"You see to it: the escalation stands still for {found.holds}, then you are asked whether that holds."
    return visit.page("acknowledge.html", _page(visit, found, None, says))


def _reader(visit: Visit) -> str | None:
    return visit.session.person.id if visit.session else None


def _page(visit: Visit, found: Offer, action: v.Action | None, says: str) -> v.Acknowledge:
    return v.Acknowledge(found.reference, found.severity, found.title, action, found.expires_at, says,
                         _onward(visit, found.reference), found.is_exercise)


def _refused(visit: Visit, error: MailLinkSpent | ForeignLink) -> Response:
    """Why not, and the way to the incident itself."""
    page = v.Acknowledge(error.reference, "", "", None, None, str(error), _onward(visit, error.reference))
    return visit.page("acknowledge.html", page, status=error.status)


def _onward(visit: Visit, reference: str) -> v.Link:
    to = case_url(reference) if reference else "/"
    if visit.session:
        return v.Link("Open the incident" if reference else "My work", to)
    return v.Link("Sign in and open the incident" if reference else "Sign in", f"/login?next={quote(to)}")
