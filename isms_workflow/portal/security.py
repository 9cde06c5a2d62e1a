"""What holds for every request: whom we answer, what a page may do, and that every attempt is logged."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isms_workflow.engine.accesslog import Access
from isms_workflow.portal import api, faults, uploads
from isms_workflow.portal.api import hooks
from isms_workflow.portal.api.problems import problem
from isms_workflow.portal.deps import Portal
from isms_workflow.portal.texts import unsecret
from isms_workflow.store.files import MIB

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
FOREIGN = ("cross-site", "same-site")
"""What browsers say of a form from another site, also where they send no Origin."""
REFUSALS = (401, 403, 410, 421, 429)
"""Answers that are refusals for want of rights: no sign-in, no right, a spent or guessed link, too many guesses."""


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
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add(MutableHeaders(scope=message), request.url.path)
                await _log(self._portal, request, status)  # here, so that what is denied is logged before it is said
            await send(message)

        try:
            await (_refused(request, self._host, self._origin) or self._app)(scope, self._bounded(request), sent)
        except Exception as error:  # here, because what Starlette answers outside of us has no headers and no row
            if not status:
                await (await run_in_threadpool(faults.unforeseen, request, error))(scope, receive, sent)
            raise

    def _bounded(self, request: Request) -> Receive:
        """What is sent to us, up to a limit; whoever sends more is told so, wherever it is read, and before it is kept."""
        is_upload = request.headers.get("content-type", "").startswith("multipart/")
        most = self._portal.settings.evidence_max_mib
        whole = uploads.is_read_to_the_end(request)
        limit, read = (uploads.READ_MIB if whole else most + 1 if is_upload else 1) * MIB, 0
        told = request.headers.get("content-length", "0")

        async def received() -> Message:
            nonlocal read
            message: Message = await request.receive()
            read += len(message.get("body", b""))
            if message["type"] == "http.request" and (read > limit or (told.isdecimal() and int(told) > limit)):
                right = f"a file has at most {most} MiB" if is_upload else "at most 1 MiB can be sent here"
                raise HTTPException(413, f"More was sent than is taken, and nothing of it is kept: {right}.")
            return message

        return received

    def _add(self, headers: MutableHeaders, path: str) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        if not path.startswith("/static/"):
            headers.setdefault("Cache-Control", "no-store")


def _refused(request: Request, host: str, origin: str) -> Response | None:
    """Only our own name is answered, and a form posted from somebody else's page is not taken."""
    if request.headers.get("host") != host and request.url.path != "/health":
        return _plain(request, 421, f"This portal answers at {origin} only; set public_url to change that.")
    if "\0" in request.url.path or "%00" in request.url.query:  # PostgreSQL would refuse it, wherever it is looked up
        return _plain(request, 400, "An address has no U+0000 in it: correct it.")
    if request.method in SAFE:
        return None
    sent_from = request.headers.get("origin")
    if sent_from is not None and sent_from != origin:
        return _plain(request, 403, f"A form from {sent_from} is not taken here.")
    if request.headers.get("sec-fetch-site") in FOREIGN:
        return _plain(request, 403, "A form from another site is not taken here.")
    return None


def _plain(request: Request, status: int, said: str) -> Response:
    """A refusal without the page around it, which is nobody's who isn't here; to programs the document they expect."""
    if request.url.path.startswith((f"{api.PATH}/", f"{hooks.PATH}/")):
        return problem(request, status, said, "refused")
    return PlainTextResponse(said, status)


def address(request: Request, portal: Portal) -> str:
    """The address of whoever asks: the nearest that isn't a trusted proxy's.

    Each proxy adds whom it heard to the end, some in a header line of its own; what stands further left
    anybody can make up.
    """
    trusted = portal.settings.trusted_proxies
    peer = request.client.host if request.client else ""
    told = [part.strip() for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")]
    for heard in (peer, *reversed([part for part in told if part])):
        peer = heard
        if peer not in trusted:
            break
    return peer


async def _log(portal: Portal, request: Request, status: int) -> None:
    path = request.url.path
    if path.startswith(NOT_AN_ACCESS):
        return
    denied = getattr(request.state, "denied", False) or status in REFUSALS
    access = Access(portal.now(), getattr(request.state, "person", None),
                    "read" if request.method in SAFE else "write", unsecret(path), "DENIED" if denied else "GRANTED")
    if denied:  # it is written before we go on, which may take a moment: others are answered meanwhile
        await run_in_threadpool(portal.access.record, access)
    else:
        portal.access.record(access)
