"""Waiting for what other processes do."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 180
"""Much longer than anything takes: how fast a machine is is no test's business, and Prefect, which gives way to everybody, may still
be starting when people have done their first work.
"""


def eventually(what: str, truth: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    """What `truth` says once it says something; fails after so many seconds, naming what was awaited."""
    until = time.monotonic() + seconds
    while not (value := truth()):
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return value


def free_port() -> int:
    """A port that nobody listened at an instant ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
