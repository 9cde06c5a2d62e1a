"""How each state looks: a word, a shape, a meaning. The same word looks the same on every page."""

from __future__ import annotations

from typing import Literal, NamedTuple

Meaning = Literal["good", "attention", "danger", "information", "neutral"]


class Look(NamedTuple):
    """`shape` is a symbol of templates/icons.svg; `meaning` picks the colour."""

    shape: str
    meaning: Meaning


UNKNOWN = Look("ring", "neutral")

_BY_LOOK: dict[Look, str] = {
    Look("check", "good"): """
        done, approved, passed, closed, resolved, completed, verified, sent, delivered, fired, granted, in force, carried over,
        effective, corrective action""",
    Look("dot", "good"): "alive, up, active, running, plan, do, check, act, responding, doing, started, valid, in use",
    Look("dot", "information"): "open, in progress, reopened, triaged, lessons learned, medium, correcting, planning, checking",
    Look("dots", "neutral"): "waiting, observing",
    Look("dots", "information"): "invited, starting, undecided, submitted, reported",
    Look("ring", "neutral"): "planned, not open, not asked, not started, queued, armed, unused, not verified, low",
    Look("skip", "neutral"): "waived, skipped, superseded, replaced, spent, revoked, ended, expired, retired, merged, accepted",
    Look("cross", "neutral"): "cancelled, declined, withdrawn, unsent, not sent, deactivated, erased, false positive",
    Look("bars", "attention"): "paused, suspended, held",
    Look("back", "attention"): "returned, lapsed, void, not effective",
    Look("triangle", "attention"): "due, retrying, escalated, not held, high, referred",
    Look("triangle", "danger"): "late, overdue, critical",
    Look("cross", "danger"): "rejected, refused, denied, down, dead, failed, broken, damaged, set aside",
}
LOOKS: dict[str, Look] = {
    word.strip(): look for look, words in _BY_LOOK.items() for word in words.replace("\n", " ").split(",")
}


def look(state: str) -> Look:
    """The look of a state, by its word or its identifier (`carried_over`); a neutral ring for one not listed."""
    return LOOKS.get(state.replace("_", " ").lower(), UNKNOWN)
