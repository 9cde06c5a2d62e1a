"""Whether what a programme names exists, and every wait that it begins ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Protocol

from isms_workflow.programme.errors import Problem
from isms_workflow.programme.model import ON_CALL, PERSON, TEAM, Ladder, Programme, Span

PARTS = frozenset({"owner", "deputy", "approvers"})
"""Parts that a person plays in one wait; everything else in a ladder is a responsibility, whoever is on call, a team, a person."""


class Place(Protocol):
    """The line of something in a file, by its path."""

    def __call__(self, file: str, *path: str | int) -> int:
        """1 is the first line."""


def ends(programme: Programme, ladder: Ladder) -> bool:
    """Whether the last level goes to a responsibility, by itself or in a team, and repeats until the wait ends."""
    last = ladder.levels[-1]
    return last.repeat is not None and any(_is_lasting(programme, name) for name in last.to)


def _is_lasting(programme: Programme, name: str) -> bool:
    """Whether there is always somebody: a person may leave, and a shift be a gap."""
    if name.startswith(TEAM):
        team = programme.teams.get(name.removeprefix(TEAM))
        return team is not None and any(_is_lasting(programme, each) for each in team.members)
    return name not in PARTS and not name.startswith((ON_CALL, PERSON))


def ahead(file: str, line: int, field: str, span: Span) -> Iterator[Problem]:
    """A span that doesn't lead onwards."""
    if span.amount < 1:
        yield Problem(file, line, field, f"{span} lies ahead of nothing: use a positive span, e.g. '5 working days'")


def wait(programme: Programme, file: str, line: int, field: str, ladder: str) -> Iterator[Problem]:
    """A ladder that nobody wrote, or one that may end with nobody told."""
    if ladder not in programme.ladders:
        yield from known(file, line, field, ladder, programme.ladders, "ladder")
    elif not ends(programme, programme.ladders[ladder]):
        yield Problem(file, line, field, f"ladder {ladder!r} may end with nobody told: "
                                         "its last level goes to a responsibility and repeats without end")


def known(file: str, line: int, field: str, name: str, names: Iterable[str],
          what: str = "responsibility") -> Iterator[Problem]:
    """A name that isn't among these."""
    if name not in names:
        yield Problem(file, line, field, f"unknown {what} {name!r}{near(name, names)}")


def near(name: str, names: Iterable[str]) -> str:
    """What may have been meant, as the end of a sentence; "" if nothing comes near."""
    found = get_close_matches(name, sorted(names), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""
