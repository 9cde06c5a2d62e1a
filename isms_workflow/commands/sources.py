"""`isms sources`: what reports incidents by itself."""

from __future__ import annotations

from typing import Literal

from cyclopts import App

from isms_workflow.commands.shared import OPERATOR, reading, say, table, writing
from isms_workflow.connectors import signatures
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.engine import register
from isms_workflow.engine.commands import sources as commands
from isms_workflow.settings import Settings
from isms_workflow.store.statements import sources as questions

app = App(name="sources", help="Webhooks and mailboxes that report incidents under a credential of their own.")


@app.command(name="list")
def list_() -> None:
    """Every source, those that were revoked too."""
    with reading() as conn:
        rows = conn.execute(questions.all_of_them()).all()
    table(("id", "name", "kind", "category", "made", "revoked"),
          ((r.id, r.name, r.kind, r.category, r.made_at, r.revoked_at) for r in rows),
          "Nothing reports by itself yet: `isms sources add`.")


@app.command
def add(name: str, *, kind: Literal["webhook", "maildir", "imap"], category: str, system: tuple[str, ...] = ()) -> None:
    """A source may report from now on; a webhook's secret is printed this once.

    Parameters
    ----------
    category:
        of its reports that name none; an id of the programme's categories, e.g. outage.
    system:
        the name of a system of the register, for its reports that name none; may be given several times.
    """
    settings = Settings()
    with writing() as (tx, when):
        ids, unknown = register.named(tx, system)
        if unknown:
            raise Wrong("systems", unknown[0], "name systems of the register; `isms systems list` shows them")
        made = commands.add(tx, name, kind, category, ids, OPERATOR, when)
    if kind in commands.MAILBOXES:
        say(f"{name} reports from the mailbox that report_{kind} (ISMS_REPORT_{kind.upper()}) names.")
        return
    say(f"{name} posts to:\n{settings.public_url}/hooks/{made}\nIt signs with this secret, which is shown once:\n"
        f"{signatures.secret(signatures.key(settings), made)}")


@app.command
def revoke(source: str) -> None:
    """Nothing of a source is taken from now on; it is named by name or id."""
    with writing() as (tx, when):
        found = tx.execute(questions.named(source)).scalar()
        if found is None:
            raise Unknown("source in use", source)
        commands.revoke(tx, found, OPERATOR, when)
    say("Nothing of it is taken any more.")
