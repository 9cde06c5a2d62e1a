"""How quickly incidents are answered: a table, a chart for each measure, and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from isms_workflow.domain.refusals import Unknown
from isms_workflow.domain.statistics import MEASURES, Figures, Spread
from isms_workflow.engine import statistics
from isms_workflow.portal import lists
from isms_workflow.portal import views as v
from isms_workflow.portal.asking import Route
from isms_workflow.portal.incidents import REPORT
from isms_workflow.portal.rendering import span
from isms_workflow.portal.sight import eyes
from isms_workflow.portal.texts import attachment
from isms_workflow.portal.visit import Reader, Visit
from isms_workflow.reports import charts
from isms_workflow.store.statements.sight import seen_by

router = APIRouter(prefix="/incidents", route_class=Route)
EMPTY = v.Empty("Nothing to count yet.", "Incidents that were reported and are no exercises are counted here, by month and "
                                         "severity.", REPORT)
COLUMNS = (v.Column("Month"), v.Column("Severity"), v.Column("Incidents", numeric=True), v.Column("Missed", numeric=True),
           *(v.Column(title) for title in MEASURES.values()))
HEADS = ("month", "severity", "incidents", "missed",
         *(f"{name}_{what}" for name in MEASURES for what in ("count", "median_minutes", "p90_minutes")))


def _figures(visit: Visit) -> list[Figures]:
    with visit.portal.store.read() as conn:
        return statistics.read(conn, seen_by(eyes(conn, visit)))


@router.get("/statistics")
def show(visit: Reader) -> Response:
    """Of the incidents that the reader may see."""
    found = _figures(visit)
    lines = tuple(v.StatisticsLine(each.month, each.severity, each.count, each.missed,
                                   tuple(_said(spread) for spread in each.spreads.values())) for each in found)
    table = v.Listing("statistics", COLUMNS, lines, EMPTY, says="Median, and what 9 of 10 took at most.",
                      exports=(v.Link("Download as CSV", "/incidents/statistics.csv"),))
    shown = tuple(v.Picture(title, f"/incidents/statistics/{name}.svg",
                            f"{title} by month and severity, as a chart; the table above has the same figures.")
                  for name, title in MEASURES.items() if any(each.spreads[name].count for each in found))
    return visit.page("statistics.html", v.Statistics(table, shown), "Incidents")


def _said(spread: Spread) -> str:
    if spread.median is None or spread.p90 is None:
        return "–"
    return f"{_span(spread.median)}; {_span(spread.p90)}"


def _span(took: timedelta) -> str:
    seconds = int(took.total_seconds())
    return span(took) if took >= timedelta(minutes=1) else f"{seconds} second{'' if seconds == 1 else 's'}"


@router.get("/statistics.csv")
def download(visit: Reader) -> Response:
    """The same figures, in minutes."""
    text = lists.written(HEADS, [tuple(_cells(each)) for each in _figures(visit)])
    return Response(text, media_type="text/csv; charset=utf-8",
                    headers={"Content-Disposition": attachment("incident-statistics.csv")})


def _cells(each: Figures) -> Iterator[str]:
    yield from (each.month, each.severity, str(each.count), str(each.missed))
    for spread in each.spreads.values():
        yield str(spread.count)
        for took in (spread.median, spread.p90):
            yield "" if took is None else f"{took.total_seconds() / 60:.1f}"


@router.get("/statistics/{measure}.svg")
def chart(visit: Reader, measure: str) -> Response:
    """One measure as a picture."""
    if measure not in MEASURES:
        raise Unknown("chart", measure)
    with visit.portal.store.read() as conn:
        order = statistics.severities(conn)
    return Response(charts.medians(_figures(visit), measure, order), media_type="image/svg+xml")
