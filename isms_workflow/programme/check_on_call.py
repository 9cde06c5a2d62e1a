"""Whether the programme's rotations hold together. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import available_timezones

from isms_workflow.programme.errors import Problem
from isms_workflow.programme.model import ON_CALL, Programme
from isms_workflow.programme.references import PARTS, Place, known, near

FILE = "oncall.yaml"
SHIFTS = ("days", "hours")


def check_on_call(programme: Programme, place: Place) -> Iterator[Problem]:
    """Every problem of the rotations."""
    for index, rotation in enumerate(programme.rotations.values()):
        def line(*path: str, index: int = index) -> int:
            return place(FILE, "rotations", index, *path)

        yield from known(FILE, line("responsibility"), f"{rotation.id}.responsibility", rotation.responsibility,
                         programme.responsibilities)
        zone = rotation.zone
        if zone is not None and zone not in available_timezones():
            meant = near(zone, available_timezones()) or "; use an IANA name such as Europe/Vienna"
            yield Problem(FILE, line("zone"), f"{rotation.id}.zone", f"unknown time zone {zone!r}{meant}")
        if rotation.shift.unit not in SHIFTS or rotation.shift.amount < 1:
            yield Problem(FILE, line("shift"), f"{rotation.id}.shift", f"{rotation.shift} is no shift: write days or "
                                                                        "hours, e.g. '7 days', '1 days', '12 hours'")


def told(programme: Programme, file: str, line: int, field: str, name: str) -> Iterator[Problem]:
    """A name in a ladder's level that is no part, no responsibility and no rotation."""
    if name.startswith(ON_CALL):
        yield from known(file, line, field, name.removeprefix(ON_CALL), programme.rotations, "rotation")
    elif name not in PARTS:
        yield from known(file, line, field, name, PARTS | set(programme.responsibilities))
