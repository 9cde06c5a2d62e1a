"""Refusals and failures as pages: what was wrong, where, what next, and a reference that the log has too."""

from __future__ import annotations

import logging
from secrets import token_hex
from urllib.parse import quote

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from isms_workflow.domain.refusals import DigestChanged, Moved
from isms_workflow.errors import IsmsError
from isms_workflow.portal import again, stale
from isms_workflow.portal import views as v
from isms_workflow.portal.rendering import render
from isms_workflow.portal.texts import retry_after, unsecret
from isms_workflow.portal.visit import Posted, SignInNeeded, Visit, visit

log = logging.getLogger(__name__)

TITLES = {401: "Sign in first", 403: "Not for you", 404: "Not found", 409: "Not possible now", 410: "This link is spent",
          413: "Too large", 422: "Something isn't right", 429: "Too many tries", 503: "The database is away", 507: "The disk is full"}
NEXT = {401: "Your session has ended. Keep what you typed, sign in, and send it again: nothing of it was written.",
        403: "If you should be able to, ask an administrator to look at your role and responsibilities.",
        404: "Check the address, or search for the reference.",
        409: "Go back, look at what is there now, and decide anew.",
        422: "Go back, correct it, and send it again.",
        503: "Nothing was written. Try again in a minute; if it stays, tell the operator the reference below."}
HIDDEN = ("csrf", "version", "digest", "round", "password", "file", "token", "link", "next")


def install(app: FastAPI) -> None:
    """Every error of ours becomes a page; what is unforeseen reaches the guard, which asks for its page."""
    app.add_exception_handler(IsmsError, _ours)
    app.add_exception_handler(HTTPException, _http)

def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, IsmsError)
    if isinstance(error, SignInNeeded):
        request.state.denied = True
        if not _typed(request):
            return RedirectResponse(f"/login?next={quote(_back(request) if request.method == 'POST' else error.path)}", 303)
    if error.status == 403:
        request.state.denied = True
    if isinstance(error, (Moved, DigestChanged)):
        return _stale(request, error)
    page = (_again(request, error) if error.status == 422 else None) or fault(request, error.status, str(error))
    page.headers.update(retry_after(error))
    return page


def _again(request: Request, error: IsmsError) -> Response | None:
    """The page of the form that was refused; None where there is none, or it can't be shown now."""
    form: Posted | None = getattr(request.state, "posted", None)
    try:
        reader = visit(request)
        shown = again.page(reader, request.url.path, form, error) if form and reader.session else None
    except IsmsError:
        return None
    return reader.page(*shown, status=error.status) if shown else None


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return fault(request, error.status_code, str(error.detail))


def unforeseen(request: Request, error: Exception) -> Response:
    """The page for what nobody thought of; the log has what it was."""
    reference = token_hex(4)
    log.error("%s %s failed (%s)", request.method, unsecret(request.url.path), reference, exc_info=error,
              extra={"action": "portal.failed", "reference": reference})
    return fault(request, 500, "Something went wrong on our side; nothing was half done.", reference)


def fault(request: Request, code: int, what: str, reference: str = "") -> Response:
    """The error page; its reference stands in the log too."""
    reference = reference or token_hex(4)
    log.info("%s %s: %s (%s)", request.method, unsecret(request.url.path), what, reference,
             extra={"action": "portal.refused", "reference": reference})
    links = (v.Link("Sign in", f"/login?next={quote(_back(request))}"),) if code == 401 else (v.Link("My work", "/"),)
    view = v.Fault(TITLES.get(code, "That didn't work"), what, f"{request.method} {unsecret(request.url.path)}",
                   NEXT.get(code, "Go back, or to My work."), code, reference, links,
                   tuple(v.Fact(name.capitalize(), text) for name, text in _typed(request).items()))
    return _page(request, "error.html", view, code)


def _stale(request: Request, error: IsmsError) -> Response:
    """Somebody was quicker: what was typed stands beside what is there now."""
    reader, own = visit(request), _back(request)
    with reader.portal.store.read() as conn:
        last, clashes = stale.clashes(conn, reader, request.url.path, _typed(request))
    view = v.Stale(v.Reference("", own), f"{error} {last}".strip(), clashes, None, v.Link("See what is there now", own))
    return reader.page("stale.html", view, status=409)


def _typed(request: Request) -> dict[str, str]:
    """What was typed into the form that was sent, by field; no secrets, and nothing that the page filled in."""
    form: Posted | None = getattr(request.state, "posted", None)
    typed = form.typed().items() if form else ()
    return {name: text if isinstance(text, str) else ", ".join(text)
            for name, text in typed if name not in HIDDEN and text}


def _back(request: Request) -> str:
    """The page of ours that the form stood on."""
    own = request.app.state.portal.settings.public_url.rstrip("/")
    found = request.headers.get("referer", "")
    return found.removeprefix(own) if found.startswith(f"{own}/") else "/"


def _page(request: Request, template: str, view: object, code: int) -> Response:
    try:
        found: Visit = visit(request)
        return found.page(template, view, status=code)
    except Exception as trouble:  # noqa: BLE001  # the database is away, or it was the surroundings that failed
        log.debug("an error page without its surroundings: %s", trouble)
        frame = v.Frame(request.app.state.portal.now(), "UTC", "", "")
        return HTMLResponse(render(template, view, frame), code)
