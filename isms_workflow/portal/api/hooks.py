"""`/hooks/{source}`: signed webhooks, after the Standard Webhooks specification. One application, mounted by the portal."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, ValidationError

from isms_workflow.connectors import signatures
from isms_workflow.domain.rules.incidents import LONGEST_TEXT, LONGEST_TITLE
from isms_workflow.domain.systems import LONGEST_NAME
from isms_workflow.engine import intake
from isms_workflow.engine.intake import Incoming
from isms_workflow.errors import IsmsError
from isms_workflow.portal.api import problems
from isms_workflow.portal.api.models import Taken
from isms_workflow.portal.deps import Portal

PATH = "/hooks"


class NotSigned(IsmsError):
    """No source in use signed this, or not lately; which of it is wrong is nobody's business."""

    status = 401
    title = "No valid signature"
    scheme = "Standard-Webhooks"

    def __str__(self) -> str:
        return ("This isn't signed as it should be: sign it with the source's secret after the Standard Webhooks "
                "specification, and look at the clock.")


class Hook(Taken):
    """What a source says has happened; systems by name."""

    title: Annotated[str, Field(max_length=LONGEST_TITLE)]
    description: Annotated[str, Field(max_length=LONGEST_TEXT)] = ""
    category: Annotated[str, Field(max_length=60)] = ""
    systems: tuple[Annotated[str, Field(max_length=LONGEST_NAME)], ...] = Field(default=(), max_length=50)
    occurred_at: AwareDatetime | None = None
    key: str | None = Field(default=None, min_length=1, max_length=LONGEST_TITLE)


async def whole(request: Request) -> bytes:
    """The body as it was signed, byte by byte; the guard bounds it."""
    return await request.body()


def create_hooks(portal: Portal) -> FastAPI:
    """The application over the portal's parts."""
    app = FastAPI(title="ISMS workflow engine: webhooks", docs_url=None, redoc_url=None, openapi_url=None)
    problems.install(app)

    @app.post("/{source}")
    def take(source: str, request: Request, body: Annotated[bytes, Depends(whole)]) -> JSONResponse:
        return _take(portal, source, request, body)

    return app


def _take(portal: Portal, source: str, request: Request, body: bytes) -> JSONResponse:
    """A report, taken once. Whether there is such a source is asked last, so that it can't be found out by trying."""
    now = portal.now()
    secret = signatures.secret(signatures.key(portal.settings), source)
    is_signed = signatures.is_signed(secret, request.headers, body, now)
    with portal.store.read() as conn:
        row = intake.source(conn, source, "webhook")
    if row is None or not is_signed:
        raise NotSigned()
    intake.count(portal.store, row.id, now)
    try:
        hook = Hook.model_validate_json(body)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False)) from error
    done = intake.message(portal.store, row, signatures.message_id(request.headers), Incoming(**hook.model_dump()), now,
                          hashlib.sha256(body).hexdigest())
    return JSONResponse(done.body, done.status, headers={"Idempotent-Replayed": "true"} if done.again else None)
