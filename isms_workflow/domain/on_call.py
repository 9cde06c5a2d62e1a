"""Who is on call at an instant: a pure function of a rotation, the people in office, and who covers for whom.

Hand-overs are counted on the wall of the rotation's zone: 09:00 stays 09:00 when summer time begins or ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import lru_cache

from isms_workflow.domain.calendars import instant_of, zone_of
from isms_workflow.domain.people import Directory, Override
from isms_workflow.domain.views import CaseView
from isms_workflow.programme.model import ON_CALL, WEEKDAYS, Layer, Rotation, Turns, Window

AHEAD = timedelta(days=28)
"""How far gaps are looked for."""


@dataclass(frozen=True, slots=True)
class Shift:
    """From `starts` until before `ends` one person is on call; None: nobody is, a gap.

    `cover` is the override that says so, if one does; `instead_of` is whose turn it would be. `layer` is the id of the
    layer whose turn it is, None for the turns that are always on.
    """

    rotation: str
    starts: datetime
    ends: datetime
    person: str | None
    cover: Override | None = None
    instead_of: str | None = None
    layer: str | None = None

    @property
    def stands_in_for(self) -> str | None:
        """Whose turn somebody covers; None where it is nobody's, or their own."""
        return self.instead_of if self.cover and self.instead_of != self.person else None


def hand_over(rotation: Turns, number: int) -> datetime:
    """When a shift begins, the first being number 0. A local time that doesn't exist is the first after the gap."""
    return _begun(rotation.first + number * rotation.length, _zone(rotation))


@lru_cache(maxsize=1024)
def _begun(wall: datetime, zone: str) -> datetime:
    return instant_of(wall.date(), wall.time(), zone)


def number_at(rotation: Turns, instant: datetime) -> int:
    """Which shift an instant falls into; below 0 before the first."""
    wall = instant.astimezone(zone_of(_zone(rotation))).replace(tzinfo=None)
    number = (wall - rotation.first) // rotation.length
    while hand_over(rotation, number) > instant:
        number -= 1
    while hand_over(rotation, number + 1) <= instant:
        number += 1
    return number


def turn(rotation: Turns, directory: Directory, instant: datetime) -> str | None:
    """Whose turn it is in one row, whoever covers: None before the first shift, and while nobody holds the responsibility.

    Whoever was granted it during a shift takes part from the next one on, unless there was nobody before; another order
    holds from the next one on, too.
    """
    number = number_at(rotation, instant)
    if number < 0:
        return None
    begun = hand_over(rotation, number)
    there = [h.person for h in directory.holdings_of(rotation.responsibility)
             if h.granted_at <= begun and _stays(directory, h.person, instant)]
    there = there or [h.person for h in directory.holdings_of(rotation.responsibility) if _stays(directory, h.person, instant)]
    there = ordered(rotation, directory, there, begun)
    return there[number % len(there)] if there else None


def ordered(rotation: Turns, directory: Directory, people: Iterable[str], at: datetime) -> list[str]:
    """People of a row in the order that was set last before an instant; whom it doesn't name come after, as they came."""
    set_before = (o for o in directory.orders if o.row == rotation.id and o.set_at <= at)
    set_last = max(set_before, key=lambda o: (o.set_at, o.id), default=None)
    places = {person: place for place, person in enumerate(set_last.people)} if set_last else {}
    return sorted(people, key=lambda person: places.get(person, len(places)))


def is_on(layer: Turns, instant: datetime) -> bool:
    """Whether a row's turns count at an instant: a layer's within its windows, on the wall of its zone."""
    windows = layer.during if isinstance(layer, Layer) else ()
    wall = instant.astimezone(zone_of(_zone(layer)))
    return not windows or any(_within(window, wall.weekday(), wall.time()) for window in windows)


def _within(window: Window, weekday: int, at: time) -> bool:
    today, yesterday = WEEKDAYS[weekday] in window.days, WEEKDAYS[weekday - 1] in window.days
    if window.begins < window.ends:
        return today and window.begins <= at < window.ends
    return (today and at >= window.begins) or (yesterday and at < window.ends)


def whose(rotation: Rotation, directory: Directory, instant: datetime) -> tuple[str | None, str | None]:
    """Whose turn it is over all layers, and the layer's id: the highest that is on and has somebody goes before the others."""
    for row in rotation.rows:
        if is_on(row, instant) and (person := turn(row, directory, instant)) is not None:
            return person, row.id if row is not rotation else None
    return None, None


def cover(rotation: Rotation, directory: Directory, instant: datetime) -> Override | None:
    """The override that holds at an instant; of several the one that was made last."""
    held = (o for o in directory.overrides if o.rotation == rotation.id and o.starts <= instant < o.ends)
    return max(held, key=lambda o: o.made_at, default=None)


