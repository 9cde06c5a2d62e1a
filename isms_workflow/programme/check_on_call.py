"""Whether the programme's rotations and teams hold together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from zoneinfo import available_timezones

from isms_workflow.programme.errors import Problem
from isms_workflow.programme.model import ON_CALL, PERSON, TEAM, Programme, Turns
from isms_workflow.programme.references import PARTS, Place, known, near

FILE = "oncall.yaml"
SHIFTS = ("days", "hours")


def check_on_call(programme: Programme, place: Place) -> Iterator[Problem]:
    """Every problem of the rotations and teams."""
    for index, team in enumerate(programme.teams.values()):
        for name in team.members:
            yield from told(programme, FILE, place(FILE, "teams", index, "members"), f"{team.id}.members", name, parts=())
    for index, rotation in enumerate(programme.rotations.values()):
        yield from _turns(programme, rotation, rotation.id, place, "rotations", index)
        ids = [layer.id for layer in rotation.layers]
        for number, layer in enumerate(rotation.layers):
            path = ("rotations", index, "layers", number)
            if layer.id in ids[:number]:
                yield Problem(FILE, place(FILE, *path, "id"), f"{rotation.id}.{layer.id}", "stands here twice: keep one")
            yield from _turns(programme, layer, f"{rotation.id}.{layer.id}", place, *path)


def _turns(programme: Programme, turns: Turns, name: str, place: Place, *path: str | int) -> Iterator[Problem]:
    yield from known(FILE, place(FILE, *path, "responsibility"), f"{name}.responsibility", turns.responsibility,
                     programme.responsibilities)
    zone = turns.zone
    if zone is not None and zone not in available_timezones():
        meant = near(zone, available_timezones()) or "; use an IANA name such as Europe/Vienna"
        yield Problem(FILE, place(FILE, *path, "zone"), f"{name}.zone", f"unknown time zone {zone!r}{meant}")
    if turns.shift.unit not in SHIFTS or turns.shift.amount < 1:
        yield Problem(FILE, place(FILE, *path, "shift"), f"{name}.shift", f"{turns.shift} is no shift: write days or "
                                                                         "hours, e.g. '7 days', '1 days', '12 hours'")


def told(programme: Programme, file: str, line: int, field: str, name: str,
         parts: Collection[str] = PARTS) -> Iterator[Problem]:
    """A name in a ladder's level or a team that is none of `parts`, no responsibility, no rotation and no team.

    Whether a person has an account is asked when the programme is applied.
    """
    if name.startswith(ON_CALL):
        yield from known(file, line, field, name.removeprefix(ON_CALL), programme.rotations, "rotation")
    elif name.startswith(TEAM):
        yield from known(file, line, field, name.removeprefix(TEAM), programme.teams, "team")
    elif not name.startswith(PERSON):
        yield from known(file, line, field, name, {*parts, *programme.responsibilities})
