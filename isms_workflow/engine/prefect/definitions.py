"""What stands in `prefect.yaml`: the deployments, their schedules, and the flows that may be run at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

POOLS: Mapping[str, str] = {"isms": "isms", "isms-process": "process"}
"""Our work pools and the type of worker that serves each: our own, and Prefect's process worker."""

OWN_FLOWS = "flows."
"""Only modules of this package hold flows; nothing else is ever imported for a run."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment as `prefect.yaml` tells it."""

    name: str
    entrypoint: str
    pool: str
    description: str
    tags: tuple[str, ...]
    parameters: Mapping[str, Any]
    schedules: tuple[Mapping[str, Any], ...]
    concurrency: Mapping[str, Any] | None

    @property
    def flow(self) -> str:
        """The flow's name, as Prefect makes it from its function's."""
        return self.entrypoint.rpartition(".")[2].replace("_", "-")

    @property
    def body(self) -> dict[str, Any]:
        """What Prefect's API is told, but for the flow's id and the version."""
        told: dict[str, Any] = {
            "name": self.name,
            "entrypoint": self.entrypoint,
            "work_pool_name": self.pool,
            "description": self.description,
            "tags": list(self.tags),
            "parameters": dict(self.parameters),
            "parameter_openapi_schema": _schema(self.parameters),
            "schedules": [_schedule(entry) for entry in self.schedules],
        }
        if self.concurrency:
            options = {key: value for key, value in self.concurrency.items() if key != "limit"}
            told |= {"concurrency_limit": self.concurrency["limit"], "concurrency_options": options}
        return told

    @property
    def version(self) -> str:
        """Changes whenever the definition does, so that an unchanged deployment is left alone."""
        text = json.dumps(self.body, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def shipped() -> tuple[Deployment, ...]:
    """The deployments that the product ships, from the wheel or, in a checkout, from its root."""
    inside = resources.files("isms_workflow") / "_prefect.yaml"
    if inside.is_file():
        return parse(inside.read_text(encoding="utf-8"))
    return parse((Path(__file__).parents[3] / "prefect.yaml").read_text(encoding="utf-8"))


def parse(text: str) -> tuple[Deployment, ...]:
    """The deployments in a `prefect.yaml`."""
    return tuple(_deployment(entry) for entry in yaml.safe_load(text)["deployments"])


def entrypoints(deployments: Iterable[Deployment]) -> frozenset[str]:
    """The flows that the warm worker may run: those deployed for it, and of our own package only."""
    return frozenset(
        deployment.entrypoint
        for deployment in deployments
        if POOLS.get(deployment.pool) == "isms" and deployment.entrypoint.startswith(OWN_FLOWS)
    )


def _deployment(entry: Mapping[str, Any]) -> Deployment:
    return Deployment(
        name=entry["name"],
        entrypoint=entry["entrypoint"],
        pool=entry["work_pool"]["name"],
        description=entry.get("description", ""),
        tags=tuple(entry.get("tags", ())),
        parameters=entry.get("parameters", {}),
        schedules=tuple(entry.get("schedules", ())),
        concurrency=entry.get("concurrency_limit"),
    )


def _schedule(entry: Mapping[str, Any]) -> dict[str, Any]:
    when = {key: value for key, value in entry.items() if key not in ("slug", "active")}
    return {"slug": entry["slug"], "active": entry.get("active", True), "schedule": when}


def _schema(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The form that Prefect's UI shows: our flows take strings only, such as a case's id."""
    fields = {name: {"title": name, "type": "string", "position": place} for place, name in enumerate(parameters)}
    return {"type": "object", "title": "Parameters", "properties": fields, "required": list(parameters)}
