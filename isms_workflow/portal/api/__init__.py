"""`/api/v1`: the same rights, labels and commands as the portal, for programs. One application, mounted by the portal."""

from __future__ import annotations

from fastapi import FastAPI

from isms_workflow.portal.api import (
    actions,
    attachments,
    cycles,
    evidence,
    gates,
    incident_files,
    incidents,
    lessons,
    notifications,
    obligations,
    on_call,
    people,
    problems,
    sources,
    steps,
    systems,
    tellings,
)
from isms_workflow.portal.deps import Portal

PATH = "/api/v1"

ABOUT = """
A token acts in its person's name, within its scopes; make one in the portal, on your own page. Send it as
`Authorization: Bearer isms_…`.

Writes take an `Idempotency-Key`: the same key with the same request is carried out once, and answered alike for
a week. A write to a row takes `If-Match` with the `ETag` that a GET of it gave; a gate's decision takes the round
and digest that were shown. Every error is a problem document (RFC 9457). Lists go on at `next`.
"""


def create_api(portal: Portal) -> FastAPI:
    """The API over the portal's parts. Its description is at `openapi.json`, for whoever asks."""
    app = FastAPI(title="ISMS workflow engine", version="1", description=ABOUT, docs_url=None, redoc_url=None,
                  openapi_url="/openapi.json", servers=[{"url": f"{portal.settings.public_url}{PATH}"}],
                  root_path_in_servers=False)
    app.state.portal = portal
    problems.install(app)
    for part in (incidents, incident_files, gates, steps, notifications, people, systems, cycles, attachments, actions, lessons,
                 tellings, obligations, on_call, evidence, sources):  # in this order they are looked through: what hurries first
        app.include_router(part.router, responses=problems.RESPONSES)
    return app
