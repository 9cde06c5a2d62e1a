"""Tells Prefect's server what it may have forgotten: work pools, flows, deployments, schedules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from isms_workflow.domain.effects import Refused
from isms_workflow.engine.prefect.api import Api
from isms_workflow.engine.prefect.definitions import POOLS, Deployment


def register(api: Api, deployments: Iterable[Deployment]) -> dict[str, str]:
    """Make the server know our pools and these deployments; the ids of the deployments, by name.

    Idempotent: what already stands there as defined isn't touched, so that a schedule which an operator
    paused stays paused and no scheduled run is lost. Raises Unreachable or Refused.
    """
    for pool, worker_type in POOLS.items():
        _ensure_pool(api, pool, worker_type)
    return {deployment.name: _ensure_deployment(api, deployment) for deployment in deployments}


def _ensure_pool(api: Api, name: str, worker_type: str) -> None:
    if api.find(f"/work_pools/{name}") is not None:
        return
    try:
        api.post("/work_pools/", {"name": name, "type": worker_type})
    except Refused:  # somebody else registered it meanwhile: all is well
        if api.find(f"/work_pools/{name}") is None:
            raise


def _ensure_deployment(api: Api, wanted: Deployment) -> str:
    standing = api.find(f"/deployments/name/{wanted.flow}/{wanted.name}")
    if standing is not None and _is_as(wanted, standing):
        return str(standing["id"])
    flow = api.post("/flows/", {"name": wanted.flow})
    body = wanted.body | {"flow_id": flow["id"], "version": wanted.version}
    body["schedules"] = [_kept_paused(schedule, standing) for schedule in body["schedules"]]
    return str(api.post("/deployments/", body)["id"])


def _is_as(wanted: Deployment, standing: Mapping[str, Any]) -> bool:
    """Whether the deployment stands as defined; one whose pool was deleted has lost its queue."""
    slugs = {schedule["slug"] for schedule in standing["schedules"]}
    return (
        standing["version"] == wanted.version
        and standing["work_pool_name"] == wanted.pool
        and all(schedule["slug"] in slugs for schedule in wanted.schedules)
    )


def _kept_paused(schedule: dict[str, Any], standing: Mapping[str, Any] | None) -> dict[str, Any]:
    """A changed definition doesn't start what an operator paused."""
    paused = {old["slug"] for old in (standing or {}).get("schedules", ()) if not old["active"]}
    return schedule | {"active": schedule["active"] and schedule["slug"] not in paused}
