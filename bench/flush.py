"""How long this machine takes to bring one page to its disk: what both sides of `gate` and `storm` wait for at each commit."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from statistics import median

from bench.lateness import p99
from bench.table import Line, say

PAGE, COUNT = 4096, 500


def run() -> Iterator[Line]:
    """Where the embedded database's files lie; PostgreSQL's may lie on another disk."""
    say(f"flush: {COUNT} pages")
    with tempfile.TemporaryFile(prefix="isms-bench-", buffering=0) as file:
        took = [_flushed(file.fileno(), number) for number in range(COUNT)]
    yield Line("a page to the disk, as each commit waits for", f"p50 {1000 * median(took):.2f} ms", f"p99 {1000 * p99(took):.2f} ms",
               "", "")


def _flushed(file: int, number: int) -> float:
    os.pwrite(file, b"\x55" * PAGE, number * PAGE)
    began = time.perf_counter()
    os.fdatasync(file)
    return time.perf_counter() - began
