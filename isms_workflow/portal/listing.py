"""The list of systems as it was asked for: which of them, in which order, which page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection

from isms_workflow.domain.systems import DATA, LEVELS, NEEDS, folded, in_order
from isms_workflow.portal import views as v
from isms_workflow.portal.names import Names
from isms_workflow.portal.sight import PAGE
from isms_workflow.store.statements import systems as questions

COLUMNS = ("name", "owner", *NEEDS, "data")
Found = Sequence[tuple[str, v.SystemLine]]
"""Lines with their systems' ids."""

EMPTY = v.Empty("No systems.", "The register lists what your organisation runs: who answers for each system, how much its "
                "confidentiality, integrity and availability matter, which data it holds. Whoever is ISMS manager adds "
                "them here, one by one or from a CSV file.")
NONE_FOUND = v.Empty("No system fits.", "Another word, or the other state, may find it.", v.Link("All in use", "/systems"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; words that nobody offered mean the usual."""

    sort: str = "name"
    descending: bool = False
    retired: bool = False
    text: str = ""
    after: str = ""

    @classmethod
    def of(cls, params: Mapping[str, str]) -> Wanted:
        """As `?sort=-availability&show=retired&q=mail&after=ID` says."""
        sort = params.get("sort", "")
        known = sort.removeprefix("-") in COLUMNS
        return cls(sort.removeprefix("-") if known else "name", known and sort.startswith("-"),
                   params.get("show") == "retired", params.get("q", "").strip(), params.get("after", ""))

    def url(self, **changes: Any) -> str:
        """The query that asks for this, with some of it changed."""
        now = replace(self, **changes)
        said = {"sort": f"{'-' if now.descending else ''}{now.sort}", "show": "retired" if now.retired else "",
                "q": now.text, "after": now.after}
        return f"?{urlencode({name: value for name, value in said.items() if value})}"


def matching(conn: Connection, wanted: Wanted, names: Names) -> Found:
    """All that was asked for, in its order."""
    rows = conn.execute(questions.retired() if wanted.retired else questions.in_use())
    found = [(row.id, _line(row, names)) for row in rows]
    text = folded(wanted.text)
    shown = [(id_, line) for id_, line in found if text in folded(f"{line.link.label} {line.description} {line.owner.name}")]
    return sorted(shown, key=lambda each: (_order(each[1], wanted.sort), each[0]), reverse=wanted.descending)


def _line(row: Any, names: Names) -> v.SystemLine:
    return v.SystemLine(v.Link(row.name, f"/systems/{row.id}"), names.who(row.owner), row.confidentiality, row.integrity,
                        row.availability, ", ".join(in_order(frozenset(row.data))), row.description,
                        "retired" if row.retired_at else "in use")


def _order(line: v.SystemLine, sort: str) -> Any:
    if sort in NEEDS:
        return LEVELS.index(getattr(line, sort))
    if sort == "data":
        return [list(DATA).index(kind) for kind in line.data.split(", ")]
    return folded(line.owner.name if sort == "owner" else line.link.label)


def listing(wanted: Wanted, found: Found) -> v.Listing[v.SystemLine]:
    """The page that was asked for, 50 lines behind the line named; from the start if that has gone."""
    ids = [id_ for id_, _ in found]
    start = ids.index(wanted.after) + 1 if wanted.after in ids else 0
    shown = found[start:start + PAGE]
    filters = (v.Field("q", "Contains", value=wanted.text),
               v.Field("show", "State", "select", value="retired" if wanted.retired else "",
                       choices=(v.Choice("", "in use"), v.Choice("retired", "retired"))))
    return v.Listing(
        "systems", tuple(_column(wanted, name) for name in COLUMNS), tuple(line for _, line in shown),
        NONE_FOUND if wanted.text or wanted.retired else EMPTY, "/systems", filters,
        (v.Link("Download as CSV", f"/systems.csv{wanted.url(after='')}"),),
        older=wanted.url(after=shown[-1][0]) if start + PAGE < len(found) else "",
        says="1 system" if len(found) == 1 else f"{len(found)} systems", further="Next")


def _column(wanted: Wanted, name: str) -> v.Column:
    is_sorted = name == wanted.sort
    turned = is_sorted and not wanted.descending
    return v.Column(name.capitalize(), wanted.url(sort=name, descending=turned, after=""),
                    ("descending" if wanted.descending else "ascending") if is_sorted else "")
