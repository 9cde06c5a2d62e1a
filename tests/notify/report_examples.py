"""One mail of every sort about a report that an act asks for."""

from __future__ import annotations

from typing import Any

CASE = {"reference": "INC-2026-0042", "link": "/incidents/INC-2026-0042/obligations", "title": "Someone reads our mails"}
REPORT = {"report": "Notification of the personal data breach", "article": "GDPR, Art. 33(1)",
          "recipient": "the competent supervisory authority"}
THEN = [{"at": "2026-03-11T16:00:00Z", "says": "reminds Maria Okafor"}]
DUE: dict[str, Any] = {**CASE, **REPORT, "since": "2026-03-09T13:00:00Z", "due": "2026-03-12T13:00:00Z", "then": THEN,
                       "waits_for": ["Ben Ito", "Maria Okafor"], "latest": "2026-03-12T14:00:00Z"}
LATE = {"since": "2026-03-04T13:00:00Z", "due": "2026-03-07T13:00:00Z", "latest": "2026-03-07T14:00:00Z"}

EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "reports begin to run": ("obligation_runs", {**CASE, "reports": [
        {**REPORT, "act_by": "2026-03-12T13:00:00Z", "latest": "2026-03-12T14:00:00Z"},
        {"report": "Entry in the register of breaches", "article": "GDPR, Art. 33(5)", "recipient": "the own register",
         "act_by": "2026-03-16T13:00:00Z", "latest": None}]}),
    "a report is owed": ("obligation_reminder", DUE),
    "a report without a figure is owed": ("obligation_reminder", {**DUE, "latest": None}),
    "a report is warned of for the last time": ("obligation_warning", DUE),
    "a report should be out": ("obligation_act_by", {**DUE, **LATE, "latest": "2026-03-10T14:00:00Z"}),
    "a report is missed": ("obligation_missed", {**DUE, **LATE}),
    "a report was missed, and is not owed any more": ("obligation_missed", {**DUE, **LATE, "waits_for": [], "then": []}),
    "a report is submitted": ("obligation_submitted", {
        **CASE, **REPORT, "by": "Ben Ito", "at": "2026-03-09T13:50:00Z", "in_time": True}),
    "a report without a figure is submitted": ("obligation_submitted", {
        **CASE, **REPORT, "by": "Ben Ito", "at": "2026-03-09T13:50:00Z", "in_time": None}),
}  # fmt: skip
"""By situation: a notice and its facts."""
