"""What My work says of cases beside what stands in them, asked for once however many they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.views import CaseView
from isms_workflow.portal.showing import armed, rungs_of
from isms_workflow.store.statements import corrective, incidents


@dataclass(frozen=True)
class Waiting:
    """What comes next in these cases, and what they are about."""

    conn: Connection
    deadlines: Mapping[str, Sequence[Any]]
    titles: Mapping[str, str | None]

    @classmethod
    def of(cls, conn: Connection, views: Sequence[CaseView]) -> Waiting:
        """Of these cases."""
        ids = [view.case.id for view in views]
        titles = {case: title for query in (incidents.titles, corrective.titles) for case, title in conn.execute(query(ids))}
        return cls(conn, armed(conn, ids), titles)

    def then(self, view: CaseView, subject: str) -> str:
        """What happens next to a step, a gate or a case if nobody acts; "" for nothing."""
        ahead = rungs_of(self.conn, view, self.deadlines.get(subject, ()), 1)
        return ahead[0].says if ahead else ""

    def title(self, view: CaseView) -> str:
        """What an incident or a corrective action is about."""
        return self.titles.get(view.case.id) or "(erased)"

    def named(self, view: CaseView, title: str) -> str:
        """What a row is called; of what isn't the cycle with what it is about, for somebody may owe several."""
        return title if view.workflow.is_followed else f"{title}: {self.title(view)}"
