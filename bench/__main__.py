"""`python -m bench [NAME …]`: runs the benches, all or by name, and prints their table."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module

from sqlalchemy import make_url

from bench.table import Line, say, show
from bench.worlds import POSTGRES, databases

NAMES = ("flush", "deadlines", "peers", "idle_tick", "lateness", "gate", "handover", "storm", "told", "pressure", "verify")


def lines(name: str) -> Iterator[Line]:
    """What a bench found; if it breaks, a line says so, and the others go on."""
    try:
        yield from import_module(f"bench.{name}").run()
    except Exception as error:  # noqa: BLE001  # whatever it is, the table is still wanted
        traceback.print_exc()
        yield Line(name, f"broke: {type(error).__name__}", "", "", "")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    chosen = sys.argv[1:] or NAMES
    unknown = set(chosen) - set(NAMES)
    if unknown:
        sys.exit(f"No such bench: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.")
    if "postgresql" not in databases():
        say(f"PostgreSQL doesn't answer at {make_url(POSTGRES)!r}: its lines are missing.")
    show([line for name in chosen for line in lines(name)])
