"""One mail of every sort about an incident. Ben Ito and Ravi Singh answer incidents, Gil Moreau reported this one."""

from __future__ import annotations

from typing import Any

THEN = [
    {"at": "2026-03-11T16:00:00Z", "says": "reminds Maria Okafor"},
    {"at": "2026-03-12T13:00:00Z", "says": "the response is recorded as missed"},
]
INCIDENT: dict[str, Any] = {
    "reference": "INC-2026-0042", "link": "/incidents/INC-2026-0042", "title": "Someone reads our mails",
    "severity": "Low", "category": "Unauthorised access", "systems": ["Mail", "File store"],
    "stands": "reported; nobody has triaged it yet", "since": "2026-03-09T13:00:00Z", "told_as": "incident responder"}
WAITS = {**INCIDENT, "due": "2026-03-12T13:00:00Z", "then": THEN, "waits_for": ["Ben Ito", "Ravi Singh"], "paused": False}
ANSWERED = {"stands": "being responded to", "waits_for": [], "then": []}
LATE = {"since": "2026-03-04T13:00:00Z", "due": "2026-03-07T13:00:00Z"}

PRESS = {"link": "/acknowledge/cXVpZXQ", "once_until": "2026-03-10T14:00:00Z"}

EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "an incident is reported": ("incident_reported", {**WAITS, "holds": "24 hours"}),
    "an incident is reported to whoever may acknowledge it": ("incident_reported", {**WAITS, "holds": "24 hours", **PRESS}),
    "an incident of no known system is reported": ("incident_reported", {**WAITS, "systems": [], "holds": "24 hours"}),
    "an incident escalates": ("incident_escalated", {**WAITS, "told_as": "ISMS manager", "level": 1, "yours": False}),
    "an incident escalates to its team": ("incident_escalated", {**WAITS, "level": 2, "yours": True, **PRESS}),
    "an incident escalated while the system stood still": ("incident_escalated", {
        **WAITS, **LATE, "level": 2, "yours": True, "fell": "2026-03-08T13:00:00Z"}),
    "somebody escalates an incident": ("incident_escalated", {
        **WAITS, "told_as": "top management", "level": 2, "yours": False, "by": "Ben Ito", "reason": "The press has called."}),
    "an incident is acknowledged": ("incident_acknowledged", {**WAITS, "waits_for": ["Ravi Singh"], "by": "Ravi Singh"}),
    "a word is asked after": ("word_asked", {**WAITS, "waits_for": ["Ben Ito"], "left": 1}),
    "a word is asked after for the last time": ("word_asked", {**WAITS, "waits_for": ["Ben Ito"], "left": 0}),
    "somebody's word lapses": ("word_lapsed", {**WAITS, "by": "Ravi Singh", "yours": False}),
    "our word lapses": ("word_lapsed", {**WAITS, **LATE, "by": "Ben Ito", "yours": True}),
    "an incident pauses": ("incident_paused", {
        **WAITS, "paused": True, "by": "Ravi Singh", "until": "2026-03-12T13:00:00Z", "reason": "We wait for the maker."}),
    "an incident goes on": ("incident_resumed", WAITS),
    "an incident is graver than it seemed": ("incident_reassessed", {
        **WAITS, "severity": "High", "before": "Low", "after": "High", "by": "Ben Ito", "reason": "It concerns customers."}),
    "an incident goes on under another programme": ("incident_reassessed", {
        **WAITS, "before": "Low", "after": "Low", "by": "Maria Okafor", "reason": "The new one is stricter."}),
    "nobody responds in time": ("response_missed", {**WAITS, **LATE, "missed": LATE["due"]}),
    "nobody could be told of a level": ("nobody_reached", {**WAITS, **LATE, "level": 2, "people": ["Ben Ito", "Ravi Singh"]}),
    "nobody could be told of what an act asks": ("nobody_reached", {**WAITS, "level": 0, "report": "Notification", "people": ["Ben Ito"]}),
    "nobody could be told of a report": ("nobody_reached", {**WAITS, "level": 0, "people": ["Ben Ito"]}),
    "somebody responds": ("incident_responded", {
        **INCIDENT, "stands": "being responded to", "by": "Ravi Singh", "at": "2026-03-09T13:50:00Z", "in_time": True}),
    "an incident closes": ("incident_closed", {
        **INCIDENT, "stands": "closed", "at": "2026-03-09T13:50:00Z", "responded": "2026-03-05T13:00:00Z", "in_time": False}),
    "an incident reopens": ("incident_reopened", {
        **WAITS, **ANSWERED, "by": "Maria Okafor", "taken_back": False, "reason": "It is back."}),
    "a false positive was none": ("incident_reopened", {
        **WAITS, "by": "Ben Ito", "taken_back": True, "reason": "There are more of them."}),
    **{f"whoever reported it hears that it is {state}": ("report_answered", {
        "reference": "INC-2026-0042", "link": "/incidents/INC-2026-0042/report", "title": "Someone reads our mails",
        "state": state}) for state in ("triaged", "responding", "resolved", "closed", "false_positive", "merged")},
}  # fmt: skip
"""By situation: a notice and its facts."""
