"""`isms up` as an installation runs it, whose children are killed one after the other, and must stand up again."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from isms_workflow import services
from isms_workflow.settings import Settings
from tests.flows.course import LET_UP_S
from tests.flows.stack import ROOT
from tests.patience import eventually

KILLED = re.compile(r"(\w+) ended \(killed by SIGKILL\)")


@dataclass
class Upright:
    """`isms up`, running; what it printed is in `output`."""

    settings: Settings
    process: subprocess.Popen[bytes]
    output: Path

    def children(self) -> Mapping[str, int]:
        """The processes of the services that live at this instant, by name."""
        names = {tuple(child.command): child.name for child in services.children(self.settings)}
        found = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = stat.read_text().rpartition(")")[2].split()[1]
                command = tuple((stat.parent / "cmdline").read_text().split("\0")[:-1])
            except (FileNotFoundError, ProcessLookupError):  # it ended while we looked
                continue
            if int(parent) == self.process.pid and command in names:
                found[names[command]] = int(stat.parent.name)
        return found

    def answers(self) -> bool:
        """Whether the portal does."""
        try:
            return httpx.get(f"{self.settings.public_url}/health", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    def deaths(self) -> Counter[str]:
        """What the supervisor says it saw die by `kill -9`."""
        return Counter(KILLED.findall(self.output.read_text()))


@contextmanager
def upright(settings: Settings) -> Iterator[Upright]:
    """Everything that `isms up` starts; one Ctrl-C ends it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "ISMS_DATA": str(settings.data),
                   "ISMS_DATABASE_URL": settings.database_url, "ISMS_PORT": str(settings.port),
                   "ISMS_PREFECT_PORT": str(settings.prefect_port), "ISMS_PUBLIC_URL": settings.public_url}
    output = settings.data.parent / "output.txt"
    with output.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "isms_workflow.cli", "up"], cwd=ROOT, env=environment,
                                   stdout=out, stderr=subprocess.STDOUT)
    try:
        yield Upright(settings, process, output)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait(20)
        print(output.read_text())  # shown if the test fails


@dataclass
class Reaper:
    """Kills the services it was given, in an order and at instants that its dice say."""

    up: Upright
    dice: random.Random
    ahead: list[str] = field(default_factory=list)
    killed: Counter[str] = field(default_factory=Counter)

    def intends(self, *victims: str) -> None:
        """To kill these from now on, in any order."""
        self.ahead = self.dice.sample(victims, len(victims))

    def passes(self) -> None:
        """Somebody did something: perhaps one dies within the half second after it."""
        alive = self.up.children()
        victim = next((name for name in self.ahead if name in alive), None)
        if victim is not None and self.dice.random() < 0.3:
            self._kills(victim)

    def finishes(self) -> None:
        """Whoever of those intended is left, as soon as it lives."""
        while self.ahead:
            name = self.ahead[0]
            eventually(f"the {name} has been started again", lambda name=name: name in self.up.children(), LET_UP_S)  # type: ignore[misc]
            self._kills(name)

    def _kills(self, name: str) -> None:
        time.sleep(self.dice.uniform(0.0, 0.5))  # any instant: nothing is waited for
        process = self.up.children().get(name)
        if process is None:
            return  # it died by itself meanwhile; its turn comes again
        os.kill(process, signal.SIGKILL)
        self.ahead.remove(name)
        self.killed[name] += 1
