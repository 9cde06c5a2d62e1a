"""A list of what cases of every kind have: a cycle, an incident and a corrective action, each with some of it."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import update

from isms_workflow.store.tables import cases
from tests.portal.api.conftest import Programs

KINDS = ("PDCA-2026-0001", "INC-2026-0001", "CAP-2026-0001")


def listed(programs: Programs, path: str, of: ModuleType, batch: int, limit: int, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """All of it, which comes in the order in which it was made, in pages of `limit` however few are read at once, and by case."""
    everything = programs.pages("maria", path)
    assert {each["cycle"] for each in everything} == set(KINDS)
    assert [each["id"] for each in everything] == sorted(each["id"] for each in everything)
    monkeypatch.setattr(of, "BATCH", batch)
    assert programs.pages("maria", f"{path}?limit={limit}") == everything
    for name in KINDS:
        assert programs.pages("maria", f"{path}?cycle={name}") == [each for each in everything if each["cycle"] == name]
    return everything


def seen_of_restricted(programs: Programs, path: str) -> dict[str, set[str]]:
    """By first name, of which cases the list has something once the incident is restricted."""
    with programs.world.store.write() as tx:
        tx.execute(update(cases).where(cases.c.kind == "incident").values(label="restricted"))
    return {who: {each["cycle"] for each in programs.pages(who, path)} for who in ("maria", "olga")}
