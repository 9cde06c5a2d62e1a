"""What one reader may see of things that stand in lists and histories, next to others' of other cases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, not_, select

from isms_workflow.domain.access import Label, may_see
from isms_workflow.domain.sight import in_office, people_of
from isms_workflow.engine import offices, programmes, reading
from isms_workflow.portal.visit import Visit
from isms_workflow.store.statements.among import among
from isms_workflow.store.statements.sight import Eyes, seen_by
from isms_workflow.store.tables import cases, evidence

PAGE = 50


@dataclass
class Sight:
    """One look by one reader; cases are read once, and only where a label asks who their people are."""

    conn: Connection
    visit: Visit
    _labels: dict[str, str] = field(default_factory=dict)
    _inside: dict[str, bool] = field(default_factory=dict)

    def sees(self, case: str | None, label: str | None = None) -> bool:
        """Whether the reader may see the case, or something in it with a label of its own; what has none is everybody's."""
        if case is None:
            return True
        self.expect(((case, label),))
        return all(self.visit.sees_everybodys(each) or may_see(self.visit.person, each, self._inside[case])
                   for each in self._of(case, label))

    def expect(self, things: Iterable[tuple[str | None, str | None]]) -> None:
        """Asks at once what `sees` asks of each of these cases and labels, for whoever asks it of many."""
        asked = [(case, label) for case, label in things if case is not None]
        if new := {case for case, _ in asked} - self._labels.keys():
            rows = self.conn.execute(select(cases.c.id, cases.c.label).where(among(cases.c.id, new)))
            self._labels.update({row.id: row.label for row in rows})
        narrow = {case for case, label in asked if not all(map(self.visit.sees_everybodys, self._of(case, label)))}
        if ids := narrow - self._inside.keys():
            told = reading.reached_of(self.conn, ids)
            self._inside.update({case: self.visit.person.id in people_of(view, told[case], self.visit.now)
                                 for case, view in reading.views(self.conn, ids, self.visit.now).items()})

    def _of(self, case: str, label: str | None) -> tuple[str, str]:
        return self._labels[case], label or self._labels[case]

    def those(self, ids: Collection[str]) -> frozenset[str]:
        """Which of these cases the reader may see, asked for at once: in a storm hundreds have to do with one."""
        query = select(cases.c.id).where(among(cases.c.id, ids), seen_by(eyes(self.conn, self.visit)))
        return frozenset(self.conn.execute(query).scalars()) if ids else frozenset()

    def sees_everything(self) -> bool:
        """Whether no case at all is hidden from the reader."""
        hidden = select(cases.c.id).where(not_(seen_by(eyes(self.conn, self.visit)))).limit(1)
        return self.conn.execute(hidden).first() is None

    def labels_of(self, files: Iterable[str]) -> dict[str, str]:
        """The labels of these files, by id."""
        found = self.conn.execute(select(evidence.c.id, evidence.c.label).where(evidence.c.id.in_(list(files))))
        return {row.id: row.label for row in found}


def eyes(conn: Connection, visit: Visit) -> Eyes:
    """What lets the reader see cases, for lists that ask the database for those alone."""
    reader, directory = visit.person.id, offices.directory(conn, visit.now)
    acts = directory.is_active(reader)
    ran = conn.execute(select(cases.c.kind, cases.c.programme).distinct()).all()
    return Eyes(
        reader, frozenset(label for label in Label if visit.sees_everybodys(label)),
        [(row.kind, row.programme) for row in ran
         if reader in in_office(programmes.version(conn, row.programme).programme.workflows[row.kind], directory, visit.now)],
        {each.responsibility for each in directory.holdings if each.person == reader} if acts else (),
        {each.person for each in directory.deputies if each.deputy == reader} if acts else ())


def page(ask: Callable[[str], Sequence[Any]], key: Callable[[Any], str], shown: Callable[[Sequence[Any]], list[Any]],
         before: str) -> tuple[list[Any], str]:
    """The next 50 of a list that the reader may see, and where the page after them begins; "" if there is none.

    `ask` gives the rows before a key, a batch at a time, none at the end; `shown` keeps those that may be seen.
    Neither the page's length nor where the next begins tells of what is hidden.
    """
    found: list[Any] = []
    while len(found) <= PAGE and (rows := ask(before)):
        found += shown(rows)
        before = key(rows[-1])
    return found[:PAGE], key(found[PAGE - 1]) if len(found) > PAGE else ""


def older(params: Mapping[str, str], after: str) -> str:
    """The link to the page after this one, under the same filter; "" if there is none."""
    return f"?{urlencode({**params, 'before': after})}" if after else ""
