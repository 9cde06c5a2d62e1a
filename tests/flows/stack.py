"""The product's processes for a test: clock, deliverer, worker and a real Prefect server, each a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from isms_workflow.domain import machines
from isms_workflow.engine.commands import cases
from isms_workflow.engine.context import utc_now
from isms_workflow.engine.prefect import local, server
from isms_workflow.settings import Settings
from isms_workflow.store import schema
from isms_workflow.store.database import Store, open_store
from isms_workflow.store.statements import cases as questions
from isms_workflow.store.tables import cases as table
from tests.patience import eventually, free_port
from tests.world import World, found

ROOT = Path(__file__).parents[2]


@dataclass
class Stack:
    """Everything `isms up` starts but the portal; a world's people act on its store."""

    settings: Settings
    store: Store
    world: World
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @classmethod
    def begin(cls, data: Path, smtp_port: int | None = None) -> Stack:
        """A set-up installation in an empty folder, its processes running; mails become files unless a port is named."""
        settings = Settings(data=data, prefect_port=free_port())
        if smtp_port is not None:
            settings = settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": smtp_port, "smtp_tls": "none"})
        store = open_store(settings.store_url)
        schema.upgrade(store, [(m.kind, m.states) for m in machines.ALL.values()])
        world = found(store, start=utc_now())
        world.sim.run_flows = lambda: None  # type: ignore[method-assign]  # Prefect does this here
        stack = cls(settings, store, world)
        try:
            stack.start_server()
        except BaseException:
            stack.end()  # nobody else would: there is nothing to give back yet
            raise
        for name, command in (("worker", "worker"), ("clock", "clock"), ("deliverer", "deliver")):
            stack.start(name, command)
        return stack

    @property
    def environment(self) -> Mapping[str, str]:
        """What children inherit."""
        said = self.settings.model_dump(mode="json", exclude_unset=True)
        return {**local.child_environment(self.settings), "PYTHONPATH": str(ROOT),
                **{f"ISMS_{name.upper()}": str(value) for name, value in said.items()}}

    def start_server(self) -> None:
        """Prefect's server; returns when it answers."""
        self._begin("server", server.command())
        eventually("Prefect's server answers", lambda: server.reachable(self.settings))

    def start(self, name: str, command: str) -> None:
        """One of our own services, by its command; it is ready in its own time."""
        self._begin(name, [sys.executable, "-m", "isms_workflow.cli", command])

    def kill(self, name: str, by: signal.Signals = signal.SIGKILL) -> None:
        """Ends a process, without a chance to tidy up unless another signal is named."""
        self.processes[name].send_signal(by)
        self.processes[name].wait(20)

    @contextmanager
    def without_server(self, by: signal.Signals) -> Iterator[None]:
        """Prefect's server is away: stopped in the middle of everything (it hangs), or killed (it refuses); then goes on."""
        self.processes["server"].send_signal(by)
        try:
            yield
        finally:
            if by is signal.SIGSTOP:
                self.processes["server"].send_signal(signal.SIGCONT)
            else:
                self.processes["server"].wait(20)
                self.start_server()

    def lose_prefects_database(self) -> None:
        """Server stopped, its database deleted, server started."""
        self.kill("server", signal.SIGTERM)
        for path in self.settings.prefect_home.glob("prefect.db*"):
            path.unlink()
        self.start_server()

    def fresh_cycle(self, ago: timedelta = timedelta(0)) -> None:
        """A cycle of this test's own, opened so long ago: whatever was open is cancelled by top management."""
        self.world.sim.now = utc_now()
        with self.store.write() as tx:
            for case in tx.execute(questions.open_cases("pdca")).scalars().all():
                cases.cancel(tx, case, None, "the next test", self.world.actor("dana"), self.world.when())
        self.world.sim.now = utc_now() - ago
        self.world.open_cycle()

    def act(self, deed: Callable[[World], None], at: datetime | None = None) -> None:
        """People act: now, in real time, unless it is told of another instant."""
        self.world.sim.now = at or utc_now()
        deed(self.world)

    def state(self) -> str:
        """The cycle's state in the truth."""
        return self.world.view().case.state

    def run(self) -> Mapping[str, Any]:
        """The cycle's current run as Prefect knows it; empty if it has none."""
        with self.store.read() as conn:
            run_id = conn.execute(select(table.c.flow_run_id).where(table.c.id == self.world.case)).scalar()
        return (self.api("GET", f"/flow_runs/{run_id}") or {}) if run_id else {}

    def run_is(self, name: str) -> bool:
        """Whether the current run is in a state of this name."""
        return bool((self.run().get("state") or {}).get("name") == name)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Prefect's API, as the operator's browser uses it; None for 404."""
        headers = {} if method == "GET" else _csrf(self.browser)  # asking for a token is a write in Prefect's database
        answer = self.browser.request(method, path, json=body, headers=headers)
        while answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:  # Prefect's SQLite was busy
            time.sleep(0.2)
            answer = self.browser.request(method, path, json=body, headers=headers)
        if answer.status_code == httpx.codes.FORBIDDEN and headers:  # as Prefect's own client: its token may be outdated by now
            answer = self.browser.request(method, path, json=body, headers=_csrf(self.browser))
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        answer.raise_for_status()
        return answer.json() if answer.content else None

    @cached_property
    def browser(self) -> httpx.Client:
        """The operator's, one for all that is asked: to make one costs as much processor time as the server's answer."""
        return httpx.Client(base_url=local.api_url(self.settings), trust_env=False, timeout=30,
                            auth=(local.USER, local.secret(self.settings)),
                            limits=httpx.Limits(max_keepalive_connections=0))  # the server is killed now and then

    def end(self) -> None:
        """Everything ends."""
        for process in self.processes.values():
            process.terminate()
        for name, process in self.processes.items():
            try:
                process.wait(8)
            except subprocess.TimeoutExpired:
                self.kill(name)
        self.browser.close()
        self.store.close()

    def _begin(self, name: str, command: list[str]) -> None:
        log = (self.settings.data / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(command, env=dict(self.environment), stdout=log, stderr=log, cwd=ROOT)


def _csrf(client: httpx.Client) -> dict[str, str]:
    token = client.get("/csrf-token", params={"client": "operator"})
    return {"Prefect-Csrf-Client": "operator", "Prefect-Csrf-Token": token.json().get("token", "")}
