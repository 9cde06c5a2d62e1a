"""Rows that are written once, whoever comes second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert


def insert_of(dialect: str) -> Callable[[Table], Any]:
    """The dialect's own insert, which can say what comes of a row that is there already."""
    return postgresql_insert if dialect == "postgresql" else sqlite_insert


def new_only(dialect: str, table: Table, *key: str) -> Any:
    """An insert that leaves a row alone which is there already under this key."""
    return insert_of(dialect)(table).on_conflict_do_nothing(index_elements=key)
