"""How quickly incidents were answered: medians and 90th percentiles by month and severity. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

MEASURES: Mapping[str, str] = {
    "acknowledge": "Time to acknowledge", "contain": "Time to contain", "resolve": "Time to resolve"}
"""What is measured, each from the report on; whoever responds without a word before has acknowledged it by that."""


@dataclass(frozen=True, slots=True)
class Times:
    """When things happened to one incident; None while, or because, they haven't."""

    severity: str
    reported: datetime
    acknowledge: datetime | None
    contain: datetime | None
    resolve: datetime | None
    missed: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took: of `count` incidents the median and the 90th percentile; both None of none."""

    count: int
    median: timedelta | None
    p90: timedelta | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The incidents of a severity that were reported in a month, `2026-03`; `missed` had no response in time."""

    month: str
    severity: str
    count: int
    missed: int
    spreads: Mapping[str, Spread]


def figures(found: Iterable[Times], severities: Sequence[str], zone: str) -> list[Figures]:
    """By month of the report in the zone, the newest first, and by severity in the order given; unknown ones last."""
    groups: dict[tuple[str, str], list[Times]] = {}
    for each in found:
        month = f"{each.reported.astimezone(ZoneInfo(zone)):%Y-%m}"
        groups.setdefault((month, each.severity), []).append(each)
    order = {name: place for place, name in enumerate(severities)}
    keys = sorted(groups, key=lambda key: (order.get(key[1], len(order)), key[1]))
    return [_figures(*key, groups[key]) for key in sorted(keys, key=lambda key: key[0], reverse=True)]


def _figures(month: str, severity: str, found: Sequence[Times]) -> Figures:
    took = {name: [at - each.reported for each in found if (at := getattr(each, name))] for name in MEASURES}
    return Figures(month, severity, len(found), sum(each.missed for each in found),
                   {name: spread(spans) for name, spans in took.items()})


def spread(spans: Iterable[timedelta]) -> Spread:
    """The median is the mean of the two in the middle where there is no one; the 90th percentile is the least value
    that 90 of 100 don't exceed (nearest rank), so that it is one that happened.
    """
    found = sorted(spans)
    if not found:
        return Spread(0, None, None)
    middle = (found[(len(found) - 1) // 2] + found[len(found) // 2]) / 2
    return Spread(len(found), middle, found[ceil(len(found) * 0.9) - 1])
