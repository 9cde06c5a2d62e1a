"""What an incident teaches, as its page, its document and the cycle's step show it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from isms_workflow.domain.access import Action
from isms_workflow.domain.incident import UNANSWERED
from isms_workflow.domain.lessons import Sort, in_tree, roots
from isms_workflow.domain.rules import lessons as rules
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import offices
from isms_workflow.errors import IsmsError
from isms_workflow.portal import views as v
from isms_workflow.portal.actions import link, section_of
from isms_workflow.portal.history import of_subject
from isms_workflow.portal.names import Names
from isms_workflow.portal.sight import Sight
from isms_workflow.portal.visit import Visit
from isms_workflow.store.statements import corrective as action_questions
from isms_workflow.store.statements import lessons as questions
from isms_workflow.store.tables import cases

TEXT = v.Field("text", "What", "textarea", required=True)


def reasons(conn: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Why entries of these incidents were declined, by entry."""
    return {json.loads(row.body)["data"]["lesson"]: row.value or "(erased)" for row in conn.execute(questions.reasons(ids))}


def becoming(conn: Connection, visit: Visit, names: Names) -> tuple[v.Field, ...]:
    """What it takes to open a corrective action from an entry; nothing while the programme knows none."""
    section = section_of(conn)
    if section is None:
        return ()
    people = names.choices(tuple(p.id for p in offices.directory(conn, visit.now).people.values() if p.may_write))
    return (v.Field("owner", "Who answers for it", "select", choices=(v.Choice("", "choose"), *people), required=True),
            v.Field("gravity", "How grave", "select", choices=tuple(v.Choice(g.id, g.title) for g in section.gravities),
                    value=section.gravities[-1].id, required=True))


def references(conn: Connection, sight: Sight, rows: Sequence[Any]) -> dict[str, v.Reference]:
    """The corrective actions that entries became, by case, as far as the reader may see them."""
    ids = [row.action_case for row in rows if row.action_case]
    found = conn.execute(action_questions.lines().where(cases.c.id.in_(ids))).all() if ids else ()
    sight.expect((row.id, None) for row in found)
    return {row.id: link(row) for row in found if sight.sees(row.id)}


def state(answer: str | None) -> str:
    """What became of an entry, in a word."""
    return {None: "undecided", "action": "corrective action", "declined": "declined"}[answer]


