"""Reports that run, over all incidents that a reader sees: the next to act on first, a page at a time; no case is read whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, Select

from isms_workflow.domain.obligations import Standing, State
from isms_workflow.engine import programmes
from isms_workflow.engine.duties import owed_by
from isms_workflow.portal import views as v
from isms_workflow.portal.names import case_url
from isms_workflow.portal.sight import PAGE, eyes
from isms_workflow.portal.visit import Visit
from isms_workflow.store.statements import obligations as questions
from isms_workflow.store.statements.sight import Eyes, seen_by

COLUMNS = ("Incident", "Report", "After", "To", "Act by", "Latest lawful")
EMPTY = v.Empty("No report runs.", "Acts, contracts and insurances ask that incidents be reported in time; those that hold for you are "
                "switched on in the programme's folder obligations. What an incident owes stands here from the instant at which it "
                "is known.", v.Link("Programme", "/programme"))
AFTER = re.compile(r"(?P<counted_to>[\dTZ:.-]{27})~(?P<case>[\da-f-]{36})~(?P<obligation>[a-z\d_]+\.[a-z\d_]+)")


@dataclass(frozen=True)
class Look:
    """One look at what runs by one reader."""

    conn: Connection
    visit: Visit

    def rows(self, after: str = "", most: int | None = None) -> Sequence[Any]:
        """What is armed, behind the line that the page before ended with."""
        query = self._seen(questions.running_lines()).limit(most)
        last = AFTER.fullmatch(after)
        return self.conn.execute(query.where(questions.behind(**last.groupdict())) if last else query).all()

    def count(self) -> int:
        """How many there are."""
        return int(self.conn.execute(self._seen(questions.running_count())).scalar_one())

    def _seen(self, query: Select[Any]) -> Select[Any]:
        return query.where(seen_by(self._eyes))

    @cached_property
    def _eyes(self) -> Eyes:
        return eyes(self.conn, self.visit)

    def standings(self, rows: Sequence[Any]) -> Iterator[tuple[Any, Standing]]:
        """How each row's report stands now; without those whose time is over, though the clock hasn't been there yet."""
        owing = list({row.id: row for row in rows}.values())
        duties = owed_by(self.conn, owing, self.visit.now) if owing else {}
        names: dict[str, set[str]] = {}
        for row in rows:
            names.setdefault(row.id, set()).add(row.obligation)
        found = {(case, each.obligation.id): each for case, some in names.items() for each in duties[case].some(some)}
        for row in rows:
            if (each := found.get((row.id, row.obligation))) and each.state is State.RUNNING:
                yield row, each

    def lines(self, rows: Sequence[Any]) -> tuple[v.RunningLine, ...]:
        """Each as a row of the table."""
        return tuple(v.RunningLine(
            self.reference(row), v.Link(each.obligation.stage.title, self.url(row)),
            f"{each.obligation.regime.title}, {each.obligation.stage.article}", each.obligation.stage.recipient, each.act_by,
            each.latest_lawful) for row, each in self.standings(rows))

    def url(self, row: Any) -> str:
        """Where a row's report is seen to."""
        return f"{case_url(row.reference)}/obligations#{row.obligation}"

    def reference(self, row: Any) -> v.Reference:
        """An incident by its reference, from its line."""
        title = programmes.version(self.conn, row.programme).programme.workflows["incident"].title
        return v.Reference(row.reference, case_url(row.reference), title, row.label)


def listing(look: Look, params: Mapping[str, str]) -> v.Listing[v.RunningLine]:
    """The page that was asked for, 50 lines: `?after=` where the one before it ended."""
    rows, count = look.rows(params.get("after", ""), PAGE + 1), look.count()
    shown = rows[:PAGE]
    return v.Listing(
        "obligations", tuple(v.Column(each) for each in COLUMNS), look.lines(shown), EMPTY,
        exports=(v.Link("Download as CSV", "/obligations.csv"),) if count else (),
        older=f"?{urlencode({'after': key(shown[-1])})}" if len(rows) > PAGE else "",
        says="1 report" if count == 1 else f"{count:,} reports", further="Next")


def key(row: Any) -> str:
    """Where a line stands in the order of the list."""
    return f"{row.counted_to}~{row.id}~{row.obligation}"
