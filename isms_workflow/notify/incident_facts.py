"""What each notice about an incident says. Every one but the last goes to people who may see the incident."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from isms_workflow.notify.facts import Line, Names, OfCase, Text, Waiting


class OfIncident(OfCase):
    """What it is, and how it stands when the mail leaves: `triaged; nobody responds yet`.

    `told_as` is the title of the responsibility as which the reader is told. `title` is `(erased)` once it is.
    """

    title: Line
    severity: Line
    category: Line
    systems: Names
    stands: Line
    since: AwareDatetime
    told_as: Line


class IncidentWaits(OfIncident, Waiting):
    """While nobody has responded: any one of `waits_for`. They are none if somebody has when the mail leaves.

    `due` is when the response is due; while it is `paused`, when the pause ends.
    """

    waits_for: Names
    paused: bool


class IncidentAsks(IncidentWaits):
    """Its link is good for acknowledging once without signing in, `once_until` then, and sensitive; None: it isn't."""

    once_until: AwareDatetime | None = None


class IncidentReported(IncidentAsks):
    """To the response team. `holds` is how long somebody's word stops the escalation: `30 minutes`."""

    holds: Line


class IncidentEscalated(IncidentAsks):
    """A ladder's level, counted from 1; `by` is empty unless somebody had it told by hand, for `reason`.

    `fell` is when the first of those fell due that are told late; None if none is.
    """

    level: int
    yours: bool
    by: Line = ""
    reason: Text = ""
    fell: AwareDatetime | None = None


class IncidentAcknowledged(IncidentWaits):
    """To those who were told: somebody gave their word, so the escalation stands still."""

    by: Line


class WordAsked(IncidentWaits):
    """To whoever gave their word: does it hold? `left` is how often they are asked after this."""

    left: int


class WordLapsed(IncidentWaits):
    """To whoever gave it (`yours`), and to those who were told."""

    by: Line
    yours: bool


class IncidentPaused(IncidentWaits):
    """To those who were told: its clocks stand still."""

    by: Line
    until: AwareDatetime
    reason: Text


class IncidentResumed(IncidentWaits):
    """To those who were told: its clocks go on."""


class IncidentReassessed(IncidentWaits):
    """To those who were told: another severity; the same one if it goes on under another version of the programme."""

    before: Line
    after: Line
    by: Line
    reason: Text


class ResponseMissed(IncidentWaits):
    """To those who were told, and the ISMS manager: nobody was at it when it was due, at `missed`."""

    missed: AwareDatetime


class IncidentResponded(OfIncident):
    """To those who were told: somebody is at it."""

    by: Line
    at: AwareDatetime
    in_time: bool


class IncidentClosed(OfIncident):
    """To those who were told, and the ISMS manager; `responded` is None if nobody had to."""

    at: AwareDatetime
    responded: AwareDatetime | None
    in_time: bool


class IncidentReopened(IncidentWaits):
    """To those who were told: it isn't over. `taken_back` if it was dismissed as a false positive."""

    by: Line
    taken_back: bool
    reason: Text


class NobodyReached(IncidentWaits):
    """To the ISMS manager: none of `people` could be told of the report (`level` 0), of a level of its ladder, or of a
    `report` that an act asks for.
    """

    level: int
    report: Text = ""
    people: Names


class ReportAnswered(OfCase):
    """To whoever reported it, whatever its label: how their report stands, and nothing else about it."""

    title: Line
    state: Literal["triaged", "responding", "resolved", "closed", "false_positive", "merged"]
