"""Who is on call at an instant: a pure function of a rotation, the people in office, and who covers for whom.

Hand-overs are counted on the wall of the rotation's zone: 09:00 stays 09:00 when summer time begins or ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from isms_workflow.domain.calendars import instant_of, zone_of
from isms_workflow.domain.people import Directory, Override
from isms_workflow.domain.views import CaseView
from isms_workflow.programme.model import ON_CALL, Programme, Rotation

AHEAD = timedelta(days=28)
"""How far gaps are looked for."""


@dataclass(frozen=True, slots=True)
class Shift:
    """From `starts` until before `ends` one person is on call; None: nobody is, a gap.

    `cover` is the override that says so, if one does; `instead_of` is whose turn it would be.
    """

    rotation: str
    starts: datetime
    ends: datetime
    person: str | None
    cover: Override | None = None
    instead_of: str | None = None


def rotations(programme: Programme) -> dict[str, Rotation]:
    """A programme's rotations by id, each with its zone."""
    zone = programme.calendar.zone
    return {each.id: each if each.zone else each.model_copy(update={"zone": zone}) for each in programme.rotations.values()}


def hand_over(rotation: Rotation, number: int) -> datetime:
    """When a shift begins, the first being number 0. A local time that doesn't exist is the first after the gap."""
    wall = rotation.first + number * rotation.length
    return instant_of(wall.date(), wall.time(), _zone(rotation))


def number_at(rotation: Rotation, instant: datetime) -> int:
    """Which shift an instant falls into; below 0 before the first."""
    wall = instant.astimezone(zone_of(_zone(rotation))).replace(tzinfo=None)
    number = (wall - rotation.first) // rotation.length
    while hand_over(rotation, number) > instant:
        number -= 1
    while hand_over(rotation, number + 1) <= instant:
        number += 1
    return number


def turn(rotation: Rotation, directory: Directory, instant: datetime) -> str | None:
    """Whose turn it is, whoever covers: None before the first shift, and while nobody holds the responsibility.

    Whoever was granted it during a shift takes part from the next one on, unless there was nobody before.
    """
    number = number_at(rotation, instant)
    if number < 0:
        return None
    begun = hand_over(rotation, number)
    holdings = [h for h in directory.holdings_of(rotation.responsibility) if _stays(directory, h.person, instant)]
    there = [h.person for h in holdings if h.granted_at <= begun] or [h.person for h in holdings]
    return there[number % len(there)] if there else None


def cover(rotation: Rotation, directory: Directory, instant: datetime) -> Override | None:
    """The override that holds at an instant; of several the one that was made last."""
    held = (o for o in directory.overrides if o.rotation == rotation.id and o.starts <= instant < o.ends)
    return max(held, key=lambda o: o.made_at, default=None)


def at(rotation: Rotation, directory: Directory, instant: datetime) -> str | None:
    """Who is on call; None if nobody is, also while somebody covers who can't act any more."""
    return _who(rotation, directory, instant)[0]


def between(rotation: Rotation, directory: Directory, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The shifts from `start` until before `end`, which they fill whole; one that is handed over is two, also to oneself."""
    found: list[Shift] = []
    cuts = sorted({start, *_cuts(rotation, directory, start, end)})
    for begins, ends in zip(cuts, [*cuts[1:], end], strict=True):
        person, covered, whose = _who(rotation, directory, begins)
        shift = Shift(rotation.id, begins, ends, person, covered, whose)
        before = found[-1] if found else None
        same = before is not None and person is None and replace(before, starts=begins, ends=ends) == shift
        if before is not None and same:  # a gap is one gap, however many hand-overs it swallows
            found[-1] = replace(before, ends=ends)
        else:
            found.append(shift)
    return tuple(found)


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
    return rotations(view.programme)[name.removeprefix(ON_CALL)]


def _zone(rotation: Rotation) -> str:
    assert rotation.zone is not None  # rotations() gives each the calendar's
    return rotation.zone


def _who(rotation: Rotation, directory: Directory, instant: datetime) -> tuple[str | None, Override | None, str | None]:
    """Who is on call, by which override, and whose turn it is."""
    whose, covered = turn(rotation, directory, instant), cover(rotation, directory, instant)
    if covered is None:
        return whose, None, whose
    able = directory.holds(covered.person, rotation.responsibility) and _stays(directory, covered.person, instant)
    return (covered.person if able else None), covered, whose


def _stays(directory: Directory, person: str, instant: datetime) -> bool:
    """Whether their account won't have ended by then."""
    ends = directory.people[person].ends
    return ends is None or ends > instant


def _cuts(rotation: Rotation, directory: Directory, start: datetime, end: datetime) -> Iterator[datetime]:
    """The instants after `start` and before `end` at which it may be somebody else."""
    number = number_at(rotation, start) + 1
    while (instant := hand_over(rotation, number)) < end:
        yield instant
        number += 1
    others = [edge for o in directory.overrides if o.rotation == rotation.id for edge in (o.starts, o.ends)]
    others += [person.ends for person in directory.people.values() if person.ends is not None]
    yield from (each for each in others if start < each < end)
