"""The table that `make bench` prints: one line a ratio."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One comparison: what we did, what the other side did, in this very run. `goal` is for the reader's eye."""

    name: str
    ours: str
    other: str
    ratio: str
    goal: str


HEADS = ("bench", "ours", "other side", "ratio", "goal")


def say(text: str) -> None:
    """A line for whoever waits."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def show(lines: Iterable[Line]) -> None:
    """All lines in columns."""
    cells = [HEADS, *((line.name, line.ours, line.other, line.ratio, line.goal) for line in lines)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(HEADS))]
    for row in cells:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def rate(per_second: float) -> str:
    """So many a second."""
    return f"{per_second:,.0f}/s"


def times(ratio: float) -> str:
    """A ratio, to two digits that matter."""
    return f"{ratio:.1f} ×" if ratio >= 10 else f"{ratio:.2f} ×"


def milliseconds(seconds: float) -> str:
    """A span."""
    return f"{seconds * 1000:.1f} ms"
