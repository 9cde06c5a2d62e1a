"""One mail of every sort about a corrective action."""

from __future__ import annotations

from typing import Any

THEN = [{"at": "2026-03-11T16:00:00Z", "says": "reminds Maria Okafor"}]
ACTION: dict[str, Any] = {
    "reference": "CAP-2026-0003", "link": "/actions/CAP-2026-0003", "title": "Restores were never tried", "owner": "Ben Ito",
    "stands": "done; it is to show whether it works", "reason": "Two of five restores failed."}
AT = "2026-03-09T13:50:00Z"
CHECKED = {**ACTION, "by": "Ines Costa", "at": AT, "failed": 1, "referred": False, "yours": True}
ENDED = {**ACTION, "by": "Ines Costa", "at": AT}

EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "our action isn't effective": ("action_ineffective", CHECKED),
    "an action isn't effective again": ("action_ineffective", {**CHECKED, "failed": 2, "referred": True, "yours": False}),
    "management decides on an action": ("action_referred", {
        **ACTION, "by": "Ines Costa", "failed": 2, "since": "2026-03-09T13:00:00Z", "due": "2026-03-12T13:00:00Z",
        "waits_for": ["Dana Weber"], "then": THEN}),
    **{f"an action is {how}": ("action_ended", {**ENDED, "how": how}) for how in ("effective", "accepted", "cancelled")},
    "nobody can check an action": ("action_uncheckable", {**ACTION, "reason": "", "responsibility": "internal auditor", "at": AT}),
    "an action comes to us": ("action_handed_over", {
        **ACTION, "before": "Ravi Singh", "after": "Ben Ito", "yours": True, "by": "Maria Okafor", "at": AT}),
    "an action goes to somebody else": ("action_handed_over", {
        **ACTION, "owner": "Ravi Singh", "before": "Ben Ito", "after": "Ravi Singh", "yours": False, "by": "", "at": AT}),
}
"""By situation: a notice and its facts."""
