"""The list of incidents as it was asked for: which of them, in which order, which page; one line each, no whole cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from isms_workflow.domain.access import Action
from isms_workflow.domain.incident import ANY, UNANSWERED
from isms_workflow.domain.rules.incidents import LONGEST_TITLE
from isms_workflow.engine import programmes
from isms_workflow.portal import views as v
from isms_workflow.portal.names import Names
from isms_workflow.portal.rendering import local_instant, span
from isms_workflow.portal.sight import PAGE, eyes
from isms_workflow.portal.visit import Visit
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.store.statements import incidents as questions
from isms_workflow.store.statements.sight import seen_by
from isms_workflow.store.tables import cases, incidents

COLUMNS: Mapping[str, str] = {
    "title": "Title", "severity": "Severity", "state": "State", "category": "Category", "reported": "Reported",
    "response": "Response due",
}
"""What can be sorted by, and the heads."""

STATES = ("reported", "triaged", "responding", "resolved", "lessons_learned", "closed", "false_positive", "merged")
GROUPS: Mapping[str, frozenset[str]] = {"unanswered": frozenset(UNANSWERED), "open": frozenset(ANY)}
REPORT = v.Link("Report one", "/incidents/report")
EMPTY = v.Empty("No incidents.", "Whoever notices one reports it here, in a minute: the response team is told at once, and "
                "its clocks run. An exercise does too.", REPORT)
STATISTICS = v.Link("Statistics", "/incidents/statistics")
BOARD = v.Link("Board", "/incidents/board")
IMPORT = v.Link("Import from files", "/incidents/import")
NONE_FOUND = v.Empty("No incident fits.", "Other words, another state, severity or category may find it.",
                     v.Link("All incidents", "/incidents"))
SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Terms:
    """What severities and categories are called by the programme in force, the gravest first."""

    severities: tuple[str, ...]
    categories: Mapping[str, str]

    @classmethod
    def of(cls, conn: Connection) -> Terms:
        """Those of the programme in force; the usual ones where it says nothing of incidents."""
        section = section_of(conn)
        return cls(SEVERITIES, {}) if section is None else cls.of_section(section)

    @classmethod
    def of_section(cls, section: IncidentWorkflow) -> Terms:
        """Those of one version of the programme."""
        return cls(tuple(s.id for s in section.severities), {c.id: c.title for c in section.categories})

    def category(self, name: str) -> str:
        """What a category is called; one that the programme no longer has by its name alone."""
        return self.categories.get(name, name.replace("_", " ").capitalize())


def section_of(conn: Connection) -> IncidentWorkflow | None:
    """What the programme in force says of incidents; None if nothing."""
    found = programmes.in_force(conn).programme.workflows.get("incident")
    return found if isinstance(found, IncidentWorkflow) else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; words that nobody offered mean the usual."""

    sort: str = "reported"
    descending: bool = True
    state: str = ""
    severity: str = ""
    category: str = ""
    after: str = ""
    text: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Wanted:
        """As `?q=invoice&sort=severity&state=open&category=malware&after=ID` says."""
        sort = params.get("sort", "")
        known = sort.removeprefix("-") in COLUMNS
        state = params.get("state", "")
        return cls(sort.removeprefix("-") if known else "reported", sort.startswith("-") if known else True,
                   state if state in (*GROUPS, *STATES) else "", params.get("severity", ""), params.get("category", ""),
                   params.get("after", ""), params.get("q", "").strip()[:LONGEST_TITLE])

    @property
    def is_filtered(self) -> bool:
        """Whether some incidents are left out."""
        return bool(self.state or self.severity or self.category or self.text)

    def url(self, **changes: Any) -> str:
        """The query that asks for this, with some of it changed."""
        now = replace(self, **changes)
        said = {"sort": f"{'-' if now.descending else ''}{now.sort}", "state": now.state, "severity": now.severity,
                "category": now.category, "after": now.after, "q": now.text}
        return f"?{urlencode({name: value for name, value in said.items() if value})}"

    def chosen(self, query: Select[Any]) -> Select[Any]:
        """Only what the filter lets through."""
        if self.state:
            query = query.where(cases.c.state.in_(sorted(GROUPS.get(self.state, {self.state}))))
        if self.severity:
            query = query.where(incidents.c.severity == self.severity)
        if self.category:
            query = query.where(incidents.c.category == self.category)
        if self.text:
            query = query.where(questions.says(self.text))
        return query


