"""`isms prefect`: our own Prefect server, for operators who watch the runs."""

from __future__ import annotations

import webbrowser
from contextlib import closing

from cyclopts import App

from isms_workflow import services
from isms_workflow.commands.shared import say
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.prefect import local, server
from isms_workflow.engine.prefect.gateway import PrefectGateway
from isms_workflow.settings import Settings

app = App(name="prefect", help="The Prefect server in the data folder; it shows runs, and nobody decides there.")


@app.command(name="open")
def open_() -> None:
    """Open its pages in a browser; they ask once for the secret that is printed here."""
    settings = Settings()
    if not local.has_secret(settings):
        raise services.NoInstallation(str(settings.keys_dir / local.SECRET_FILE))
    say(f"{local.ui_url(settings)}\nIt asks once for: {local.USER}:{local.secret(settings)}")
    webbrowser.open(local.ui_url(settings))


@app.command
def status() -> int:
    """Whether it answers, and whether its scheduler works."""
    settings = Settings()
    if not server.reachable(settings):
        say(f"Prefect at {local.ui_url(settings)} does not answer: start `isms up`.")
        return 1
    with closing(PrefectGateway(settings)) as gateway:
        scheduled = gateway.has_scheduled_runs(utc_now())
    say(f"Prefect at {local.ui_url(settings)} answers; "
        + ("runs are scheduled." if scheduled else "no run is scheduled: run `isms prefect register`."))
    return 0 if scheduled else 1


@app.command
def register() -> None:
    """Tell it our work pools, deployments and schedules; what stands as defined isn't touched."""
    with closing(PrefectGateway(Settings())) as gateway:
        gateway.ensure_registered()
    say("Prefect knows pools, deployments and schedules.")
