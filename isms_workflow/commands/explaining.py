"""What `isms escalation explain` says of an incident: from the incident's history, so that it says the same after the fact."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from isms_workflow.commands.shared import instant, say, table
from isms_workflow.domain import explained
from isms_workflow.domain.clocks import incidents_of, severity_of
from isms_workflow.domain.explained import Explained
from isms_workflow.domain.forecast import title
from isms_workflow.domain.incident import UNANSWERED
from isms_workflow.domain.rules.escalation import WORD
from isms_workflow.domain.views import CaseView
from isms_workflow.domain.whom import named
from isms_workflow.engine.mailing.look import Look
from isms_workflow.portal.history import sentence
from isms_workflow.portal.names import Names
from isms_workflow.portal.rendering import word
from isms_workflow.programme.model import PERSON
from isms_workflow.store.statements import incidents as questions
from isms_workflow.store.statements import mails

STOPS = {"word": "the word of {}", "pause": "a pause by {}", "end": "an end by {}"}

SENTENCES: Mapping[str, str] = {
    "incident.reported": "was reported by {actor}, severity {severity}: the response team was told",
    "incident.occurred": "occurred again, reported by {actor}",
    "incident.acknowledged": "{actor} gave their word, which holds until {until}: the escalation stands still",
    "incident.lapsed": "the word of {by} lapsed: they and whoever was told before were told, and the escalation went on",
    "incident.breached": "nobody was at it by {due}: response team, ISMS manager and whoever was told before were told",
    "incident.reassessed": "{actor} changed the severity from {before} to {severity}",
    "incident.paused": "{actor} paused it until {until}: every clock stands still",
    "incident.resumed": "{actor} let it go on",
    "incident.replanned": "{actor} put it under another version of the programme",
    "incident.filed": "{actor} filed it: it was dealt with before it was imported",
    "incident.absorbed": "{actor} merged {from} into it, which counts as having happened again",
}


def explain(conn: Connection, view: CaseView, now: datetime) -> None:
    """Prints the clocks, what was told, and what will be."""
    look, (_, incident) = Look(conn, now), incidents_of(view)
    say(f"{view.case.reference} is {word(view.case.state)}, severity {incident.severity}, ladder {severity_of(view).ladder}.")
    say(f"Its clocks count from the report, by the calendar {view.calendar.version}.")
    for each in explained.clocks(view):
        _clock(view, each, look)
    say("\nWhat happened:")
    for row in conn.execute(questions.history(view.case.id)):
        sentence = _sentence(view, row, look)
        if sentence:
            say(f"  {_second(row.happened_at)}  {sentence}")
    say("\nWho was told, and since when:")
    table(("name", "since"), ((look.name(r.person), r.since) for r in conn.execute(questions.reached_since(view.case.id))),
          "nobody")
    say("\nWho will be told if nobody acts:")
    for line in _ahead(conn, view, look, now) or ["nobody: its escalation has ended"]:
        say(f"  {line}")


def _clock(view: CaseView, clock: Explained, look: Look) -> None:
    if clock.level is None:
        say(f"\nResponse: {explained.says(clock.rule)}: {_second(clock.plain)}")
    else:
        say(f"\nLevel {clock.level + 1}, {_titles(view, look, _level(view, clock.level).to)}: {explained.says(clock.rule)}: "
            f"{_second(clock.plain)}")
    for push in clock.pushes:
        for stop in clock.standing(push):
            say(f"  stood still for {STOPS[stop.what].format(look.name(stop.by))}, "
                f"{_second(stop.began_at)} to {_second(stop.ended_at)}")
        say(f"  so it is {_second(push.to)}" if push.to else "  and still does")


def _sentence(view: CaseView, row: Any, look: Look) -> str:
    """A record of the history in words; empty for what has nothing to do with the clocks."""
    data = json.loads(row.body)["data"]
    if row.kind in ("incident.escalated", "deadline.expired"):
        return _told(view, look, data, "" if row.actor in ("engine", "clock") else f", by {look.name(row.actor)}")
    if row.kind == "case.moved":
        return f"{look.name(row.actor)} {sentence(row.kind, data, Names(look.conn, None), 'UTC')}"
    if row.kind == "incident.occurred" and data.get("from"):
        return ""  # merged: its own record says so
    said = {**data, "actor": look.name(row.actor), "by": look.name(data.get("by"))}
    for name in ("until", "due"):
        if data.get(name):
            said[name] = _second(datetime.fromisoformat(data[name]))
    return SENTENCES.get(row.kind, "").format(**said)


def _told(view: CaseView, look: Look, data: Mapping[str, Any], by: str) -> str:
    """A level that was told. One that somebody asked for names its level alone, which its ladder may have no more."""
    number, ladder = int(data["level"]), view.programme.ladders.get(str(data["ladder"]))
    has_it = ladder is not None and number < len(ladder.levels)
    to = str(data["to"]).split() if "reached" in data else ladder.levels[number].to if ladder and has_it else ()
    people = f" ({data['reached']} {'person' if data['reached'] == 1 else 'people'})" if "reached" in data else ""
    again = f", repetition {data['repeat']}" if data["repeat"] else ""
    return f"level {number + 1} of {data['ladder']}{again} was told: {_titles(view, look, to)}{people}{by}"


def _ahead(conn: Connection, view: CaseView, look: Look, now: datetime) -> list[str]:
    ends = _ends(conn, view)
    found = [f"if what stops it ends by itself at {_second(ends)}:"] if ends and view.case.state in UNANSWERED else []
    for each in explained.ahead(view, now, ends):
        spec = _level(view, each.level)
        names = [look.name(p) for name in spec.to for p in named(view, name, each.due_at)]
        again = f", then every {spec.repeat}" if spec.repeat else ""
        found.append(f"{_second(each.due_at)}  level {each.level + 1}: {_titles(view, look, spec.to)} "
                     f"({', '.join(dict.fromkeys(names)) or 'nobody: the ISMS manager, else the administrators'}){again}")
    return found


def _ends(conn: Connection, view: CaseView) -> datetime | None:
    """When what stops the escalation now ends by itself; None where nothing does."""
    _, incident = incidents_of(view)
    if incident.pause:
        return incident.pause.until
    if incident.word is None:
        return None
    asked = next(row for row in conn.execute(mails.armed(view.case.id)) if row.event == WORD)
    return explained.word_lapses(view, asked.due_at, asked.repeat)


def _level(view: CaseView, level: int) -> Any:
    return view.programme.ladders[severity_of(view).ladder].levels[level]


def _titles(view: CaseView, look: Look, names: Iterable[str]) -> str:
    return " and ".join(_title(view, look, name) for name in names) or "unknown now"


def _title(view: CaseView, look: Look, name: str) -> str:
    """A single person, whom the programme names by their address and a record by their id, by their name."""
    who = name.removeprefix(PERSON)
    person = view.directory.person_at(who) if "@" in who else who
    return look.name(person) if name.startswith(PERSON) and person else title(view, name)


def _second(value: datetime | None) -> str:
    """An instant to the second: a clock's are told apart by less than a minute."""
    return instant(None) if value is None else f"{value:%Y-%m-%d %H:%M:%S} UTC"
