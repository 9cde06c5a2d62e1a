"""Business tasks: shown in Prefect inside a flow run, plain functions elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

P = ParamSpec("P")
R = TypeVar("R")


def business_task(function: Callable[P, R]) -> Callable[P, R]:
    """Let operators see each call as a task run, inside a flow run; elsewhere it is the function itself.

    A Prefect task called outside a run would look for a server. Nothing is cached: a body that runs
    again asks the database what is done, not Prefect.
    """
    shown = task(cache_policy=NO_CACHE, persist_result=False)(function)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs) if FlowRunContext.get() is None else shown(*args, **kwargs)

    return call
