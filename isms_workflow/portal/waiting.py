"""What My work says of cases beside what stands in them, asked for once however many they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.views import CaseView
from isms_workflow.portal.showing import armed, rungs_of
from isms_workflow.store.statements import corrective, incidents


def titles(conn: Connection, ids: Collection[str]) -> dict[str, str]:
    """What incidents and corrective actions are about, by case; the cycle has no title of its own."""
    found = (row for query in (incidents.titles, corrective.titles) for row in conn.execute(query(ids)))
    return {case: title or "(erased)" for case, title in found}


def title_of(conn: Connection, view: CaseView) -> str:
    """The same of one case; "" for the cycle."""
    return titles(conn, (view.case.id,)).get(view.case.id, "")


@dataclass(frozen=True)
class Waiting:
    """What comes next in these cases, and what they are about."""

    conn: Connection
    deadlines: Mapping[str, Sequence[Any]]
    titles: Mapping[str, str]

    @classmethod
    def of(cls, conn: Connection, views: Sequence[CaseView]) -> Waiting:
        """Of these cases."""
        ids = [view.case.id for view in views]
        return cls(conn, armed(conn, ids), titles(conn, ids))

    def then(self, view: CaseView, subject: str) -> str:
        """What happens next to a step, a gate or a case if nobody acts; "" for nothing."""
        ahead = rungs_of(self.conn, view, self.deadlines.get(subject, ()), 1)
        return ahead[0].says if ahead else ""

    def title(self, view: CaseView) -> str:
        """What an incident or a corrective action is about."""
        return self.titles[view.case.id]

    def named(self, view: CaseView, title: str) -> str:
        """What a row is called; of what isn't the cycle with what it is about, for somebody may owe several."""
        return title if view.workflow.is_followed else f"{title}: {self.title(view)}"
