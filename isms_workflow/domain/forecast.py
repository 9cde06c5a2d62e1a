"""What happens if nobody acts: the deadlines that are armed for a wait, and those that will follow them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from isms_workflow.domain.calendars import DueRule
from isms_workflow.domain.clocks import incidents_of, severity_of
from isms_workflow.domain.duties import ACT_BY, REMIND, WARN, is_ours
from isms_workflow.domain.ladders import tone
from isms_workflow.domain.rules.common import LADDER, LAPSE, RESUME
from isms_workflow.domain.rules.corrective import FOLLOW_UP
from isms_workflow.domain.rules.escalation import RESPONSE, WORD
from isms_workflow.domain.rules.ladder import PARTS_OF_A_WAIT, Deadline, asks_again, next_rung, reached
from isms_workflow.domain.times import from_iso
from isms_workflow.domain.views import CaseView
from isms_workflow.programme.model import ON_CALL, PERSON, TEAM, Level, Span

Name = Callable[[str], str]
"""A person's name by their id."""


@dataclass(frozen=True, slots=True)
class Coming:
    """Something that will happen at an instant, UTC, unless somebody acts: `escalates to top management`."""

    at: datetime
    says: str


def coming(view: CaseView, armed: Iterable[Deadline], name: Name, now: datetime) -> tuple[Coming, ...]:
    """What the armed deadlines of one wait lead to, in order; a last level that repeats is said once.

    Who would be told is computed from the people in office now. Empty if the wait is over.
    """
    found = [each for deadline in armed for each in _of(view, deadline, name, now)]
    ends = min((each.at for each in found if each.says.startswith("lapses")), default=None)
    return tuple(sorted((e for e in found if ends is None or e.at <= ends), key=lambda e: e.at))


def title(view: CaseView, responsibility: str) -> str:
    """What a ladder's level names, within a sentence: `top management`, `ISMS manager`, `who is on call (First line)`,
    `the team Crisis staff`, `ann@example.org`.
    """
    if responsibility.startswith(PERSON):
        return responsibility.removeprefix(PERSON)
    if responsibility.startswith(TEAM):
        team = view.programme.teams.get(responsibility.removeprefix(TEAM))
        return f"the team {team.title if team else responsibility.removeprefix(TEAM)}"
    if responsibility.startswith(ON_CALL):
        rotation = view.programme.rotations.get(responsibility.removeprefix(ON_CALL))
        return f"who is on call ({rotation.title if rotation else responsibility.removeprefix(ON_CALL)})"
    known = view.programme.responsibilities.get(responsibility)
    return within(known.title) if known else responsibility.replace("_", " ")


def within(text: str) -> str:
    """A title as it stands within a sentence: small, unless it begins with an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _of(view: CaseView, deadline: Deadline, name: Name, now: datetime) -> Iterator[Coming]:
    if deadline.event == LADDER:
        yield from _levels(view, deadline, name, now)
    elif deadline.event == LAPSE:
        owner = title(view, view.workflow.phase(view.gate(deadline.subject_id).name).owner)
        yield Coming(deadline.due_at, f"lapses undecided, back to the phase's owner ({owner})")
    else:
        yield from of_clock(view, deadline, name)


def of_clock(view: CaseView, deadline: Deadline, name: Name) -> Iterator[Coming]:
    """What an armed deadline of a case itself leads to: a pause's end, an incident's missed response, a word that lapses."""
    if deadline.event == RESUME:
        yield Coming(deadline.due_at, "the pause ends by itself" + (", and its clocks go on" if view.incident else ""))
    elif deadline.event == RESPONSE:
        yield Coming(deadline.due_at, "the response is recorded as missed")
    elif deadline.event == FOLLOW_UP:
        yield Coming(deadline.due_at, "somebody who had no part in it is asked whether it is effective")
    elif deadline.event == WORD:
        yield from _word(view, deadline, name)
    elif is_ours(deadline.event) and view.duties is not None:
        yield Coming(deadline.due_at, _of_report(view, deadline))


def _of_report(view: CaseView, deadline: Deadline) -> str:
    """What a deadline of a report leads to."""
    sort, _, name = deadline.event.partition(":")
    if sort == REMIND and deadline.ladder is not None and deadline.level is not None:
        spec = view.programme.ladders[deadline.ladder].levels[deadline.level]
        again = f", then every {every(spec.repeat)}" if spec.repeat else ""
        return f"reminds {_listed([title(view, part) for part in spec.to])} of {name}{again}"
    return {ACT_BY: f"{name} should have been submitted, and everybody concerned is told",
            WARN: f"the last warning of {name}"}.get(sort, f"{name} is recorded as not submitted in time")


def _word(view: CaseView, deadline: Deadline, name: Name) -> Iterator[Coming]:
    """Whoever gave their word is asked after it until it lapses."""
    spec, word = severity_of(view).acknowledgement, incidents_of(view)[1].word
    if word is None:
        return
    at, who = deadline.due_at, name(word.by)
    for _ in range(deadline.repeat, spec.reminders):
        yield Coming(at, f"asks {who} whether their word still holds")
        at = DueRule.of(at, spec.remind, view.calendar).instant(view.calendar)
    yield Coming(at, f"the word of {who} lapses, and the escalation goes on")


def _levels(view: CaseView, deadline: Deadline, name: Name, now: datetime) -> Iterator[Coming]:
    if deadline.ladder is None or deadline.level is None or deadline.base is None:
        return
    ladder, base = view.programme.ladders[deadline.ladder], from_iso(deadline.base)
    at, level, repeat = deadline.due_at, deadline.level, deadline.repeat
    while True:
        spec = ladder.levels[level]
        told = reached(view, deadline, spec, now)
        if told:
            does = "reminds" if asks_again(view, deadline.subject, spec) else "escalates to"
            yield Coming(at, _says(view, spec, [name(person) for person in told], name, does))
        rung = next_rung(view, deadline, (level, repeat), base, at)
        if rung is None or rung.level == level:
            return
        at, level, repeat = (max(rung.due_at, at) if told else at), rung.level, rung.repeat  # passed on at once


def _says(view: CaseView, level: Level, people: list[str], name: Name, does: str) -> str:
    if tone(level) != "escalated":
        return f"reminds {_listed(people)}"
    to = [_called(view, part, name) for part in level.to if part not in PARTS_OF_A_WAIT]
    again = f", then every {every(level.repeat)}" if level.repeat else ""
    return f"{does} {_listed(to or people)}{again}"


def _called(view: CaseView, part: str, name: Name) -> str:
    """A single person by their name, if anybody has the address."""
    person = view.directory.person_at(part.removeprefix(PERSON)) if part.startswith(PERSON) else None
    return name(person) if person else title(view, part)


def every(span: Span) -> str:
    """How often a level repeats, to stand after "every": `week`, `2 working days`."""
    unit = span.unit.replace("_", " ")
    return unit.removesuffix("s") if span.amount == 1 else f"{span.amount} {unit}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
