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
from isms_workflow.portal import views as v
from isms_workflow.portal.rendering import render
from isms_workflow.portal.visit import Posted, SignInNeeded, Visit, visit

log = logging.getLogger(__name__)

TITLES = {401: "Sign in first", 403: "Not for you", 404: "Not found", 409: "Not possible now", 410: "This link is spent",
          413: "Too large", 422: "Something isn't right", 429: "Too many tries", 503: "The database is away", 507: "The disk is full"}
NEXT = {403: "If you should be able to, ask an administrator to look at your role and responsibilities.",
        404: "Check the address, or search for the reference.",
        409: "Go back, look at what is there now, and decide anew.",
        422: "Go back, correct it, and send it again.",
        503: "Nothing was written. Try again in a minute; if it stays, tell the operator the reference below."}
HIDDEN = ("csrf", "version", "digest", "round", "password", "file")


def install(app: FastAPI) -> None:
    """Every error of ours becomes a page; what is unforeseen reaches the guard, which asks for its page."""
    app.add_exception_handler(IsmsError, _ours)
    app.add_exception_handler(HTTPException, _http)

def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, IsmsError)
    if isinstance(error, SignInNeeded):
        request.state.denied = True
        return RedirectResponse(f"/login?next={quote(error.path)}", 303)
    if error.status == 403:
        request.state.denied = True
    if isinstance(error, (Moved, DigestChanged)):
        return _stale(request, error)
    return fault(request, error.status, str(error))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return fault(request, error.status_code, str(error.detail))


def unforeseen(request: Request, error: Exception) -> Response:
    """The page for what nobody thought of; the log has what it was."""
    reference = token_hex(4)
    log.error("%s %s failed (%s)", request.method, request.url.path, reference, exc_info=error,
              extra={"action": "portal.failed", "reference": reference})
    return fault(request, 500, "Something went wrong on our side; nothing was half done.", reference)


def fault(request: Request, code: int, what: str, reference: str = "") -> Response:
    """The error page; its reference stands in the log too."""
    reference = reference or token_hex(4)
    log.info("%s %s: %s (%s)", request.method, request.url.path, what, reference,
             extra={"action": "portal.refused", "reference": reference})
    view = v.Fault(TITLES.get(code, "That didn't work"), what, f"{request.method} {request.url.path}",
                   NEXT.get(code, "Go back, or to My work."), code, reference, (v.Link("My work", "/"),))
    return _page(request, "error.html", view, code)


def _stale(request: Request, error: IsmsError) -> Response:
    """Somebody was quicker: what was typed stands beside the sentence that says what is there now."""
    typed: Posted | None = getattr(request.state, "posted", None)
    fields = {name: value for name, value in (typed.typed() if typed else {}).items() if name not in HIDDEN and value}
    clashes = tuple(v.Clash(name.capitalize(), value if isinstance(value, str) else ", ".join(value), "see the page")
                    for name, value in fields.items())
    back = request.headers.get("referer", "/")
    own = back if back.startswith((str(request.base_url), "/")) else "/"
    view = v.Stale(v.Reference("", own), str(error), clashes, None, v.Link("See what is there now", own))
    return _page(request, "stale.html", view, 409)


def _page(request: Request, template: str, view: object, code: int) -> Response:
    try:
        found: Visit = visit(request)
        return found.page(template, view, status=code)
    except Exception as trouble:  # noqa: BLE001  # the database is away, or it was the surroundings that failed
        log.debug("an error page without its surroundings: %s", trouble)
        frame = v.Frame(request.app.state.portal.now(), "UTC", "", "")
        return HTMLResponse(render(template, view, frame), code)
