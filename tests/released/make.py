"""Keeps a release: its programme, and a database in the middle of a cycle. `python -m tests.released.make 0.1.0`."""

from __future__ import annotations

import gzip
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from isms_workflow.domain import machines
from isms_workflow.programme.load import shipped
from isms_workflow.store import schema
from isms_workflow.store.database import Store, open_store
from tests.world import World, found

HERE = Path(__file__).parent


def make(release: str) -> None:
    """Writes the folder of a release that is about to leave."""
    folder = HERE / release
    (folder / "programme").mkdir(parents=True)
    for name, text in shipped().items():
        (folder / "programme" / name).write_text(text)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "isms.db"
        with closing(open_store(f"sqlite:///{file}")) as store:
            _lived(store)
            with store.engine.connect() as conn:
                conn.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (folder / "isms.db.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))


def _lived(store: Store) -> World:
    """PLAN has passed, DO was returned once, one step is late, one was waived, and a gate is half approved."""
    schema.upgrade(store, [(m.kind, m.states) for m in machines.ALL.values()])
    world = found(store)
    world.open_cycle()
    world.pass_phase("plan")
    world.advance(days=70)
    world.complete_phase("do")
    world.answer("do", "dana", "return", "the training records are missing", ["train"])
    world.advance(days=3)
    world.complete("train")
    world.answer("do", "dana")
    return world


if __name__ == "__main__":
    make(sys.argv[1])
