"""Every error as a problem document (RFC 9457): what was wrong, where, and a reference that the log has too."""

from __future__ import annotations

import logging
from secrets import token_hex
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from isms_workflow.domain.refusals import Moved
from isms_workflow.errors import IsmsError
from isms_workflow.portal.texts import retry_after

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

TITLES = {400: "Wrong request", 401: "No valid token", 403: "Not for you", 404: "Not found", 405: "Not possible here",
          409: "Not possible now", 410: "Spent", 412: "Changed meanwhile", 422: "Something isn't right",
          428: "If-Match is missing", 429: "Too many tries", 500: "Our fault", 503: "The database is away",
          507: "The disk is full"}


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(description="Which sort of problem, stable: `tag:isms-workflow,2026:` and a word.")
    title: str
    status: int
    detail: str = Field(description="A sentence: what was wrong, where, what would be right.")
    instance: str = Field(description="The path that was asked for.")
    reference: str = Field(description="What the operator finds in the log.")
    errors: list[dict[str, str]] = Field(default=[], description="By field, where the request itself is wrong.")


RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {"model": Problem, "description": "A problem", "content": {MEDIA_TYPE: {}}},
}


class NoToken(IsmsError):
    """No token, or one that is unknown, revoked, expired, or of an account that isn't in use."""

    status = 401

    def __str__(self) -> str:
        return "Send a valid token as `Authorization: Bearer isms_…`; make one in the portal, on your own page."


class OutOfScope(IsmsError):
    """The token, or its person's role, doesn't have what this takes."""

    status = 403

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope

    def __str__(self) -> str:
        return f"This takes a token with the scope {self.scope}, and an access role with the right behind it."


class MatchNeeded(IsmsError):
    """A write to a row that doesn't say which version of it was seen."""

    status = 428

    def __str__(self) -> str:
        return "Send If-Match with the ETag that a GET of this gave, so that nobody's change is overwritten."


class WeakMatch(IsmsError):
    """`If-Match` with a weak ETag, which never matches (RFC 9110, 13.1.1)."""

    status = 412

    def __init__(self, given: str) -> None:
        super().__init__(given)
        self.given = given

    def __str__(self) -> str:
        return f"If-Match: {self.given!r} is a weak ETag, which matches nothing; send the one that a GET gave, without W/."


class KeyReused(IsmsError):
    """The same idempotency key came with another request."""

    status = 422

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key

    def __str__(self) -> str:
        return f"The Idempotency-Key {self.key!r} was used for another request: give each request a key of its own."


def install(app: FastAPI) -> None:
    """Every error of the API becomes a problem document."""
    app.add_exception_handler(IsmsError, _ours)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, IsmsError)
    status = 412 if isinstance(error, Moved) and "if-match" in request.headers else error.status
    headers = retry_after(error) | ({"WWW-Authenticate": getattr(error, "scheme", "Bearer")} if status == 401 else {})
    return problem(request, status, str(error), _word(type(error).__name__), headers=headers, title=getattr(error, "title", ""))


def _unreadable(request: Request, error: Exception) -> JSONResponse:
    """Whoever may not ask isn't told what a right request is like."""
    assert isinstance(error, RequestValidationError)
    try:
        if (caller := getattr(request.state, "caller", None)) is not None:
            caller.find()
    except IsmsError as refused:
        return _ours(request, refused)
    errors = [{"field": ".".join(_shown(part) for part in each["loc"]) or "body", "message": str(each["msg"])}
              for each in error.errors()]
    said = "; ".join(f"{each['field']}: {each['message']}" for each in errors)
    return problem(request, 422, said, "unreadable", errors)


def _shown(part: object) -> str:
    """Part of a field's name, which a stranger may have made up."""
    return str(part).encode("utf-8", "replace").decode()


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(request, error.status_code, str(error.detail), "http", headers=dict(error.headers or {}))


def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    answer = problem(request, 500, "Something went wrong on our side; nothing was half done.", "unforeseen")
    log.error("%s %s failed (%s)", request.method, request.url.path, answer.headers["X-Reference"], exc_info=error,
              extra={"action": "api.failed"})
    return answer


def problem(request: Request, status: int, detail: str, word: str, errors: list[dict[str, str]] | None = None,
            headers: dict[str, str] | None = None, title: str = "") -> JSONResponse:
    """The document, with its status's title if it has none of its own; its reference stands in the log too."""
    reference = token_hex(4)
    if status >= 400:
        log.info("%s %s: %s (%s)", request.method, request.url.path, detail, reference,
                 extra={"action": "api.refused", "reference": reference})
    body = Problem(type=f"tag:isms-workflow,2026:{word}", title=title or TITLES.get(status, "That didn't work"),
                   status=status, detail=detail, instance=request.url.path, reference=reference, errors=errors or [])
    return JSONResponse(body.model_dump(exclude_defaults=False), status, media_type=MEDIA_TYPE,
                        headers={"X-Reference": reference, **(headers or {})})


def _word(name: str) -> str:
    """`DigestChanged` as `digest-changed`."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")
