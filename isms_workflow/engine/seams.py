"""Instants at which a crash test kills the process; each is reached from exactly one line."""

from __future__ import annotations

import os
import signal
from enum import StrEnum

VARIABLE = "ISMS_CRASH_AT"
"""Names the seam, and after a colon which passing of it: `committed:3`. Unset in every installation."""


class Seam(StrEnum):
    """Where a process may die in a crash test."""

    CLAIMED = "claimed"
    WRITTEN = "written"
    COMMITTED = "committed"
    TAKEN = "taken"
    SENT = "sent"
    SETTLED = "settled"


_passed: dict[str, int] = {}


def reach(seam: Seam) -> None:
    """Kills this process, as `kill -9` does, if a crash test asked for it here; otherwise does nothing."""
    wanted = os.environ.get(VARIABLE)
    if wanted is None:
        return
    name, _, count = wanted.partition(":")
    if name == seam:
        _passed[name] = _passed.get(name, 0) + 1
        if _passed[name] >= int(count or "1"):
            os.kill(os.getpid(), signal.SIGKILL)
