"""Children under supervision: one that dies is started again with back-off, the others go on; all end together."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from isms_workflow.errors import IsmsError
from isms_workflow.folders import private

GRACE_S = 7.0
"""How long children may take to end after they were asked to; then they are killed."""

LOOK_S = 0.1
CEILING_S = 30.0
STEADY_S = 30.0
"""After so long a life a death counts as the first."""

KEPT = 5 * 1024 * 1024
"""Bytes of log above which the file of the last start is set aside."""

AUTOGROUP = Path("/proc/self/autogroup")
AUTOGROUP_ATTEMPTS, AUTOGROUP_PAUSE_S = 10, 0.11
"""Linux takes one change in 0.1 s of the whole machine, and answers EAGAIN to the others."""

PR_SET_PDEATHSIG = 1
"""prctl(2): the child gets this signal when its parent is gone, however it went."""


class AlreadyUp(IsmsError):
    """A second supervisor of one data folder: two Prefect servers would share one database."""

    status = 409

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self.folder = folder

    def __str__(self) -> str:
        return f"`isms up` runs on the data folder {self.folder} already: end it first, or set ISMS_DATA to another folder."


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Only one process at a time gets in; the lock goes with its holder, however that ends. Raises `AlreadyUp`."""
    private(lock.parent)
    with lock.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyUp(str(lock.parent)) from None
        yield


@dataclass(frozen=True)
class Child:
    """A process to keep running. `after` says whether what it needs is there yet; it isn't started before."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    nice: int = 0
    after: Callable[[], bool] | None = None


@dataclass
class _Watched:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    again_at: float = 0.0
    announced: bool = field(default=False)


def supervise(children: Sequence[Child], logs: Path, say: Callable[[str], None],
              stop: threading.Event | None = None) -> None:
    """Keeps the children running until SIGINT, SIGTERM or `stop`; then ends all of them within 10 s.

    Each writes to `logs/NAME.log`; `say` is told, in a sentence, what starts, dies and ends.
    """
    ending = stop or threading.Event()
    before = {each: signal.signal(each, lambda *_: ending.set()) for each in (signal.SIGINT, signal.SIGTERM)}
    private(logs)
    watched = [_Watched(child) for child in children]
    try:
        while not ending.is_set():
            for each in watched:
                _look(each, logs, say)
            ending.wait(LOOK_S)
    finally:
        _end(watched, say)
        for each_signal, handler in before.items():
            signal.signal(each_signal, handler)


def backoff(deaths: int) -> float:
    """Seconds until the next start after so many deaths in a row: 0.5, 1, 2 … capped at 30."""
    return float(min(CEILING_S, 0.5 * 2 ** min(deaths - 1, 10)))


def _look(each: _Watched, logs: Path, say: Callable[[str], None]) -> None:
    now = time.monotonic()
    if each.process is not None:
        code = each.process.poll()
        if code is None:
            return
        each.deaths = 1 if now - each.started > STEADY_S else each.deaths + 1
        each.again_at = now + backoff(each.deaths)
        each.process = None
        say(f"{each.child.name} ended ({_words(code)}); starting it again in {backoff(each.deaths):.1f} s. "
            f"Its log: {logs / each.child.name}.log")
    if now >= each.again_at and (each.child.after is None or each.child.after()):
        each.process, each.started = _start(each.child, logs), now
        if not each.announced:
            each.announced = True
            say(f"{each.child.name} is starting.")


def _start(child: Child, logs: Path) -> subprocess.Popen[bytes]:
    path = logs / f"{child.name}.log"
    if path.exists() and path.stat().st_size > KEPT:
        path.replace(path.with_suffix(".log.1"))
    with path.open("ab") as log:
        return subprocess.Popen(
            list(child.command), env=None if child.environment is None else dict(child.environment), stdout=log,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=_prepared(child.nice))  # noqa: PLW1509  # only prctl and nice between fork and exec


def _prepared(nice: int) -> Callable[[], None]:
    """What a child does before it becomes its command: give way to others, and die with its parent."""
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        _give_way(nice)

    return prepare


def _give_way(nice: int) -> None:
    """Let others go first, also where a nice value doesn't reach: Linux shares its processors among sessions (sched(7),
    "autogroup"), in each of which it counts for that session alone. Each child is a session of its own, which has a nice value too.
    """
    os.nice(nice)
    for _ in range(AUTOGROUP_ATTEMPTS if nice else 0):
        try:
            with AUTOGROUP.open("wb", buffering=0) as session:
                session.write(b"%d" % nice)
        except BlockingIOError:
            time.sleep(AUTOGROUP_PAUSE_S)
        except OSError:  # there are no such groups here, or not for us
            return
        else:
            return


def _end(watched: Sequence[_Watched], say: Callable[[str], None]) -> None:
    """Asks everybody to end, the last started first, and kills after `GRACE_S` whoever doesn't."""
    alive = [each for each in watched if each.process is not None and each.process.poll() is None]
    say("Ending." if alive else "Ended.")
    for each in reversed(alive):
        _signal(each, signal.SIGTERM)
    until = time.monotonic() + GRACE_S
    while time.monotonic() < until and any(each.process and each.process.poll() is None for each in alive):
        time.sleep(LOOK_S / 2)
    for each in alive:
        if each.process and each.process.poll() is None:
            say(f"{each.child.name} didn't end by itself; it is killed, and loses nothing.")
        _signal(each, signal.SIGKILL)  # the whole group: its own children as well
        if each.process:
            each.process.wait()


def _signal(each: _Watched, number: signal.Signals) -> None:
    if each.process is None:
        return
    try:
        os.killpg(each.process.pid, number)
    except ProcessLookupError:
        return


def _words(code: int) -> str:
    return f"exit status {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
