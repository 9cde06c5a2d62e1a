"""Situations of incidents as tables: what happened, and what the acts ask for by when, computed by hand.

One YAML file a regime beside this module. Instants are written as on the wall, with their offset from UTC. An event is
`kind [stage] instant`, then `reasons`, or `until instant`. What is expected of a stage is its state, then what of these
it has: `act by` and `latest` with an instant, `in time` or `late`, `owes reasons`, `overdue`, `by` with what ended it.
What isn't said isn't there. Answers and facts that a row doesn't give are those at the head of its file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from isms_workflow.domain.conditions import Answer, Event, Facts
from isms_workflow.domain.obligations import Standing, obligations_of, standing
from isms_workflow.domain.periods import wheres
from isms_workflow.programme.load import parse, shipped
from isms_workflow.programme.model import Calendar, Programme
from isms_workflow.programme.obligations import Organisation

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Situation:
    """One row: what happened, and what is expected of each stage, with the source of every expected value."""

    regime: str
    place: Mapping[str, str]
    organisation: Mapping[str, Any]
    when: str
    expect: Mapping[str, str]
    source: str
    at: str | None = None
    answers: Mapping[str, bool] | None = None
    events: tuple[str, ...] = ()
    facts: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """Its name among the tests."""
        return f"{self.regime}: {self.when}"

    def programme(self) -> Programme:
        """The shipped programme, at this place, with the facts about this organisation."""
        found = parse(shipped())
        told = {**self.organisation, **(self.facts or {})}
        facts = tuple(f.model_copy(update={"answer": told.get(f.id)}) for f in found.organisation.facts)
        organisation = Organisation(regimes={self.regime: True}, facts=facts)
        return found.model_copy(update={"organisation": organisation, "calendar": Calendar(**self.place)})

    def known(self) -> Facts:
        """What is known of the incident: everything was answered at the report, which is the first event."""
        events = tuple(event(self.regime, each) for each in self.events)
        reported = min((each.at for each in events), default=instant("2026-01-01T00:00Z"))
        answers = (Answer(f"{self.regime}.{name}", value, reported, "somebody") for name, value in (self.answers or {}).items())
        return Facts(reported, tuple(answers), events)

    def standings(self) -> dict[str, Standing]:
        """How each stage stands in it; now is the last event, unless the situation says another instant."""
        programme, facts = self.programme(), self.known()
        at = instant(self.at) if self.at else max((each.at for each in facts.events), default=facts.reported_at)
        found = standing(obligations_of(programme), facts, wheres(programme), programme.organisation, at)
        return {each.obligation.stage.id: each for each in found if each.obligation.regime.regime == self.regime}


def told(found: Standing) -> dict[str, Any]:
    """What a table would say of it."""
    says = {"state": str(found.state), "act by": found.act_by, "latest": found.latest_lawful, "by": found.by,
            "in time": found.in_time or None, "late": found.in_time is False or None,
            "owes reasons": found.owes_reasons or None, "overdue": found.overdue or None}
    return {name: value for name, value in says.items() if value is not None}


def expected(text: str) -> dict[str, Any]:
    """What a table says."""
    state, *rest = text.split(", ")
    found: dict[str, Any] = {"state": state}
    for each in rest:
        name, _, value = each.rpartition(" ")
        if name in ("act by", "latest"):
            found[name] = instant(value)
        elif name == "by" or each.startswith("by "):
            found["by"] = each.removeprefix("by ")
        else:
            found[each] = True
    return found


def instant(text: str) -> datetime:
    """An instant as a table has it."""
    return datetime.fromisoformat(text)


def event(regime: str, text: str) -> Event:
    """An event as a table has it."""
    kind, *rest = text.split()
    stage = None if rest[0][0].isdigit() else rest.pop(0)
    of = regime if stage == regime else stage and f"{regime}.{stage}"
    until = instant(rest[2]) if rest[1:2] == ["until"] else None
    return Event(kind, instant(rest[0]), of, until, has_reasons=rest[1:2] == ["reasons"])


def table(regime: str) -> Iterator[Situation]:
    """The situations of one regime; what a file says at its head holds for each that doesn't say otherwise."""
    data = yaml.load((HERE / f"{regime}.yaml").read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - strings only
    head = {"place": data["place"], "organisation": {k: _yes(v) for k, v in data.get("organisation", {}).items()}}
    for row in data["situations"]:
        answers = {**data.get("answers", {}), **row.pop("answers", {})}
        facts = {k: _yes(v) for k, v in row.pop("facts", {}).items()}
        yield Situation(regime, events=tuple(row.pop("events", ())), facts=facts, answers={
            k: bool(_yes(v)) for k, v in answers.items() if v != "open"}, **{**head, **row})


def _yes(text: str) -> Any:
    known = {"yes": True, "no": False, "open": None}
    return known[text] if text in known else date.fromisoformat(text)
