"""`isms systems`: the register, for whoever has a shell beside the database."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from isms_workflow.commands.shared import OPERATOR, reading, say, table, writing
from isms_workflow.domain.systems import in_order
from isms_workflow.engine.commands import systems as commands
from isms_workflow.portal import lists
from isms_workflow.store.statements import mails
from isms_workflow.store.statements import systems as questions

app = App(name="systems", help="The register of information systems. What it says of one is changed in the portal.")


@app.command(name="list")
def list_() -> None:
    """Every system in use: its owner, what it needs, which data it holds."""
    with reading() as conn:
        rows, names = conn.execute(questions.in_use()).all(), dict(conn.execute(mails.names()).tuples().all())
    table(("name", "owner", "confidentiality", "integrity", "availability", "data"),
          ((r.name, names[r.owner] or "erased", r.confidentiality, r.integrity, r.availability,
            ", ".join(in_order(frozenset(r.data)))) for r in rows),
          "No system is in the register: add them in the portal, or `isms systems import FILE`.")


@app.command(name="import")
def import_(file: Path) -> None:
    """Add every system of a CSV file, or none if a line is wrong; each owner has one mail.

    Parameters
    ----------
    file:
        UTF-8; a line for each system: name, owner's mail address, need of confidentiality, integrity and availability
        (low, medium, high), kinds of data separated by semicolons, description (may be left out).
    """
    lines = lists.systems(lists.decoded(file.read_bytes(), str(file)), "file")
    with writing() as (tx, when):
        count = commands.add_all(tx, lines, "file", OPERATOR, when)
    say("1 system is in the register now." if count == 1 else f"{count} systems are in the register now.")
