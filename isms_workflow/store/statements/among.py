"""`column IN (…)` for hundreds of ids: one parameter, so that neither SQLAlchemy nor the driver handles each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import BindParameter, Boolean, ColumnElement, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal


class _Among(ColumnElement[bool]):
    inherit_cache = True
    type = Boolean()
    _traverse_internals = [  # noqa: RUF012  # how SQLAlchemy has it
        ("column", InternalTraversal.dp_clauseelement), ("ids", InternalTraversal.dp_clauseelement)]

    def __init__(self, column: Any, ids: BindParameter[str]) -> None:
        self.column, self.ids = column, ids

    def self_group(self, against: Any = None) -> _Among:  # noqa: ARG002  # SQLAlchemy's
        """Stays as it is: SQLAlchemy would have SQLite compare it with 1, and no index would be used."""
        return self


def among(column: Any, ids: Iterable[str]) -> ColumnElement[bool]:
    """Whether the column's text is one of these ids."""
    found = tuple(ids)
    if len(found) == 1:
        only: ColumnElement[bool] = column == found[0]
        return only
    return _Among(column, bindparam(None, _json(found), type_=Text, unique=True))


def named(column: Any) -> ColumnElement[bool]:
    """The same for ids that are given with the statement: `tx.execute(questions.found(), ids(("…",)))`.

    Such a statement is made once a process: making one, and finding what SQLAlchemy compiled of it before, costs
    more than asking it.
    """
    return _Among(column, bindparam("ids", type_=Text))


def ids(found: Iterable[str]) -> dict[str, str]:
    """The parameter of a statement with `named`."""
    return {"ids": _json(found)}


def _json(found: Iterable[str]) -> str:
    return orjson.dumps(list(found)).decode()


@compiles(_Among)
def _in_sqlite(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, ids = compiler.process(element.column, **how), compiler.process(element.ids, **how)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608  # a column's name and a parameter


@compiles(_Among, "postgresql")
def _in_postgresql(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    return (f"{compiler.process(element.column, **how)} = ANY "
            f"(ARRAY(SELECT json_array_elements_text(CAST({compiler.process(element.ids, **how)} AS json))))")