@dataclass
class Board:
    """The lessons of one incident before one reader."""

    conn: Connection
    visit: Visit
    view: CaseView
    names: Names

    @cached_property
    def rows(self) -> Mapping[str, Any]:
        """The entries that count, by id, oldest first."""
        return {row.id: row for row in self.conn.execute(questions.of_case(self.view.case.id))}

    @cached_property
    def _actions(self) -> Mapping[str, v.Reference]:
        return references(self.conn, Sight(self.conn, self.visit), list(self.rows.values()))

    @cached_property
    def _reasons(self) -> Mapping[str, str]:
        return reasons(self.conn, (self.view.case.id,))

    def whole(self, *, working: bool = True) -> v.Lessons | None:
        """Everything that was learned; None while there is nothing, and nothing to add. Without forms unless `working`."""
        found = rules.all_of(self.view)
        causes = {each.id for each in roots(found)}
        forms = tuple(self._forms()) if working else ()
        if not self.rows and not forms:
            return None
        of = {sort: tuple(self._entry(row, working) for row in self.rows.values() if row.sort == sort)
              for sort in ("well", "improve", "item")}
        tree = tuple(self._entry(self.rows[each.id], working, depth, each.id in causes) for depth, each in in_tree(found)
                     if each.id in self.rows)
        return v.Lessons(self._timeline(), of["well"], of["improve"], tree, of["item"], forms)

    def _timeline(self) -> tuple[v.Moment, ...]:
        newest_first = of_subject(self.conn, self.view.case.id, self.names, self.visit, limit=500)
        made = [v.Moment(each.at, each.who, each.what) for each in reversed(newest_first)]  # of one instant as they were recorded
        added = [v.Moment(row.at, self.names.who(row.author), row.text or "(erased)", is_added=True)
                 for row in self.rows.values() if row.sort == "event"]
        return tuple(sorted((*made, *added), key=lambda each: each.at))

    def _entry(self, row: Any, working: bool, depth: int = 0, is_root: bool = False) -> v.LessonEntry:
        asked = row.sort == "item" or row.answer is not None
        return v.LessonEntry(
            row.text or "(erased)", self.names.who(row.author), row.written_at, depth, is_root,
            state(row.answer) if asked else "", self._actions.get(row.action_case), self._reasons.get(row.id, "")
            if row.answer == "declined" else "", forms=tuple(self._answers(row)) if working else ())

    def _may(self, sort: Sort) -> bool:
        try:
            rules.may_add(self.view, sort, self.visit.actor)
        except IsmsError:
            return False
        return self.visit.may(Action.WRITE)

    def _answers(self, row: Any) -> Iterator[v.Action]:
        if row.sort != "item" or row.answer is not None or not self._may("item"):
            return
        url, fields = f"/incidents/{self.view.case.id}/lessons/{row.id}", becoming(self.conn, self.visit, self.names)
        yield v.Action(f"take-up-{row.id}", "Make it a corrective action", f"{url}/take-up", fields,
                       why_not="" if fields else "The programme in force says nothing of corrective actions.",
                       then="It is opened at once; its owner is told. The incident doesn't wait for its end.")
        yield v.Action(f"decline-{row.id}", "Decline it", f"{url}/decline", reason_required=True, then="It stays with your reason.")

    def _forms(self) -> Iterator[v.Action]:
        url = f"/incidents/{self.view.case.id}"
        then = "Whoever adds to the lessons doesn't decide at their gate; approvals given so far are void by it."
        if self._may("event"):
            yield v.Action("add-event", "Add to the timeline", f"{url}/add-event", (
                v.Field("at", "When", "datetime-local", f"In {self.visit.person.zone}.", required=True), TEXT), then=then)
        if self.view.case.state in UNANSWERED:
            return
        if self._may("well"):
            yield v.Action("add-note", "Add what went well, or can improve", f"{url}/add-note", (
                v.Field("sort", "Which", "radios", required=True, choices=(
                    v.Choice("well", "It went well"), v.Choice("improve", "It can improve"))), TEXT), then=then)
        if self._may("cause"):
            yield v.Action("add-cause", "Add a cause", f"{url}/add-cause", (self._parents(), TEXT), then=then)
        if self._may("item"):
            yield v.Action("add-item", "Add what is to change", f"{url}/add-item", (TEXT,),
                           then="Then it becomes a corrective action, or is declined with a reason.")
        yield from self._withdrawal()

    def _parents(self) -> v.Field:
        causes = tuple(v.Choice(row.id, _short(row.text)) for row in self.rows.values() if row.sort == "cause")
        return v.Field("parent", "It says why", "select", "Five whys are a chain of causes; several under one are a tree.",
                       choices=(v.Choice("", "the incident came about"), *causes))

    def _withdrawal(self) -> Iterator[v.Action]:
        open_ones = tuple(v.Choice(row.id, _short(row.text)) for row in self.rows.values()
                          if row.answer is None and self._may(row.sort))
        if open_ones:
            yield v.Action("withdraw-entry", "Withdraw an entry", f"/incidents/{self.view.case.id}/withdraw-entry", (
                v.Field("entry", "Entry", "select", choices=open_ones, required=True),), reason_required=True,
                then="It no longer counts; the history keeps it. Can't be undone.")


def _short(text: str | None) -> str:
    line = " ".join((text or "(erased)").split())
    return line if len(line) <= 80 else f"{line[:79]}…"
