"""Charts as pictures: SVG, made here, so that a page needs no script."""

from __future__ import annotations

from collections.abc import Sequence

from isms_workflow.domain.statistics import MEASURES, Figures

DASHES = ((1, 0), (6, 3), (2, 2), (8, 3, 2, 3))
"""Severities are told apart by their line as well: never by colour alone."""


UNITS = (("Days", 86_400), ("Hours", 3_600), ("Minutes", 60), ("Seconds", 1))
"""What a chart counts in, with the seconds of each: the largest of which its longest time is at least two."""


def medians(found: Sequence[Figures], measure: str, severities: Sequence[str]) -> str:
    """The median of one measure by month, a line for each severity, in the order given; unknown ones last."""
    import altair as alt  # half a second, for whoever looks at a chart alone
    import vl_convert

    took = [(each, median.total_seconds()) for each in found if (median := each.spreads[measure].median) is not None]
    unit, size = unit_of([seconds for _, seconds in took])
    values = [{"month": each.month, "severity": each.severity, "took": seconds / size} for each, seconds in took]
    data = alt.Data(values=values)  # type: ignore[no-untyped-call]  # so it is in altair
    legend = alt.Legend(title="Severity", symbolType="stroke")  # the same for both, so that it is one
    order = ordered(found, severities)
    severity = alt.Color("severity:N", scale=alt.Scale(domain=order), sort=order, legend=legend)
    dash = alt.StrokeDash("severity:N", scale=alt.Scale(domain=order, range=[list(each) for each in DASHES]), sort=order, legend=legend)
    chart = alt.Chart(data, width=520, height=220, title=f"{MEASURES[measure]}: median").mark_line(
        point=True).encode(x=alt.X("month:O", title="Month of the report"), y=alt.Y("took:Q", title=unit),
                           color=severity, strokeDash=dash)
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def unit_of(seconds: Sequence[float]) -> tuple[str, int]:
    """What these times are counted in, and its seconds; hours where there is none."""
    longest = max(seconds, default=7_200)
    return next(((name, size) for name, size in UNITS if longest >= 2 * size), UNITS[-1])


def ordered(found: Sequence[Figures], severities: Sequence[str]) -> list[str]:
    """The severities that occur, as the programme orders them, then those that it doesn't know, by name."""
    present = {each.severity for each in found}
    return [*(each for each in severities if each in present), *sorted(present - set(severities))]
