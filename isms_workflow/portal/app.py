"""The portal: web pages and the API, one application."""

from __future__ import annotations

from importlib import import_module, resources
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from isms_workflow.portal import api, faults
from isms_workflow.portal.api import hooks
from isms_workflow.portal.deps import Portal
from isms_workflow.portal.security import Guard

PAGES = (
    "gates", "steps", "account", "acknowledge", "calendar", "setup", "my_work", "pdca", "corrective_action", "incident_report",
    "incident_files", "incident_statistics", "incident_board", "drill", "told", "obligations", "incident", "on_call",
    "notifications", "cases", "people", "systems", "evidence", "audit", "programme", "system")
"""In the order in which an address is looked for: what waits for decisions first, single pages before those of a case."""

FOREVER = "public, max-age=31536000, immutable"


class Static(StaticFiles):
    """Files whose address changes with their content: kept for ever."""

    def file_response(self, *args: object, **options: object) -> Response:
        """As Starlette's, with the header that lets browsers keep it."""
        response = super().file_response(*args, **options)  # type: ignore[arg-type]
        response.headers["Cache-Control"] = FOREVER
        return response


def create_app(portal: Portal) -> FastAPI:
    """The application over these parts. Raises `SamePort`, `UnsafeAddress` for an address not to serve at."""
    portal.settings.check_address()
    app = FastAPI(title="ISMS workflow engine", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.portal = portal
    app.add_middleware(Guard, portal=portal)
    faults.install(app)
    folder = Path(str(resources.files("isms_workflow.portal") / "static"))
    app.mount("/static", Static(directory=folder), name="static")
    app.mount(api.PATH, api.create_api(portal))
    app.mount(hooks.PATH, hooks.create_hooks(portal))
    for name in PAGES:
        app.include_router(import_module(f"isms_workflow.portal.pages.{name}").router)
    return app


