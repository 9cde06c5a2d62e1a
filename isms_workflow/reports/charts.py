"""Charts as pictures: SVG, made here, so that a page needs no script."""

from __future__ import annotations

from collections.abc import Sequence

from isms_workflow.domain.statistics import MEASURES, Figures

DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3))
"""Severities are told apart by their line as well: never by colour alone."""


def medians(found: Sequence[Figures], measure: str) -> str:
    """The median of one measure in hours by month, a line for each severity."""
    import altair as alt  # half a second, for whoever looks at a chart alone
    import vl_convert

    order = list(dict.fromkeys(each.severity for each in found))
    values = [{"month": each.month, "severity": each.severity, "hours": median.total_seconds() / 3600}
              for each in found if (median := each.spreads[measure].median) is not None]
    data = alt.Data(values=values)  # type: ignore[no-untyped-call]  # so it is in altair
    legend = alt.Legend(title="Severity", symbolType="stroke")  # the same for both, so that it is one
    severity = alt.Color("severity:N", scale=alt.Scale(domain=order), legend=legend)
    dash = alt.StrokeDash("severity:N", scale=alt.Scale(domain=order, range=[list(each) for each in DASHES]), legend=legend)
    chart = alt.Chart(data, width=520, height=220, title=f"{MEASURES[measure]}: median").mark_line(
        point=True).encode(x=alt.X("month:O", title="Month of the report"), y=alt.Y("hours:Q", title="Hours"),
                           color=severity, strokeDash=dash)
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))
