"""What the API's rooms of cases share: finding one that the caller may see, and carrying out a command on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Query, Response
from sqlalchemy import Connection

from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.times import When
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.engine.commands.common import case_id
from isms_workflow.portal.api import models as m
from isms_workflow.portal.api import shapes
from isms_workflow.portal.api.caller import Caller
from isms_workflow.store.database import Transaction
from isms_workflow.store.statements import among
from isms_workflow.store.statements import cases as questions

WORDS: Mapping[str | None, str] = {"pdca": "cycle", "incident": "incident",
                                   "corrective_action": "corrective action"}
"""What a case of a kind is called where one isn't found."""

BATCH = 200
"""Cases that are read at once to find those that the caller may see."""

Limit = Annotated[int, Query(ge=1, le=shapes.MOST)]
T = TypeVar("T", bound=m.Said)


def by_name(conn: Connection, caller: Caller, name: str, kind: str | None = None) -> CaseView:
    """A case that the caller may see, of one kind or of any. Raises `Unknown`, `NotShown`."""
    found, what = case_id(conn, name), WORDS.get(kind, "case")
    row = conn.execute(questions.found(), among.ids((found,))).first()
    if row is None or kind not in (None, row.kind):
        raise Unknown(what, name)
    return caller.view(conn, found, what, name)


def seen_of(conn: Connection, caller: Caller, ids: Collection[str]) -> list[CaseView]:
    """Those of these cases that the caller may see, in their order; one query a table, however many cases."""
    views = reading.views(conn, ids, caller.now)
    caller.expect(conn, ids)
    return [views[each] for each in ids if caller.sees(conn, views[each])]


def carry_out(caller: Caller, kind: str, name: str, body: m.Taken | None, shape: Callable[[Transaction, str], T],
              command: Callable[..., None], *what: Any) -> Response:
    """A command on a case that the caller may see; answered with the case as it is then, as `shape` makes it.

    `command` takes the transaction, the case's id, the version of `If-Match`, `what`, the actor and the instant.
    """
    seen = caller.seen()
    with caller.reading() as conn:
        case = by_name(conn, caller, name, kind).case.id

    def done(tx: Transaction, when: When) -> T:
        command(tx, case, seen, *what, caller.actor, when)
        return shape(tx, case)

    return caller.write(body, done)
