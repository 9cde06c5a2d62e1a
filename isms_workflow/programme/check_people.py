"""Whether the persons whom a programme names by their mail address have accounts: the texts alone don't show it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from isms_workflow.programme.errors import Problem
from isms_workflow.programme.load import ON_CALL, place_of
from isms_workflow.programme.model import PERSON, Programme
from isms_workflow.programme.references import near

Named = tuple[str, tuple[str | int, ...], str, str]
"""The file, the path and the field at which somebody is named, and their address."""


def names_people(programme: Programme) -> bool:
    """Whether it names anybody at all."""
    return any(True for _ in _named(programme))


def strangers(programme: Programme, known: Collection[str]) -> list[Problem]:
    """Whoever is named and isn't among the addresses in use, which are in small letters."""
    missing = [each for each in _named(programme) if each[3].lower() not in known]
    place = place_of(programme) if missing else None
    return list(dict.fromkeys(
        Problem(file, place(file, *path), field, f"nobody has an account with the address {address!r}{near(address, known)}: "
                                                 "add them under People, or name somebody else")
        for file, path, field, address in missing if place))


def _named(programme: Programme) -> Iterator[Named]:
    for index, ladder in enumerate(programme.ladders.values()):
        for level in ladder.levels:
            yield from (("ladders.yaml", ("ladders", index, "levels", level.written), f"{ladder.id}.to", name.removeprefix(PERSON))
                        for name in level.to if name.startswith(PERSON))
    for index, team in enumerate(programme.teams.values()):
        yield from ((ON_CALL, ("teams", index, "members"), f"{team.id}.members", name.removeprefix(PERSON))
                    for name in team.members if name.startswith(PERSON))
