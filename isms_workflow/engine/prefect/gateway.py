"""What the engine may ask of Prefect: start, resume and cancel runs, show their state, tell events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from isms_workflow.domain.effects import Busy, Refused
from isms_workflow.engine.prefect.api import Api
from isms_workflow.engine.prefect.definitions import Deployment, shipped
from isms_workflow.engine.prefect.register import register
from isms_workflow.settings import Settings


class RunState(StrEnum):
    """What became of a flow run, as far as the engine cares."""

    MISSING = "missing"
    """Prefect doesn't know it: deleted, or the database is a new one."""
    ORPHANED = "orphaned"
    """Waiting, but its deployment or queue is gone: no worker will ever take it."""
    PENDING = "pending"
    """Scheduled, resuming or taken by a worker: its body will begin."""
    RUNNING = "running"
    """Its body began. A killed worker leaves it so for ever."""
    SUSPENDED = "suspended"
    """Its body ended to wait; a resume begins it again."""
    TERMINAL = "terminal"
    """Ended or ending: completed, failed, crashed, cancelled, being cancelled."""


_STATES: Mapping[str, RunState] = {
    "SCHEDULED": RunState.PENDING,
    "PENDING": RunState.PENDING,
    "RUNNING": RunState.RUNNING,
    "PAUSED": RunState.SUSPENDED,
    "CANCELLING": RunState.TERMINAL,
    "CANCELLED": RunState.TERMINAL,
    "COMPLETED": RunState.TERMINAL,
    "FAILED": RunState.TERMINAL,
    "CRASHED": RunState.TERMINAL,
}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a case. `occurred` is aware; the same `key` gives the same id, by which a repeat is known."""

    name: str
    reference: str
    payload: Mapping[str, Any]
    occurred: datetime
    key: str

    def as_json(self) -> dict[str, Any]:
        """As Prefect's API takes it."""
        return {
            "id": str(uuid5(NAMESPACE_URL, f"isms:{self.key}")),
            "event": self.name,
            "occurred": self.occurred.isoformat(),
            "resource": {"prefect.resource.id": f"isms.case.{reference_id(self.reference)}",
                         "isms.reference": self.reference},
            "payload": dict(self.payload),
        }


class PrefectGateway:
    """The engine's one way to Prefect; blocks, and may be shared by the deliverer's threads.

    Prefect is shown references, phases and states only; never persons, titles or reasons. Every method
    raises Unreachable if the server can't be reached, Refused if it will never do what was asked, and
    Busy where it says so.
    """

    def __init__(self, settings: Settings, deployments: Iterable[Deployment] | None = None) -> None:
        self._api = Api(settings)
        self._deployments = tuple(shipped() if deployments is None else deployments)
        self._ids: dict[str, str] = {}
        self._registering = Lock()

    def close(self) -> None:
        """Give the connections back."""
        self._api.close()

    def ensure_registered(self) -> None:
        """Make the server know pools, deployments and schedules; changes nothing that stands as defined."""
        with self._registering:
            self._ids = register(self._api, self._deployments)

    def start(self, kind: str, case_id: str, reference: str, phase: str | None, attempt: int) -> str:
        """Start a run for this attempt of a case, or find the one that was started; its id.

        The same case and attempt always give the same run, also one that was cancelled meanwhile:
        whoever wants another raises the attempt.
        """
        body = {
            "name": reference,
            "parameters": {"case": case_id},
            "tags": [f"kind:{kind}"] + ([f"phase:{phase}"] if phase else []),
            "idempotency_key": f"{case_id}:{attempt}",
        }
        name = kind.replace("_", "-")
        if name not in self._ids or self._is_gone(self._ids[name]):
            self.ensure_registered()
        if name not in self._ids:
            raise Refused(f"There is no deployment named {name!r} in prefect.yaml for cases of kind {kind!r}.")
        return str(self._api.post(f"/deployments/{self._ids[name]}/create_flow_run", body)["id"])

    def state(self, run_id: str) -> RunState:
        """What became of a run."""
        run = self._api.find(f"/flow_runs/{run_id}")
        if run is None:
            return RunState.MISSING
        state = _STATES.get(run["state_type"], RunState.PENDING)  # none yet: about to be scheduled
        if state in (RunState.PENDING, RunState.SUSPENDED) and self._is_orphaned(run):
            return RunState.ORPHANED
        return state

    def resume(self, run_id: str) -> None:
        """Let a suspended run's body begin again. Raises Busy while the run is running or pending.

        That the server accepts it doesn't mean that the body began: only the body can say so.
        """
        state = self.state(run_id)
        if state in (RunState.RUNNING, RunState.PENDING):
            raise Busy(f"Flow run {run_id} is still {state}: it can be resumed when it has suspended.")
        if state is not RunState.SUSPENDED:
            raise Refused(f"Flow run {run_id} is {state}: it can't be resumed; its case needs a new run.")
        answer = self._api.post(f"/flow_runs/{run_id}/resume", {})
        if answer["status"] != "ACCEPT":  # it moved between the two calls
            raise Busy(f"Flow run {run_id} couldn't be resumed: {_reason(answer)}")

    def cancel(self, run_id: str, message: str) -> None:
        """End a run that isn't needed any more, with a message; one that ended or is gone is left alone."""
        if self.state(run_id) in (RunState.MISSING, RunState.TERMINAL):
            return
        state = {"type": "CANCELLED", "name": "Cancelled", "message": message}
        self._api.post(f"/flow_runs/{run_id}/set_state", {"state": state, "force": True})

    def publish_artifact(self, reference: str, markdown: str, link: str, run_id: str | None = None) -> None:
        """Show a case's running state, with a link to the portal, on its run's page; replaces the last one."""
        key = reference.lower()
        data = f"{markdown}\n\n[{reference}]({link})\n"
        shown = {"key": {"any_": [key]}, "flow_run_id": {"any_": [run_id]}}
        for artifact in self._api.post("/artifacts/filter", {"artifacts": shown, "limit": 1}) if run_id else ():
            self._api.patch(f"/artifacts/{artifact['id']}", {"data": data})
            return
        body = {"key": key, "type": "markdown", "data": data, "flow_run_id": run_id, "description": reference}
        self._api.post("/artifacts/", body)

    def emit(self, events: Iterable[Event]) -> None:
        """Tell Prefect events, so that operators can hang automations on them."""
        self._api.post("/events", [event.as_json() for event in events])

    def has_scheduled_runs(self, now: datetime) -> bool:
        """Whether the server's scheduler works: some run of ours is scheduled for after `now`."""
        names = [deployment.name for deployment in self._deployments if deployment.schedules]
        body = {
            "flow_runs": {
                "state": {"type": {"any_": ["SCHEDULED"]}},
                "expected_start_time": {"after_": now.isoformat()},
            },
            "deployments": {"name": {"any_": names}},
        }
        return int(self._api.post("/flow_runs/count", body)) > 0

    def _is_gone(self, deployment_id: str) -> bool:
        return self._api.find(f"/deployments/{deployment_id}") is None

    def _is_orphaned(self, run: Mapping[str, Any]) -> bool:
        deployment = run["deployment_id"]
        return not deployment or not run["work_queue_id"] or self._is_gone(deployment)


def reference_id(reference: str) -> str:
    """A case's reference as part of a resource id: PDCA-2026-0001 becomes pdca.2026.0001."""
    return reference.lower().replace("-", ".")


def _reason(answer: Mapping[str, Any]) -> str:
    return str((answer.get("details") or {}).get("reason") or answer["status"])
