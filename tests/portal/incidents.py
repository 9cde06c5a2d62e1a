"""Incidents at the portal, for tests: how somebody narrows one, acts on it, and reads its page."""

from __future__ import annotations

from sqlalchemy import update

from isms_workflow.store.tables import cases
from tests.portal.visitor import House, Visitor

FIRST = "/incidents/INC-2026-0001"


def label(house: House, name: str) -> None:
    """The incident's label."""
    with house.world.store.write() as tx:
        tx.execute(update(cases).values(label=name))


def act(visitor: Visitor, event: str, **fields: str) -> int:
    """The form of that name on the incident's page is sent; what was answered."""
    return visitor.send(f"/incidents/{visitor.house.world.case}/{event}", FIRST, **fields).status_code


def main_of(visitor: Visitor, path: str) -> str:
    """What a page says within."""
    return visitor.read(path).split("<main", 1)[1]
