"""How a person wants to be told: by which way, after how long, of what, and when not. Pure.

Nobody who chose nothing is told otherwise than by mail at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal

from isms_workflow.domain.calendars import instant_of, zone_of
from isms_workflow.domain.incident import UNANSWERED
from isms_workflow.domain.messages import MAIL, Message, Urgency
from isms_workflow.domain.views import CaseView

What = Literal["all", "escalations", "critical"]
Held = Literal["delay", "quiet", "flood"]
QUIET: Held = "quiet"
FLOOD: Held = "flood"

WHATS: dict[What, str] = {"all": "everything", "escalations": "escalations and whatever is critical", "critical": "only what is critical"}
"""What a rule is about, in words. What a law asks by an instant is always told, by mail and by every rule, at once."""

ESCALATIONS = frozenset({"incident_reported", "incident_escalated", "response_missed", "nobody_reached", "word_asked", "word_lapsed", "overdue",
                         "escalated", "gate_lapsed", "rejected_waits", "undecidable_gate"})
"""Notices by which something is asked of somebody because it waits, or waited too long."""

ASKING = frozenset({"incident_reported", "incident_escalated", "response_missed", "word_lapsed"})
"""Notices that ask for an answer to an incident: needless once somebody gave one."""

LONGEST = timedelta(hours=24)
MOST = 10


@dataclass(frozen=True, slots=True)
class Rule:
    """Told by this way, so long after it was decided, of this."""

    channel: str
    delay: timedelta
    what: What


@dataclass(frozen=True, slots=True)
class Quiet:
    """From one hour on the reader's wall to another, perhaps over midnight."""

    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody chose, and the zone of their wall."""

    rules: tuple[Rule, ...]
    quiet: Quiet | None
    zone: str


@dataclass(frozen=True, slots=True)
class Sending:
    """One message leaves by one way at an instant; `held` is why not at once."""

    channel: str
    at: datetime
    held: Held | None = None


AT_ONCE = Rule(MAIL, timedelta(0), "all")


def is_ruled(message: Message) -> bool:
    """Whether a person's rules have a say: of what concerns their account, the operator or a day's digest they have none."""
    return message.channel == MAIL and message.person is not None and message.case is not None and not message.sensitive


def sendings(notice: str, urgency: Urgency, wishes: Wishes | None, now: datetime) -> tuple[Sending, ...]:
    """What is sent when, by which way, of a message that is decided at `now`; none: their rules leave it out."""
    if wishes is None or not wishes.rules:
        return tuple(dict.fromkeys(_held(rule, urgency, wishes, now) for rule in (AT_ONCE,)))
    if urgency == "statutory":
        return tuple(dict.fromkeys(Sending(channel, now) for channel in (MAIL, *(rule.channel for rule in wishes.rules))))
    return tuple(dict.fromkeys(_held(rule, urgency, wishes, now) for rule in wishes.rules if matches(rule, notice, urgency)))


def matches(rule: Rule, notice: str, urgency: Urgency) -> bool:
    """Whether a rule is about such a message."""
    return rule.what == "all" or urgency != "ordinary" or (rule.what == "escalations" and notice in ESCALATIONS)


def _held(rule: Rule, urgency: Urgency, wishes: Wishes | None, now: datetime) -> Sending:
    at = now + (timedelta(0) if urgency == "statutory" else rule.delay)
    if wishes and wishes.quiet and urgency == "ordinary" and (ends := quiet_until(wishes.quiet, wishes.zone, at)) is not None:
        return Sending(rule.channel, ends, QUIET)
    return Sending(rule.channel, at, "delay" if at > now else None)


def quiet_until(quiet: Quiet, zone: str, at: datetime) -> datetime | None:
    """When the quiet hours end within which an instant falls; None if it falls into none.

    An hour that a change of time skips is the first after it.
    """
    wall = at.astimezone(zone_of(zone)).replace(tzinfo=None)
    over_midnight = quiet.begins > quiet.ends
    inside = (wall.time() >= quiet.begins or wall.time() < quiet.ends) if over_midnight else (
        quiet.begins <= wall.time() < quiet.ends)
    if not inside:
        return None
    tomorrow = over_midnight and wall.time() >= quiet.begins
    ends = instant_of(wall.date() + timedelta(days=1 if tomorrow else 0), quiet.ends, zone)
    return ends if ends > at else None


def needless(view: CaseView, notice: str, about: dict[str, Any]) -> str:
    """Why a message that was held need not be sent any more; empty if it is still of use."""
    if view.incident is not None and notice in ASKING:
        if view.case.state not in UNANSWERED:
            return "answered meanwhile"
        return "acknowledged meanwhile" if view.incident.word else ""
    if step := about.get("step"):
        return "" if view.step(step).state == "open" else "done meanwhile"
    if gate := about.get("gate"):
        found = view.gate(gate)
        return "" if found.state == "open" or found.waits_for_way_out or notice not in ESCALATIONS else "decided meanwhile"
    return ""


def problem(rules: tuple[Rule, ...], ways: tuple[str, ...]) -> tuple[str, str, str] | None:
    """(field, what was given, what would be right) of the first thing that can't be; None if all can.

    Escalations reach everybody: a level that somebody is named in would otherwise be waited out in silence.
    """
    if len(rules) > MOST:
        return "rules", str(len(rules)), f"at most {MOST} rules"
    for rule in rules:
        if rule.channel not in (MAIL, *ways):
            return "channel", rule.channel, f"one of {', '.join((MAIL, *ways))}; the operator's settings name the others"
        if not timedelta(0) <= rule.delay <= LONGEST:
            return "delay", f"{rule.delay / timedelta(minutes=1):g} minutes", f"0 to {LONGEST // timedelta(minutes=1)} minutes"
    if len(set(rules)) < len(rules):
        return "rules", rules[-1].channel, "there is such a rule already"
    if rules and all(rule.what == "critical" for rule in rules):
        return "what", "critical", "keep a rule for escalations or for everything, so that an escalation reaches you"
    return None
