"""Ladders and teams as people write them, and the levels that they come to: one instant each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from isms_workflow.programme.basics import Name, Strict
from isms_workflow.programme.model import TEAM, Ladder, Level, Span, Team, Told, Whom, one_or_more


def _somebody(members: tuple[str, ...]) -> tuple[str, ...]:
    if not members:
        raise ValueError("is empty: name a responsibility, who is on call (on_call:first_line), or a person by their mail "
                         "address (person:ann@example.org)")
    return members


class WrittenTeam(Strict):
    """People who are told together: holders of responsibilities, whoever is on call, persons by their mail address."""

    id: Name
    title: str
    members: Annotated[tuple[Whom, ...], BeforeValidator(one_or_more), AfterValidator(_somebody)]

    def team(self) -> Team:
        """The same, as the programme holds it."""
        return Team(id=self.id, title=self.title, members=self.members)


class WrittenLevel(Strict):
    """A level as it is written: all of `to` at once, or one name after the other, `in_turn` apart.

    `repeat` without `times` goes on until the wait ends; with it the level is told so often again, and no more.
    """

    to: Annotated[tuple[Told, ...], BeforeValidator(one_or_more), Field(min_length=1)]
    offset: Span
    in_turn: Span | None = None
    repeat: Span | None = None
    times: Annotated[int, Field(ge=1, le=100)] | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> WrittenLevel:
        if self.in_turn and self.repeat:
            raise ValueError("tells its names in turn and repeats: let a level of its own repeat, after this one")
        if self.in_turn and len(self.to) < 2 and not self.to[0].startswith(TEAM):
            raise ValueError("has one name, and nobody to come after it: name several, or leave in_turn out")
        if self.times and not self.repeat:
            raise ValueError("says how often, but not after what time: write e.g. repeat: 10 minutes beside times")
        return self


class WrittenLadder(Strict):
    """A ladder as it is written."""

    id: Name
    title: str
    levels: Annotated[tuple[WrittenLevel, ...], Field(min_length=1)]

    def told(self, teams: Mapping[str, Team]) -> Ladder:
        """Its levels one by one: each name that comes in turn, and each of a counted repetition, is a level of its own."""
        levels = tuple(each for number, written in enumerate(self.levels) for each in _levels(written, number, teams))
        return Ladder(id=self.id, title=self.title, levels=levels)


def _levels(written: WrittenLevel, number: int, teams: Mapping[str, Team]) -> Iterator[Level]:
    if written.in_turn:
        names = dict.fromkeys(name for each in written.to for name in _members(each, teams))
        for nth, name in enumerate(names):
            yield Level(to=(name,), offset=written.offset, apart=written.in_turn, nth=nth, written=number)
    elif written.repeat and written.times:
        for nth in range(written.times + 1):
            yield Level(to=written.to, offset=written.offset, apart=written.repeat, nth=nth, written=number)
    else:
        yield Level(to=written.to, offset=written.offset, repeat=written.repeat, written=number)


def _members(name: str, teams: Mapping[str, Team]) -> tuple[str, ...]:
    """A team's members, one by one; anything else is itself, and what nobody wrote is refused by the check."""
    team = teams.get(name.removeprefix(TEAM)) if name.startswith(TEAM) else None
    return team.members if team else (name,)
