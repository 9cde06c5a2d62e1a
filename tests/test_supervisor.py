"""Children are kept running, and all end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from isms_workflow.supervisor import Child, backoff, supervise

PARENT = """
import sys
from pathlib import Path
from isms_workflow.supervisor import Child, supervise
folder = Path(sys.argv[1])
sleeper = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\\\n'); time.sleep(600)"
supervise([Child(n, [sys.executable, "-c", sleeper, str(folder / n)]) for n in ("one", "two")], folder / "logs", print)
"""


def eventually(truth: Callable[[], object]) -> object:
    """What `truth` says once it says something; a test that waits in vain ends by its timeout."""
    while not (value := truth()):
        time.sleep(0.02)
    return value


def pids(file: Path) -> list[int]:
    """The processes that a sleeper's file names, oldest first."""
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped doesn't."""
    try:
        return " Z " not in f" {Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2]} "
    except FileNotFoundError:
        return False


@pytest.fixture
def parent(tmp_path: Path) -> subprocess.Popen[bytes]:
    """A supervisor of two sleepers, as a process of its own."""
    found = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.DEVNULL)
    eventually(lambda: pids(tmp_path / "one") and pids(tmp_path / "two"))
    return found


def test_a_child_that_dies_is_started_again_and_the_others_go_on(parent: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """Only the one that was killed has a successor."""
    os.kill(pids(tmp_path / "one")[0], signal.SIGKILL)
    eventually(lambda: len(pids(tmp_path / "one")) == 2)
    assert len(pids(tmp_path / "two")) == 1
    parent.send_signal(signal.SIGINT)
    assert parent.wait(10) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_one_signal_ends_everything(parent: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals) -> None:
    """Nobody is left behind."""
    parent.send_signal(number)
    assert parent.wait(10) == 0
    assert not any(alive(pid) for name in ("one", "two") for pid in pids(tmp_path / name))


def test_children_end_with_a_supervisor_that_was_killed(parent: subprocess.Popen[bytes], tmp_path: Path) -> None:
    """kill -9 of the supervisor leaves no orphans that a second start would meet."""
    parent.kill()
    parent.wait(10)
    for name in ("one", "two"):
        eventually(lambda name=name: not alive(pids(tmp_path / name)[0]))  # type: ignore[misc]


def test_a_child_is_not_started_before_what_it_needs(tmp_path: Path) -> None:
    """The worker waits for its server; what is ready starts at once."""
    stop, told = threading.Event(), []
    ready = tmp_path / "ready"
    late = Child("late", [sys.executable, "-c", "import time; time.sleep(600)"], after=ready.exists)

    def say(sentence: str) -> None:
        told.append(sentence)
        if sentence == "late is starting.":
            stop.set()

    timer = threading.Timer(0.5, lambda: (told.append("ready"), ready.touch()))
    timer.start()
    supervise([late], tmp_path / "logs", say, stop)
    assert told[:2] == ["ready", "late is starting."]


def test_back_off_grows_to_half_a_minute() -> None:
    """0.5 s after the first death, 30 s at most."""
    assert [backoff(n) for n in (1, 2, 3, 50)] == [0.5, 1.0, 2.0, 30.0]


def test_a_child_gives_way_to_what_others_started_too(tmp_path: Path) -> None:
    """Its own nice value, and where Linux shares its processors among sessions, that of its session."""
    stop, told, group = threading.Event(), tmp_path / "told", Path("/proc/self/autogroup")
    says = "import os, sys; print(os.nice(0), *open(sys.argv[2]).read().split()[-2:], file=open(sys.argv[1], 'w'))"
    grouped = os.access(group, os.W_OK) and group.read_text()
    child = Child("humble", [sys.executable, "-c", says, str(told), str(group) if grouped else os.devnull], nice=7)
    supervise([child], tmp_path / "logs", lambda sentence: stop.set() if "ended" in sentence else None, stop)
    assert told.read_text().split() == [str(os.nice(0) + 7), *(["nice", "7"] if grouped else [])]
