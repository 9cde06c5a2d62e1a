"""What holds for every request: whom we answer, what a page may do, and that every attempt is logged."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isms_workflow.engine.accesslog import Access
from isms_workflow.portal.deps import Portal

log = logging.getLogger(__name__)

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
                               "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STRICT = {"Strict-Transport-Security": "max-age=31536000"}
NOT_AN_ACCESS = ("/static/", "/health")
SAFE = ("GET", "HEAD", "OPTIONS")


class Guard:
    """The middleware around every page and the API; plain ASGI, since it stands in the way of every request."""

    def __init__(self, app: ASGIApp, portal: Portal) -> None:
        self._app, self._portal = app, portal
        public = urlsplit(portal.settings.public_url)
        self._host, self._origin = public.netloc, f"{public.scheme}://{public.netloc}"
        self._headers = {**HEADERS, **(STRICT if public.scheme == "https" else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuses, or hands on; adds the headers, and logs what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        request.state.person = None  # one state for the request, whichever application below writes into it
        path, status = request.url.path, 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add(MutableHeaders(scope=message), path)
            await send(message)

        try:
            await (_refused(request, self._host, self._origin) or self._app)(scope, receive, sent)
        finally:
            _log(self._portal, request, status)

    def _add(self, headers: MutableHeaders, path: str) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if not path.startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")


def _refused(request: Request, host: str, origin: str) -> Response | None:
    """Only our own name is answered, and a form posted from somebody else's page is not taken."""
    if request.headers.get("host") != host and request.url.path != "/health":
        return PlainTextResponse(f"This portal answers at {origin} only; set public_url to change that.", 421)
    sent_from = request.headers.get("origin")
    if request.method not in SAFE and sent_from is not None and sent_from != origin:
        request.state.denied = True
        return PlainTextResponse(f"A form from {sent_from} is not taken here.", 403)
    return None


def address(request: Request, portal: Portal) -> str:
    """The address of whoever asks: a trusted proxy's word, or the connection's other end."""
    peer = request.client.host if request.client else ""
    if peer in portal.settings.trusted_proxies:
        told = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
        return told[-1] if told else peer
    return peer


def _log(portal: Portal, request: Request, status: int) -> None:
    path = request.url.path
    if path.startswith(NOT_AN_ACCESS):
        return
    denied = getattr(request.state, "denied", False) or status in (401, 403)
    portal.access.record(Access(portal.now(), getattr(request.state, "person", None),
                                "read" if request.method in SAFE else "write", _unsecret(path),
                                "DENIED" if denied else "GRANTED"))


def _unsecret(path: str) -> str:
    """Links that sign somebody in don't stand in the log."""
    first = path.split("/")[1] if "/" in path else path
    return f"/{first}/…" if first in ("setup", "invitation") else path
