"""`isms db`, `isms backup`, `isms restore`."""

from __future__ import annotations

from pathlib import Path

from cyclopts import App

from isms_workflow import services
from isms_workflow.commands.shared import OPERATOR, reading, say, using
from isms_workflow.engine import operating
from isms_workflow.engine.context import utc_now
from isms_workflow.settings import Settings
from isms_workflow.store import backup as backups
from isms_workflow.store import schema, triggers

app = App(name="db", help="The database: its schema and its guards.")


@app.command
def upgrade() -> None:
    """Bring the database to this release's schema; refuses while open cases need what this release doesn't know."""
    done = services.upgrade(Settings())
    was = "empty" if done.before is None else f"at {done.before}"
    say(f"The database was {was} and is at {done.after}.")
    if done.restored:
        say(f"Put back, because somebody had taken them away: {', '.join(sorted(done.restored))}.")


@app.command
def check() -> int:
    """Look whether the schema suits this release, and whether the history's guards are in place."""
    with reading() as conn:
        missing = sorted(triggers.missing(conn))
        say(f"The schema is {schema.revision(conn)}, which this release knows.")
    if missing:
        say(f"These guards of the history are missing: {', '.join(missing)}. Run `isms db upgrade`, then "
            "`isms audit verify` with a checkpoint that was kept outside.")
        return 1
    say("Every guard of the history is in place.")
    return 0


def backup(file: Path) -> int:
    """Write database, evidence, keys and programme into one file, while everything runs.

    Keep it where keys are kept: whoever has it can sign checkpoints and read personal data.
    """
    with using() as (settings, store):
        done = backups.backup(store, settings, file, utc_now())
    say(f"{done.file}: {done.rows} rows, {done.evidence} evidence files.")
    if done.damaged:
        say(f"Lost or changed before the backup was made: {', '.join(done.damaged)}.")
    return 1 if done.damaged else 0


def restore(file: Path) -> int:
    """Bring a backup back into an empty data folder and database: all of it, verified, or nothing."""
    settings = Settings()
    done = backups.restore(settings, file)
    services.upgrade(settings)
    with services.ready(settings) as store, store.write() as tx:
        operating.restored(tx, done.made_at, done.records, OPERATOR, utc_now())
    say(f"Restored the backup of {done.made_at}: {done.records} records of history, which verify, and "
        f"{done.evidence} evidence files.")
    if done.settings:
        say(f"Its settings name another database, so they lie beside: {done.settings}.")
    if done.damaged:
        say(f"Damaged in the backup already: {', '.join(done.damaged)}.")
    return 1 if done.damaged else 0
