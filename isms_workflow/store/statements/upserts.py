"""Rows that are written once, whoever comes second. Plain text: SQLAlchemy's own upserts are compiled anew each time."""

from __future__ import annotations

from sqlalchemy import Table, TextClause, bindparam, text

from isms_workflow.store.bulk import listed


def new_only(table: Table, key: tuple[str, ...], *more: str) -> TextClause:
    """An insert of a row of these columns, all of them parameters, which leaves a row alone that is there already under
    this key; it gives back the key's first column, or no row.
    """
    names = (*key, *more)
    return text(
        f"INSERT INTO {table.name} ({listed(names)}) VALUES ({', '.join(f':{name}' for name in names)}) "  # noqa: S608  # our own
        f"ON CONFLICT ({listed(key)}) DO NOTHING RETURNING {listed(key[:1])}",
    ).bindparams(*(bindparam(name, type_=table.c[name].type) for name in names))