@dataclass(frozen=True)
class Look:
    """One look at the list by one reader."""

    conn: Connection
    visit: Visit
    wanted: Wanted
    terms: Terms

    @classmethod
    def of(cls, conn: Connection, visit: Visit) -> Look:
        """As the request's address asks for it."""
        return cls(conn, visit, Wanted.of(visit.request.query_params), Terms.of(conn))

    def rows(self, most: int | None = None) -> Sequence[Any]:
        """The incidents that were asked for and may be seen, in their order, behind the one that the page before ended with."""
        key, down = self._key(), self.wanted.descending
        query = self._seen(questions.lines())
        if self.wanted.after:
            last = self.conn.execute(select(key.label("key")).select_from(cases.join(
                incidents, incidents.c.case_id == cases.c.id)).where(cases.c.id == self.wanted.after)).scalar()
            query = query if last is None else query.where(_behind(key, last, self.wanted.after, down))
        order = (key.desc(), cases.c.id.desc()) if down else (key, cases.c.id)
        return self.conn.execute(query.order_by(*order).limit(most)).all()

    def count(self) -> int:
        """How many were asked for and may be seen."""
        return int(self.conn.execute(self._seen(questions.counted())).scalar_one())

    def _seen(self, query: Select[Any]) -> Select[Any]:
        return self.wanted.chosen(query).where(seen_by(eyes(self.conn, self.visit)))

    def _key(self) -> ColumnElement[Any]:
        keys: Mapping[str, ColumnElement[Any]] = {
            "reported": cases.c.opened_at, "title": func.lower(func.coalesce(incidents.c.title, "")),
            "severity": questions.rank(incidents.c.severity, self.terms.severities),
            "state": questions.rank(cases.c.state, STATES), "response": incidents.c.response_due,
            "category": questions.rank(incidents.c.category, sorted(self.terms.categories, key=self.terms.category)),
        }
        return keys[self.wanted.sort]

    def lines(self, rows: Sequence[Any]) -> tuple[v.IncidentLine, ...]:
        """Each as a row of the table."""
        names, at_work = Names(self.conn, self.visit.person), working(self.conn, [row.id for row in rows])
        return tuple(v.IncidentLine(
            link(row), row.title or "(erased)", row.severity, row.state, self.terms.category(row.category), row.opened_at,
            row.response_due if row.state in UNANSWERED and row.paused_until is None else None,
            response(row, self.visit.person.zone), tuple(names.who(person) for person in seeing(row, at_work)), row.is_exercise,
            row.closed_at is not None)
            for row in rows)


def _behind(key: ColumnElement[Any], last: Any, after: str, down: bool) -> ColumnElement[bool]:
    return or_(key < last, and_(key == last, cases.c.id < after)) if down else or_(
        key > last, and_(key == last, cases.c.id > after))


def link(row: Any) -> v.Reference:
    """An incident by its reference, from its line."""
    return v.Reference(row.reference, f"/incidents/{row.reference}", "Incident", row.label)


def working(conn: Connection, ids: Iterable[str]) -> dict[str, list[str]]:
    """Who owes something in these cases now, by case."""
    found: dict[str, list[str]] = {}
    for row in conn.execute(questions.working(list(ids))):
        found.setdefault(row.case_id, []).append(row.owner)
    return found


def seeing(row: Any, at_work: Mapping[str, list[str]]) -> list[str]:
    """Who sees to an incident: whoever gave their word, then whoever owes its steps."""
    if row.state in UNANSWERED:
        return [row.word_by] if row.word_by else []
    return at_work.get(row.id, [])


def response(row: Any, zone: str) -> str:
    """How the response clock ended, or why it stands still; "" while it runs."""
    if row.state in UNANSWERED:
        return f"paused until {local_instant(row.paused_until, zone)}" if row.paused_until else ""
    return ended(row.responded_at, row.response_due, is_over=row.closed_at is not None)


def ended(at: datetime | None, due: datetime, *, is_over: bool) -> str:
    """How a response clock ended. Of an incident that was filed with its end, and is open again, none was timed."""
    if at is None:
        return "ended before a response" if is_over else "reopened, no response was timed"
    return answered(at, due)


def answered(at: datetime, due: datetime) -> str:
    """Whether somebody was at it in time."""
    return "answered in time" if at <= due else f"answered {span(at - due)} late"


def more(visit: Visit) -> tuple[v.Link, ...]:
    """What else there is about all incidents, for this reader."""
    return (BOARD, STATISTICS, IMPORT) if visit.may(Action.WRITE) else (BOARD, STATISTICS)


def listing(look: Look) -> v.Listing[v.IncidentLine]:
    """The page that was asked for, 50 lines."""
    wanted, rows, count = look.wanted, look.rows(PAGE + 1), look.count()
    shown = rows[:PAGE]
    return v.Listing(
        "incidents", (
            v.Column("Incident"), *(_column(wanted, name) for name in COLUMNS), v.Column("Who sees to it")), look.lines(shown),
        NONE_FOUND if wanted.is_filtered else EMPTY, "/incidents", _filters(look),
        (v.Link("Download as CSV", f"/incidents.csv{wanted.url(after='')}"),),
        older=wanted.url(after=shown[-1].id) if len(rows) > PAGE else "",
        says="1 incident" if count == 1 else f"{count:,} incidents", further="Next")


def _filters(look: Look) -> tuple[v.Field, ...]:
    wanted, terms = look.wanted, look.terms
    anything = v.Choice("", "any")
    states = (v.Choice("open", "open"), v.Choice("unanswered", "nobody at it yet"),
              *(v.Choice(state, state.replace("_", " ")) for state in STATES))
    categories = sorted(terms.categories.items(), key=lambda each: each[1])
    return (
        v.Field("q", "Words or reference", value=wanted.text),
        v.Field("state", "State", "select", value=wanted.state, choices=(anything, *states)),
        v.Field("severity", "Severity", "select", value=wanted.severity,
                choices=(anything, *(v.Choice(each, each) for each in terms.severities))),
        v.Field("category", "Category", "select", value=wanted.category,
                choices=(anything, *(v.Choice(each, title) for each, title in categories))),
    )


def _column(wanted: Wanted, name: str) -> v.Column:
    is_sorted = name == wanted.sort
    turned = not wanted.descending if is_sorted else name == "reported"
    return v.Column(COLUMNS[name], wanted.url(sort=name, descending=turned, after=""),
                    ("descending" if wanted.descending else "ascending") if is_sorted else "")
