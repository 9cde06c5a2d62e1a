"""A clock or a deliverer as a process of its own, on a time that is given: what a crash test kills."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from isms_workflow.domain.effects import EffectError
from isms_workflow.domain.times import from_iso
from isms_workflow.engine import clock, deliverer, seams
from isms_workflow.engine.deliverer import Effect
from isms_workflow.store.database import Store, open_store

BATCH = 7


class Pigeon:
    """A channel that delivers by writing the effect's key into a file, durably, one line each."""

    batch = BATCH

    def __init__(self, name: str, file: Path) -> None:
        self.name, self._file = name, file

    def carry(self, effects: Sequence[Effect], now: datetime) -> list[EffectError | None]:
        """As `Channel.carry`; always arrives."""
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for effect in effects:
            os.write(handle, f"{effect.key}\n".encode())
        os.fsync(handle)
        os.close(handle)
        return [None for _ in effects]


def tick(store: Store, now: datetime) -> None:
    """Everything that is due by now."""
    while clock.turn(store, now, limit=BATCH):
        pass


def deliver(store: Store, now: datetime, file: Path) -> None:
    """Everything that waits, on both channels."""
    for name in ("mail", "prefect"):
        while deliverer.turn(store, Pigeon(name, file), now):
            pass


def main(what: str, url: str, now: str, file: str, seam: str) -> None:
    """One process's whole life, unless it is killed: by itself at a seam, if one is named."""
    if seam:
        os.environ[seams.VARIABLE] = seam
    store = open_store(url)
    if what == "clock":
        tick(store, from_iso(now))
    else:
        deliver(store, from_iso(now), Path(file))
    store.close()
