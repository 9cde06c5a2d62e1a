"""What the database refuses of the register of systems, whatever the code does."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from isms_workflow.domain.ids import new_id
from isms_workflow.store.database import Store
from isms_workflow.store.tables import people, systems
from tests.world import START, found

WRONG: dict[str, dict[str, Any]] = {
    "a name that is taken": {},
    "no name": {"name": "", "folded": ""},
    "an owner whom nobody knows": {"folded": "x", "owner": "nobody"},
    **{f"a need of {need} that is none": {"folded": "x", need: "huge"}
       for need in ("confidentiality", "integrity", "availability")},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_the_database_refuses(store: Store, changes: dict[str, Any]) -> None:
    """A second system in use of the same name; a level that nobody knows; an owner who isn't there."""
    found(store)
    with store.read() as conn:
        owner = conn.execute(select(people.c.id)).scalars().first()
    row = {"name": "ERP", "folded": "erp", "description": "", "owner": owner, "confidentiality": "low", "integrity": "low",
           "availability": "low", "data": ["none"], "version": 1, "added_at": START}
    with store.write() as tx:
        tx.execute(insert(systems).values(id=new_id(), retired_at=START, **row))  # whose name is free again
        tx.execute(insert(systems).values(id=new_id(), **row))
    with pytest.raises(IntegrityError), store.write() as tx:
        tx.execute(insert(systems).values(id=new_id(), **{**row, **changes}))
