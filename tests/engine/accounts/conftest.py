"""The cast of the account tests: who is who before a test begins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import insert, select, update

from isms_workflow.domain.ids import new_id
from isms_workflow.engine.accounts import sessions
from isms_workflow.store.database import Store
from isms_workflow.store.tables import audit, people

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
PASSWORD = "seven quiet blue herons"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Cast:
    """People in a database: Alice administers, Bob uses, Carol was invited only, Dave has left."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.hashed = QUICK.hash(PASSWORD)
        self.alice = self.add("alice", "admin", self.hashed)
        self.bob = self.add("bob", "user", self.hashed)
        self.carol = self.add("carol", "user", None)
        self.dave = self.add("dave", "user", self.hashed, deactivated_at=NOW - timedelta(days=1))

    def add(self, name: str, role: str, password: str | None, **more: Any) -> str:
        """One account; its password is `PASSWORD`, if it has one."""
        row = {
            "id": new_id(), "email": f"{name}@example.org", "name": name.title(), "role": role, "zone": "UTC",
            "version": 1, "password": password, "added_at": NOW - timedelta(days=30), **more,
        }
        with self.store.write() as tx:
            tx.execute(insert(people).values(row))
        return str(row["id"])

    def change(self, person: str, **values: Any) -> None:
        """What somebody else does to an account meanwhile."""
        with self.store.write() as tx:
            tx.execute(update(people).where(people.c.id == person).values(values))

    def row(self, person: str) -> Any:
        """The account as it stands."""
        with self.store.read() as conn:
            return conn.execute(select(people).where(people.c.id == person)).one()

    def begin(self, person: str, now: datetime = NOW) -> str:
        """A session's token."""
        with self.store.write() as tx:
            return sessions.begin(tx, person, now).token

    def who(self, token: str, now: datetime = NOW) -> str | None:
        """Whose session it is."""
        with self.store.read() as conn:
            found = sessions.session(conn, token, now)
        return found.person.id if found else None

    def rows(self, table: Any) -> list[Any]:
        """Everything in a table."""
        with self.store.read() as conn:
            return list(conn.execute(select(table)))

    def history(self) -> list[tuple[str, str, str]]:
        """Kind, actor and subject of each audit record."""
        with self.store.read() as conn:
            found = conn.execute(select(audit.c.kind, audit.c.actor, audit.c.subject).order_by(audit.c.seq))
            return [tuple(row) for row in found]


@pytest.fixture
def cast(store: Store) -> Cast:
    """Alice, Bob, Carol and Dave, on each database."""
    return Cast(store)


