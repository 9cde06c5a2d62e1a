"""One request by one reader: who they are, what surrounds their page, and how they are answered."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import Depends, Request
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from isms_workflow.domain.access import Action, may_see, permits, require, require_sight, strictest
from isms_workflow.domain.people import Actor, Person
from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.views import CaseView
from isms_workflow.engine.accounts import sessions
from isms_workflow.errors import IsmsError
from isms_workflow.portal import uploads
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Later
from isms_workflow.portal.circle import people_of
from isms_workflow.portal.deps import Portal
from isms_workflow.portal.rendering import render
from isms_workflow.portal.surroundings import alive, menu, organisation, within, zone
from isms_workflow.portal.texts import KEEPABLE, storable
from isms_workflow.portal.views.forms import Typed
from isms_workflow.store.files import MIB

SESSION = "isms_session"
FLASH = "isms_flash"
REPORT = v.Link("Report an incident", "/incidents/report")


class SignInNeeded(IsmsError):
    """Nobody is signed in; the reader is led to the sign-in page and back."""

    status = 401

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return "Sign in first."


class Forged(IsmsError):
    """A form that this session was never given."""

    status = 403

    def __str__(self) -> str:
        return "This form is not of your session: open the page again, then send it."


@dataclass(frozen=True)
class Visit:
    """A request with its reader; `session` is None while nobody is signed in."""

    request: Request
    portal: Portal
    now: datetime
    session: sessions.SessionView | None

    @property
    def person(self) -> Person:
        """The reader. Raises `SignInNeeded`."""
        if self.session is None:
            query = self.request.url.query
            raise SignInNeeded(self.request.url.path + (f"?{query}" if query else ""))
        return self.session.person

    @property
    def actor(self) -> Actor:
        """The reader, acting in the portal."""
        return Actor(self.person.id, "portal")

    def may(self, action: Action) -> bool:
        """Whether the reader's access role has this right."""
        return permits(self.person.role, action)

    def require(self, action: Action, what: str) -> None:
        """Raise `NotPermitted` unless the reader's access role has this right."""
        require(self.person, action, what)

    def sees(self, conn: Connection, view: CaseView, label: str | None = None) -> bool:
        """Whether labels and role let the reader see a case, or something in it with a label of its own."""
        labels = {view.case.label, label or view.case.label}
        if all(may_see(self.person, each, is_case_person=False) for each in labels):
            return True
        inside = self.person.id in people_of(conn, view, self.now)
        return all(may_see(self.person, each, inside) for each in labels)

    def require_sight(self, conn: Connection, view: CaseView, what: str, name: str, label: str | None = None) -> None:
        """Raise unless the reader may see it; something restricted reads like something that isn't there."""
        if self.sees(conn, view, label):
            return
        self.request.state.denied = True
        narrow = strictest(view.case.label, label or view.case.label)  # what is restricted is never called confidential
        require_sight(self.person, narrow, self.person.id in people_of(conn, view, self.now), what, name)

    def sees_everybodys(self, label: str | None) -> bool:
        """Whether a label alone lets the reader see it, so that nobody needs to ask who the people of the case are."""
        return label is not None and may_see(self.person, label, is_case_person=False)

    def frame(self, current: str = "") -> v.Frame:
        """What surrounds a page, with the menu's current entry."""
        store, flash = self.portal.store, self._flash()
        with store.read() as conn:
            name = organisation(conn)
            if self.session is None:
                return v.Frame(self.now, zone(conn), name, "", flash=flash)
            return v.Frame(
                self.now, self.person.zone, name, self.session.csrf,
                v.Link(self.session.name, f"/people/{self.person.id}"), menu(self.person, current),
                alive(conn, self), flash, within=within(self.person, current), report=REPORT if self.may(Action.REPORT) else None, search_url="/search")

    def page(self, template: str, view: object, current: str = "", status: int = 200) -> Response:
        """A page for this reader."""
        response = HTMLResponse(render(template, view, self.frame(current)), status)
        if FLASH in self.request.cookies:
            response.delete_cookie(FLASH, path="/")
        return response

    def go(self, url: str, done: str = "", tone: str = "good") -> Response:
        """After a POST: to the page that shows what was done, and says it once."""
        response = RedirectResponse(url, 303)
        if done and self.session:
            said = URLSafeSerializer(self.session.csrf, salt=FLASH).dumps([tone, done])
            response.set_cookie(FLASH, said, path="/", httponly=True, samesite="lax", max_age=60, secure=self.is_https)
        return response

    @property
    def is_https(self) -> bool:
        """Whether the portal's public address is encrypted."""
        return self.portal.settings.public_url.startswith("https://")

    def _flash(self) -> v.Flash | None:
        said = self.request.cookies.get(FLASH)
        if not said or self.session is None:
            return None
        try:
            tone, text = URLSafeSerializer(self.session.csrf, salt=FLASH).loads(said)
        except BadSignature:
            return None
        return v.Flash(tone, text)


