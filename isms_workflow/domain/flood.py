"""Very many messages for one person by one way: which leave by themselves, which together, and which wait. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from isms_workflow.domain.messages import Urgency
from isms_workflow.programme.model import Flood, Span

Q = TypeVar("Q")
URGENCIES: tuple[Urgency, ...] = ("statutory", "critical", "ordinary")
"""The most urgent first."""


@dataclass(frozen=True, slots=True)
class Past:
    """What left for one person within the rule's time: how many letters, and when the last that told of several."""

    letters: int = 0
    together_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dealt(Generic[Q]):
    """Letters that leave by themselves, in order; those that tell of several things; and what waits, until when."""

    alone: list[tuple[Q, ...]] = field(default_factory=list)
    together: list[tuple[Q, ...]] = field(default_factory=list)
    held: list[tuple[tuple[Q, ...], datetime]] = field(default_factory=list)


def deal(groups: Iterable[Sequence[Q]], person: Callable[[Q], str], urgency: Callable[[Q], str], past: Mapping[str, Past],
         rule: Flood | None, now: datetime) -> Dealt[Q]:
    """What leaves now; each group would be a letter of its own, to one person.

    Statutory ones always leave by themselves, and count. Of the others the critical come first. Where they are more than
    the rule lets through, the last of these tells of all that is left, unless such a letter left just before.
    """
    dealt: Dealt[Q] = Dealt()
    by_person: dict[str, list[tuple[Q, ...]]] = {}
    for group in groups:
        by_person.setdefault(person(group[0]), []).append(tuple(group))
    for who, theirs in by_person.items():
        if rule is None:
            dealt.alone.extend(theirs)
        else:
            _deal_one(dealt, theirs, urgency, past.get(who, Past()), rule, now)
    return dealt


def _deal_one(dealt: Dealt[Q], groups: list[tuple[Q, ...]], urgency: Callable[[Q], str], past: Past, rule: Flood,
              now: datetime) -> None:
    def rank(group: tuple[Q, ...]) -> int:
        return min(URGENCIES.index(urgency(each)) for each in group)

    statutory = [group for group in groups if rank(group) == 0]
    others = sorted((group for group in groups if rank(group) > 0), key=rank)  # stable: within each as they came
    dealt.alone.extend(statutory)
    room = max(0, rule.most - past.letters - len(statutory))
    if len(others) <= room:
        dealt.alone.extend(others)
        return
    let_through = max(0, room - 1)
    rest = others[let_through:]
    dealt.alone.extend(others[:let_through])
    free_at = [_free_at(rule, rank(group), past.together_at, now) for group in rest]
    if min(free_at) <= now:
        dealt.together.append(tuple(each for group in rest for each in group))
    else:
        dealt.held.extend(zip(rest, free_at, strict=True))


def _free_at(rule: Flood, rank: int, together_at: datetime | None, now: datetime) -> datetime:
    """When a letter that tells of several things may leave, if one with this is among them."""
    every = rule.critical_every if rank == 1 else rule.ordinary_every
    return now if together_at is None else together_at + span(every)


def window(rule: Flood) -> timedelta:
    """How far back letters count: also so far that the last one that told of several is seen."""
    return max(span(each) for each in (rule.within, rule.critical_every, rule.ordinary_every))


def span(found: Span) -> timedelta:
    """As long as it elapses; the programme's check lets through no other spans here."""
    return timedelta(**{found.unit: found.amount})
