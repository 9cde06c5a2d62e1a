"""Who asks is found out in the endpoint's thread, and before the endpoint."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from threading import get_ident
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from isms_workflow.portal import api, pages
from isms_workflow.portal.asking import Later, Route

MODULES = [f"{folder.__name__}.{each.name}" for folder in (api, pages) for each in iter_modules(folder.__path__)]
ROUTERS = [module.router for module in map(import_module, MODULES) if hasattr(module, "router")]


async def put_off(name: str) -> Later[tuple[str, int]]:
    """Whoever is named, and the thread in which that was found out; nobody else."""
    def find() -> tuple[str, int]:
        if name != "ana":
            raise HTTPException(401)
        return name, get_ident()
    return Later(find)


@pytest.fixture
def visitor() -> TestClient:
    """A visitor of a page that says who asks."""
    router = APIRouter(route_class=Route)

    @router.get("/")
    def page(asking: Annotated[tuple[str, int], Depends(put_off)], page: int = 1) -> dict[str, str | bool | int]:
        return {"who": asking[0], "here": asking[1] == get_ident(), "page": page}

    app = FastAPI()
    app.include_router(router)
    return TestClient(app)


def test_who_asks_is_found_out_in_the_endpoints_own_thread(visitor: TestClient) -> None:
    """So a request is handed over once; everything else reaches the endpoint as it would."""
    assert visitor.get("/?name=ana&page=2").json() == {"who": "ana", "here": True, "page": 2}


def test_the_endpoint_is_not_reached_by_whoever_is_refused(visitor: TestClient) -> None:
    """What finding out raises is the answer."""
    assert visitor.get("/?name=eva").status_code == 401


def test_every_endpoint_of_ours_waits_for_who_asks() -> None:
    """Each router makes routes that do; one that doesn't would hand its endpoint a question instead of a reader."""
    assert len(ROUTERS) > 40
    assert {type(route) for router in ROUTERS for route in router.routes} == {Route}
