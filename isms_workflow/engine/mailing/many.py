"""A flood of messages for one person: what left before, and the one letter that tells of many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from isms_workflow.domain.effects import EffectError
from isms_workflow.domain.flood import URGENCIES, Past, span, window
from isms_workflow.domain.times import iso
from isms_workflow.engine.deliverer import Effect
from isms_workflow.notify.digest import MOST
from isms_workflow.notify.letters import Letter
from isms_workflow.programme.model import Flood
from isms_workflow.store.statements import tries as questions

Write = Callable[[Effect], Letter]
"""The letter that one message would be. Raises `EffectError` for one that isn't to be sent."""


def past(conn: Connection, channel: str, persons: Collection[str], found: Flood | None, now: datetime) -> dict[str, Past]:
    """What left for these people by a channel within the rule's time."""
    if found is None:
        return {}
    letters: dict[str, list[tuple[datetime, bool]]] = {}
    for row in conn.execute(questions.lately(channel, persons, now - window(found))):
        letters.setdefault(row.person, []).append((row.at, bool(row.bundled)))
    return {person: _past(each, found, now) for person, each in letters.items()}


def _past(letters: Sequence[tuple[datetime, bool]], found: Flood, now: datetime) -> Past:
    since = now - span(found.within)
    return Past(sum(at > since for at, _ in letters), max((at for at, bundled in letters if bundled), default=None))


def listed(effects: Sequence[Effect], write: Write) -> tuple[
        list[tuple[Effect, Letter]], list[tuple[Effect, EffectError]], int]:
    """The messages that the one letter names, the urgent first, each with the letter that it would have been; those that
    stay, and why; and how many more there are, of which nothing is said.
    """
    ranked = sorted(effects, key=lambda each: (URGENCIES.index(each.urgency), each.queued_at))
    shown: list[tuple[Effect, Letter]] = []
    stay: list[tuple[Effect, EffectError]] = []
    for number, effect in enumerate(ranked):
        if len(shown) == MOST:
            return shown, stay, len(ranked) - number
        try:
            shown.append((effect, write(effect)))
        except EffectError as answer:
            stay.append((effect, answer))
    return shown, stay, 0


def facts(shown: Sequence[tuple[Effect, Letter]], more: int, effects: Sequence[Effect]) -> dict[str, object]:
    """What the one letter says."""
    return {"link": "/", "more": more, "urgent": sum(each.urgency == "critical" for each in effects),
            "lines": [{"says": letter.mail.subject, "at": iso(effect.queued_at)} for effect, letter in shown]}
