"""`isms incidents import`, `export`, `document` and `statistics`: incidents in and out."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from sqlalchemy import Connection, select

from isms_workflow.commands.incidents import app
from isms_workflow.commands.shared import OPERATOR, line, say, table, using, writing
from isms_workflow.connectors import veris
from isms_workflow.domain.refusals import Unknown, Wrong
from isms_workflow.domain.statistics import MEASURES
from isms_workflow.domain.views import CaseView
from isms_workflow.engine import reading
from isms_workflow.engine import statistics as figures
from isms_workflow.engine.commands import veris as commands
from isms_workflow.engine.commands.common import case_id
from isms_workflow.engine.context import utc_now
from isms_workflow.portal import incident_paper
from isms_workflow.settings import Settings
from isms_workflow.store.tables import incidents

__all__ = ["app"]  # with the other commands on incidents, and these beside them


@app.command(name="import")
def import_(*files: Path, lenient: bool = False,
            is_open: Annotated[bool, Parameter(name="--open", negative="")] = False) -> None:
    """Import VERIS files: all of them, or none. They are history, closed at once and told to nobody.

    Parameters
    ----------
    files:
        JSON: an incident each, or a list of them.
    lenient:
        take what can be named of files of an older edition, or that don't satisfy the schema.
    is_open:
        they aren't dealt with yet: reported now, with their clocks, and the response team is told.
    """
    found = veris.read([(path.name, path.read_bytes()) for path in files], veris.schema(Settings().veris_schema), lenient)
    with writing() as (tx, when):
        done = commands.take(tx, found, is_open, OPERATOR, when)
    for each in done:
        say(f"{line(each.name)}: {each.reference if each.is_new else f'is {each.reference} already'}")
        for note in each.notes:
            say(f"  not as the schema has it, kept as it was: {line(note)}")
        if each.unlike:
            say(f"  {line(each.unlike)}")


@app.command
def export(*references: str, veris: bool = False) -> None:
    """Print incidents as VERIS documents: one, or a list; all of them if none is named.

    Parameters
    ----------
    veris:
        the format; there is no other yet, and it has to be named.
    """
    if not veris:
        raise Wrong("format", "none", "name it: --veris")
    with using() as (_, store), store.read() as conn:
        ids = references or list(
            conn.execute(select(incidents.c.case_id).order_by(incidents.c.case_id)).scalars())
        said = [_document(conn, case) for case in ids]
    say(json.dumps(said[0] if len(references) == 1 else said, ensure_ascii=True, indent=2))


@app.command
def document(reference: str, *, pdf: Path) -> None:
    """Write everything about one incident to a PDF file, to file or to hand on: every label, for you are the operator."""
    with using() as (_, store), store.read() as conn:
        paper = incident_paper.read(conn, _incident(conn, reference), lambda _label: True, lambda _case: True)
    pdf.write_bytes(paper.pdf())
    say(f"{paper.title} is in {pdf}.")


@app.command
def statistics() -> None:
    """How quickly incidents were answered, by month and severity: median and 90th percentile, and responses missed."""
    with using() as (_, store), store.read() as conn:
        found = figures.read(conn)
    heads = ("month", "severity", "incidents", "missed", *(f"{name} {what}" for name in MEASURES for what in ("median", "p90")))
    table(heads, ((f.month, f.severity, f.count, f.missed, *(_minutes(took) for spread in f.spreads.values()
                                                            for took in (spread.median, spread.p90))) for f in found),
          "Nothing to count yet: exercises aren't counted, nor what was dismissed, merged, or imported with its end.")


def _minutes(took: timedelta | None) -> str | None:
    """Hours and minutes, to the minute."""
    if took is None:
        return None
    hours, minutes = divmod(round(took.total_seconds() / 60), 60)
    return f"{hours} h {minutes:02} min"


def _document(conn: Connection, case: str) -> dict[str, object]:
    return commands.export(conn, _incident(conn, case))


def _incident(conn: Connection, name: str) -> CaseView:
    view = reading.view(conn, case_id(conn, name), utc_now())
    if view.incident is None:
        raise Unknown("incident", name)
    return view