@dataclass(frozen=True)
class Posted:
    """A form that was sent; every field reads as text, absent ones as empty."""

    form: FormData

    def text(self, name: str) -> str:
        """One field."""
        value = self.form.get(name)
        return value if isinstance(value, str) else ""

    def many(self, name: str) -> tuple[str, ...]:
        """A field that may stand several times."""
        return tuple(value for value in self.form.getlist(name) if isinstance(value, str))

    def version(self) -> int | None:
        """The version of the row that the form showed. Raises `Wrong` if it is no number."""
        return self.number("version")

    def number(self, name: str) -> int | None:
        """A whole number; None where the field is empty. Raises `Wrong`."""
        text = self.text(name)
        if not text:
            return None
        if not text.isdecimal() or len(text) > 9:
            raise Wrong(name, text, "a whole number")
        return int(text)

    def typed(self) -> Mapping[str, Typed]:
        """What was typed, to be shown again."""
        return {name: self.many(name) if len(self.many(name)) > 1 else self.text(name) for name in self.form}


def visit(request: Request) -> Visit:
    """The request's visit; the reader is whoever the session's cookie names."""
    portal: Portal = request.app.state.portal
    now, found = portal.now(), None
    if token := request.cookies.get(SESSION):
        found = portal.store.ask(lambda conn: sessions.session(conn, token, now))
    request.state.person = found.person.id if found else None
    return Visit(request, portal, now, found)


def reader(request: Request) -> Visit:
    """A visit of somebody who is signed in. Raises `SignInNeeded`."""
    found = visit(request)
    _ = found.person
    return found


async def posted(request: Request) -> Posted:
    """The form, files spooled to disk; the guard stops what is too large. Raises `Wrong` for text that can't be kept."""
    if uploads.is_read_to_the_end(request):
        portal: Portal = request.app.state.portal
        known = (await run_in_threadpool(visit, request)).session is not None
        form = await uploads.form(request, portal.settings.evidence_max_mib * MIB + 1 if known else 0)
    else:
        form = await request.form(max_files=3, max_fields=500)
    for name, value in form.multi_items():
        if not storable(name) or (isinstance(value, str) and not storable(value)):
            raise Wrong(ascii(name[:40]), "", KEEPABLE)
    request.state.posted = Posted(form)
    return request.state.posted  # type: ignore[no-any-return]


def sender(request: Request, form: Posted) -> Visit:
    """A visit of somebody who sent a form of their own session. Raises `SignInNeeded`, `Forged`."""
    found = reader(request)
    assert found.session is not None  # reader() saw to it
    if not hmac.compare_digest(form.text("csrf").encode(), found.session.csrf.encode()):
        raise Forged()
    return found


async def _anybody(request: Request) -> Later[Visit]:
    return Later(partial(visit, request))


async def _reader(request: Request) -> Later[Visit]:
    return Later(partial(reader, request))


async def _sender(request: Request, form: Annotated[Posted, Depends(posted)]) -> Later[Visit]:
    """The form is read first: whoever's session ended meanwhile is shown what they typed."""
    return Later(partial(sender, request, form))


Anybody = Annotated[Visit, Depends(_anybody)]
Reader = Annotated[Visit, Depends(_reader)]
Sender = Annotated[Visit, Depends(_sender)]
Form = Annotated[Posted, Depends(posted)]
