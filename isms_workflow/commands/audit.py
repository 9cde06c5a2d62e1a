"""`isms audit`: the history verified, exported, signed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from cyclopts import App

from isms_workflow.commands.shared import OPERATOR, reading, say, using
from isms_workflow.engine import accesslog
from isms_workflow.engine.context import utc_now
from isms_workflow.store import audit as chain
from isms_workflow.store.audit.export import export as lines
from isms_workflow.store.files import NO_ROOM, DiskFull

app = App(name="audit", help="The append-only, hash-chained history.")


@app.command
def verify(*, checkpoint: Path | None = None) -> int:
    """Read the whole history again, doubting every byte; exit code 1, and the first bad record, if it isn't intact.

    The access log is compared with the seals that the history holds.

    Parameters
    ----------
    checkpoint:
        A file with checkpoints that were kept outside: only they show that the end wasn't cut off. All of them count.
    """
    kept = [] if checkpoint is None else chain.read_checkpoints(checkpoint)
    with reading() as conn:
        verdict = chain.verify(conn, kept)
        hours = accesslog.damaged(conn, utc_now())
    say(str(verdict))
    for hour in hours:
        say(f"The access log of the hour from {hour:%Y-%m-%d %H:%M} UTC is not as it was sealed.")
    return 0 if verdict.ok and not hours else 1


@app.command
def export(file: Path | None = None, *, private: bool = False) -> None:
    """Write the history as JSON Lines, which docs/verify_chain.py verifies without us; without a file, print it.

    Parameters
    ----------
    private:
        Also the names and texts beside the chain, with their salts. They then leave the system.
    """
    with reading() as conn:
        if file is None:
            sys.stdout.writelines(lines(conn, private))
            return
        _write_whole(file, lines(conn, private))
    say(f"Exported to {file}.")


def _write_whole(file: Path, content: Iterable[str]) -> None:
    """A new file for its owner alone, on disk when this returns; nothing of it if the disk is full."""
    out = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
    try:
        with out:
            out.writelines(content)
            out.flush()
            os.fsync(out.fileno())
    except BaseException as error:
        file.unlink()
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            raise DiskFull(str(file.parent)) from error
        raise


@app.command
def checkpoint(file: Path | None = None) -> None:
    """Sign the history as it stands, and print the line; or add it to a file, best on another computer's disk."""
    with using() as (settings, store), store.write() as tx:
        made = chain.make_checkpoint(tx, chain.signing_key(tx, settings.keys_dir), utc_now())
    if file is None:
        say(made.text())
        return
    chain.write_checkpoint(file, made)
    say(f"Record {made.size} is held on to in {file}.")


@app.command(name="rotate-key")
def rotate_key() -> None:
    """Make a new key, and have the old one vouch for it in the history. The old one may be destroyed afterwards."""
    with using() as (settings, store):
        new = chain.make_key(settings.keys_dir)
        with store.write() as tx:
            old = chain.signing_key(tx, settings.keys_dir)
            record = chain.rotate(tx, old, new, OPERATOR.id, utc_now())
    say(f"Record {record} hands over from {old.public[:16]}… to {new.public[:16]}….")
