"""`isms ways`: how people can be told beside mail. The settings name the ways; people choose them in the portal."""

from __future__ import annotations

from cyclopts import App

from isms_workflow.commands.shared import say, table
from isms_workflow.domain.refusals import Unknown
from isms_workflow.engine.mailing import ways
from isms_workflow.settings import Settings

app = App(name="ways", help="Ways to tell people beside mail: webhooks, and chat and telephone services through Apprise.")


@app.command(name="list")
def list_() -> None:
    """The ways that the settings name, and who may choose each; never their addresses, which are as good as passwords."""
    table(("name", "sort", "open to"),
          ((name, "webhook" if way.is_webhook else "Apprise", ", ".join(way.people) or "everybody")
           for name, way in Settings().ways.items()),
          "None: people are told by mail. Name one in isms.toml, under [ways.NAME], as url = \"…\".")


@app.command
def secret(name: str) -> None:
    """What the receiver of a webhook verifies our messages with, after the Standard Webhooks specification."""
    settings = Settings()
    way = settings.ways.get(name)
    if way is None or not way.is_webhook:
        raise Unknown("webhook among the ways", name)
    say(ways.secret(settings, name))
