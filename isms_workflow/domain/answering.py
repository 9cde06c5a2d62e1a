"""Whether those whom an incident reaches may answer it: a response that rests on people who can't is told of beforehand. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from isms_workflow.domain.incident import ANSWERING
from isms_workflow.domain.people import Directory
from isms_workflow.domain.whom import anybody, members
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.programme.model import ON_CALL, Ladder, Programme, Turns


@dataclass(frozen=True, slots=True)
class Unable:
    """People who may not acknowledge an incident, and where the programme counts on them; `row` is whose turns they take, if any."""

    where: str
    people: tuple[str, ...]
    row: str | None = None

    def said(self, names: Iterable[str], titles: Iterable[str] = ANSWERING) -> str:
        """In a sentence, with the people's names, and what the responsibilities that it takes are called."""
        *others, last = titles
        return (f"{self.where}: {', '.join(names)} may not acknowledge an incident, which takes the responsibility "
                f"{', '.join(others)} or {last}.")


def may_answer(directory: Directory, person: str) -> bool:
    """Whether somebody may acknowledge an incident."""
    return any(directory.holds(person, name) for name in ANSWERING)


def unable(programme: Programme, directory: Directory) -> tuple[Unable, ...]:
    """Responders, people who take turns in a rotation that incidents' ladders name, and levels that tell nobody else."""
    workflow = programme.workflows.get("incident")
    if not isinstance(workflow, IncidentWorkflow):
        return ()
    ladders = [programme.ladders[name] for name in dict.fromkeys(each.ladder for each in workflow.severities)]
    responders = Unable("Responders in incident.yaml", _without(directory, workflow.responders, programme))
    found = (responders, *_turns(programme, directory, ladders), *_levels(programme, directory, ladders))
    return tuple(each for each in found if each.people)


def _turns(programme: Programme, directory: Directory, ladders: Iterable[Ladder]) -> Iterator[Unable]:
    named = {name for ladder in ladders for level in ladder.levels for each in level.to for name in members(programme, each)}
    for rotation in programme.on_call.values():
        if f"{ON_CALL}{rotation.id}" in named:
            for row in rotation.rows:
                yield Unable(_title(rotation, row), _without(directory, (row.responsibility,), programme), row.id)


def _levels(programme: Programme, directory: Directory, ladders: Iterable[Ladder]) -> Iterator[Unable]:
    for ladder in ladders:
        for level in ladder.levels:
            told = {person for name in level.to for person in anybody(programme, directory, name)}
            silent = _without(directory, level.to, programme)
            if told == set(silent):  # with somebody beside them who may, they are no more than informed
                yield Unable(f"Level {level.written + 1} of the ladder {ladder.id}, which tells nobody else", silent)


def _title(rotation: Turns, row: Turns) -> str:
    return rotation.title if row is rotation else f"{rotation.title}, {row.title}"


def _without(directory: Directory, names: Iterable[str], programme: Programme) -> tuple[str, ...]:
    """Those whom the names may mean, and who may not answer; each once."""
    people = dict.fromkeys(person for name in names for person in anybody(programme, directory, name))
    return tuple(person for person in people if not may_answer(directory, person))
