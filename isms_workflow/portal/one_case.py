"""One case before one reader, whatever its kind: found by its address, seen, and acted on by a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection

from isms_workflow.domain.refusals import Moved, NotAllowed, Unknown
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.engine.commands.common import case_id
from isms_workflow.portal.names import Names
from isms_workflow.portal.visit import Posted, Visit
from isms_workflow.store.database import Transaction

Do = Callable[[Transaction, Visit, Posted, str], None]
"""What a form on a case's page does, in its own transaction; the last is the case's id or reference."""


@dataclass
class CasePage:
    """One case before one reader, read at one instant."""

    conn: Connection
    visit: Visit
    view: CaseView

    @cached_property
    def names(self) -> Names:
        """What people are called."""
        return Names(self.conn, self.visit.person)


def found(conn: Connection, visit: Visit, name: str, kind: str) -> CaseView:
    """A case of this kind by its id or reference. Raises `Unknown`; it says nothing of who may see it."""
    what = kind.replace("_", " ")
    try:
        view = reading.view(conn, case_id(conn, name), visit.now)
    except Unknown:
        raise Unknown(what, name) from None
    if view.case.kind != kind:
        raise Unknown(what, name)
    return view


def seen(conn: Connection, visit: Visit, name: str, kind: str) -> CaseView:
    """The case, if the reader may see it. Raises `Unknown`, `NotShown`."""
    view = found(conn, visit, name, kind)
    visit.require_sight(conn, view, kind.replace("_", " "), name)
    return view


def carry_out(visit: Visit, form: Posted, case: str, kind: str, do: Do) -> None:
    """What the form asks for. Raises `Moved` if what isn't possible now was so when the form was made."""
    try:
        with visit.portal.store.write() as tx:
            do(tx, visit, form, case)
    except NotAllowed:
        with visit.portal.store.read() as conn:
            now = found(conn, visit, case, kind).case
        if form.version() not in (None, now.version):
            raise Moved(now.reference, form.version(), now.version) from None
        raise
