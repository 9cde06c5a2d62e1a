"""Rows that are written once, whoever comes second."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def new_only(dialect: str, table: Table, *key: str) -> Any:
    """An insert that leaves a row alone which is there already under this key."""
    if dialect == "postgresql":
        return postgresql_insert(table).on_conflict_do_nothing(index_elements=key)
    return sqlite_insert(table).on_conflict_do_nothing(index_elements=key)