def at(rotation: Rotation, directory: Directory, instant: datetime) -> str | None:
    """Who is on call; None if nobody is, also while somebody covers who can't act any more."""
    kept = directory.on_duty.get(rotation.id)
    if kept is None or kept[0] is not rotation or kept[1] != instant:
        kept = directory.on_duty[rotation.id] = (rotation, instant, _who(rotation, directory, instant)[0])
    return kept[2]


def between(rotation: Rotation, directory: Directory, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The shifts from `start` until before `end`, which they fill whole; one that is handed over is two, also to oneself."""
    found: list[Shift] = []
    handed = {row.id: set(_hand_overs(row, start, end)) for row in rotation.rows}
    cuts = sorted({start, *_cuts(rotation, directory, start, end), *(at for each in handed.values() for at in each)})
    for begins, ends in zip(cuts, [*cuts[1:], end], strict=True):
        person, covered, turns, layer = _who(rotation, directory, begins)
        shift = Shift(rotation.id, begins, ends, person, covered, turns, layer)
        before = found[-1] if found else None
        same = before is not None and replace(before, starts=begins, ends=ends) == shift
        if before is not None and same and (person is None or begins not in handed[layer or rotation.id]):
            found[-1] = replace(before, ends=ends)  # a gap is one gap, however many hand-overs it swallows
        else:
            found.append(shift)
    return tuple(found)


def horizon(rotation: Turns, now: datetime) -> datetime:
    """Until when shifts are shown: four weeks ahead, and the last of them whole."""
    last = number_at(rotation, now + AHEAD)
    return now + AHEAD if hand_over(rotation, last) == now + AHEAD else hand_over(rotation, last + 1)


def later(rotation: Rotation, directory: Directory, now: datetime) -> tuple[Override, ...]:
    """The covers behind the shifts that are shown, the earliest first; of one that began before their end, the rest."""
    end = horizon(rotation, now)
    found = (replace(each, starts=max(each.starts, end)) for each in directory.overrides
             if each.rotation == rotation.id and each.ends > end)
    return tuple(sorted(found, key=lambda each: (each.starts, each.id)))


def gaps(rotation: Rotation, directory: Directory, now: datetime) -> tuple[Shift, ...]:
    """When nobody will be on call within the next four weeks; one that goes on has its beginning in the shift of now.

    The time before the rotation's first shift is none.
    """
    first = hand_over(rotation, max(0, number_at(rotation, now)))
    end = now + AHEAD
    found = between(rotation, directory, first, end) if first < end else ()
    return tuple(shift for shift in found if shift.person is None and shift.ends > now)


def rotation_of(view: CaseView, name: str) -> Rotation:
    """The rotation that a level names, as the case's programme has it."""
    return view.programme.on_call[name.removeprefix(ON_CALL)]


def _zone(rotation: Turns) -> str:
    assert rotation.zone is not None  # a whole rotation has one in every row
    return rotation.zone


def _who(rotation: Rotation, directory: Directory, instant: datetime) -> tuple[str | None, Override | None, str | None, str | None]:
    """Who is on call, by which override, whose turn it is, and in which layer."""
    turns, layer = whose(rotation, directory, instant)
    covered = cover(rotation, directory, instant)
    if covered is None:
        return turns, None, turns, layer
    return covering(rotation, directory, covered, instant), covered, turns, layer


def covering(rotation: Rotation, directory: Directory, found: Override, instant: datetime) -> str | None:
    """Who covers by an override at an instant; None if they can't any more."""
    able = any(directory.holds(found.person, name) for name in rotation.responsibilities)
    return found.person if able and _stays(directory, found.person, instant) else None


def _stays(directory: Directory, person: str, instant: datetime) -> bool:
    """Whether their account won't have ended by then."""
    ends = directory.people[person].ends
    return ends is None or ends > instant


def _hand_overs(row: Turns, start: datetime, end: datetime) -> Iterator[datetime]:
    number = number_at(row, start) + 1
    while (instant := hand_over(row, number)) < end:
        yield instant
        number += 1


def _cuts(rotation: Rotation, directory: Directory, start: datetime, end: datetime) -> Iterator[datetime]:
    """The instants after `start` and before `end` at which it may be somebody else, but for hand-overs."""
    others = [edge for o in directory.overrides if o.rotation == rotation.id for edge in (o.starts, o.ends)]
    others += [person.ends for person in directory.people.values() if person.ends is not None]
    others += [edge for layer in rotation.layers for edge in _edges(layer, start, end)]
    yield from (each for each in others if start < each < end)


def _edges(layer: Layer, start: datetime, end: datetime) -> Iterator[datetime]:
    """When a layer may come on or go off, on the days around a span."""
    zone = _zone(layer)
    day, last = start.astimezone(zone_of(zone)).date() - timedelta(days=1), end.astimezone(zone_of(zone)).date()
    while day <= last:
        for hour in dict.fromkeys(at for window in layer.during for at in (window.begins, window.ends)):
            yield instant_of(day, hour, zone)
        day += timedelta(days=1)
