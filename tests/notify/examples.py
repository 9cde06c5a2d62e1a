"""One mail of every sort, from the year of one cycle. Maria Okafor is ISMS manager, Dana Weber top management."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from isms_workflow.notify.notices import Mail, Recipient, render
from tests.notify import action_examples, incident_examples, report_examples

NOW = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)
URL = "https://isms.example.org"
ORGANISATION = "Muster & Söhne AG"
BEN = Recipient("Ben Ito", "ben@example.org", "Europe/Vienna")
DANA = Recipient("Dana Weber", "dana@example.org", "Europe/Vienna")

THEN = [
    {"at": "2026-03-11T16:00:00Z", "says": "reminds Maria Okafor"},
    {"at": "2026-03-19T16:00:00.000000Z", "says": "escalates to top management"},
]
CASE = {"reference": "PDCA-2026-0001", "link": "/cycle"}
WAIT = {**CASE, "since": "2026-03-09T07:00:00.000000Z", "due": "2026-03-12T13:00:00.000000Z", "then": THEN}
STEP = {**WAIT, "link": "/steps/0190c4e2", "step": "Train personnel", "phase": "DO"}
GATE = {**WAIT, "link": "/gates/0190c4e2", "phase": "PLAN"}
LATE = {"since": "2026-02-09T07:00:00Z", "due": "2026-03-07T13:00:00Z"}
RUNG = {**WAIT, "link": "/steps/0190c4e2", "about": "step", "what": "Train personnel", "waits_for": ["Ben Ito"],
        "yours": True, "told_as": "owner"}
LINE = {"reference": "PDCA-2026-0001", "title": "Train personnel", "due": "2026-03-09T16:00:00Z",
        "note": "needs: attendance list"}
NONE: dict[str, Any] = {"lines": [], "more": 0}
SECRET = "https://isms.example.org/invitation/Zm9vYmFyYmF6"

EXAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "a step opens": ("step_opened", {**STEP, "responsibility": "people manager"}),
    "a step reopens": ("step_opened", {
        **STEP, "responsibility": "people manager", "again": True,
        "reason": "Seven people were ill that day.\nPlease hold it once more.\n\nThank you."}),
    "a step is due soon": ("reminder", RUNG),
    "a deputy is reminded": ("reminder", {**RUNG, "yours": False, "told_as": "deputy"}),
    "a gate is due soon": ("reminder", {
        **RUNG, "about": "gate", "what": "The gate of PLAN", "waits_for": ["Dana Weber", "Ravi Singh"]}),
    "a step is late": ("overdue", {**RUNG, **LATE}),
    "a gate is late": ("overdue", {**RUNG, **LATE, "about": "gate", "what": "The gate of PLAN"}),
    "a late step escalates": ("escalated", {**RUNG, **LATE, "yours": False, "told_as": "top management"}),
    "a late gate escalates": ("escalated", {
        **RUNG, **LATE, "about": "gate", "what": "The gate of PLAN", "yours": True, "told_as": "top management"}),
    "a planned cycle escalates": ("escalated", {
        **RUNG, **LATE, "about": "case", "what": "The start of PDCA-2027-0001", "waits_for": ["Maria Okafor"],
        "yours": False, "told_as": "top management"}),
    "six steps open at once": ("several", {
        **CASE, "notice": "step_opened", "then": THEN[:1],
        "steps": [{**LINE, "title": t, "note": ""} for t in (
            "Establish scope and boundaries", "Define the information security policy", "Select controls")]}),
    "two steps are late": ("several", {
        **CASE, "notice": "overdue", "then": THEN[1:],
        "steps": [{**LINE, "due": LATE["due"]}, {**LINE, "title": "Document procedures", "due": LATE["due"], "note": ""}]}),
    "steps and a gate wait": ("several", {
        **CASE, "notice": "waiting", "then": THEN[1:],
        "steps": [{**LINE, "due": LATE["due"], "note": "waits for Maria Okafor"},
                  {**LINE, "title": "The gate of PLAN", "note": "waits for you"}]}),
    "many messages at once": ("flood", {
        "link": "/", "more": 180, "urgent": 1, "lines": [
            {"says": "CRITICAL: INC-2026-0042: nobody has acknowledged it", "at": "2026-03-09T13:50:00Z"},
            {"says": "INC-2026-0043: reported", "at": "2026-03-09T13:51:00Z"}]}),
    "two messages at once": ("flood", {"link": "/", "more": 0, "urgent": 0, "lines": [
        {"says": "INC-2026-0043: reported", "at": "2026-03-09T13:51:00Z"}]}),
    "two steps are due soon": ("several", {
        **CASE, "notice": "reminder", "then": [], "steps": [LINE, {**LINE, "title": "Manage resources"}]}),
    "a step comes to somebody": ("reassigned", {
        **STEP, "before": "Maria Okafor", "after": "Ben Ito", "yours": True, "by": "Maria Okafor",
        "reason": "Ben knows the trainers."}),
    "a step goes to somebody else": ("reassigned", {
        **STEP, "before": "Ben Ito", "after": "Maria Okafor", "yours": False}),
    "a gate opens": ("gate_opened", {
        **GATE, "round": 1, "steps": 6, "files": 9, "needed": 2, "approvers": ["Dana Weber", "Ravi Singh"],
        "responsibilities": ["top management", "risk owner"]}),
    "a relaxed gate opens again": ("gate_opened", {
        **GATE, "round": 2, "steps": 1, "files": 1, "needed": 1, "approvers": ["Dana Weber"],
        "responsibilities": ["top management"], "relaxed": "We are three people."}),
    "a phase is approved": ("decided", {
        **CASE, "phase": "PLAN", "answer": "passed", "by": ["Dana Weber", "Ravi Singh"], "at": "2026-03-09T13:50:00Z",
        "since": "2026-03-02T08:00:00Z", "next_up": "DO opens; whoever owns a step in it gets a mail."}),
    "a phase is returned": ("decided", {
        **CASE, "phase": "PLAN", "answer": "returned", "by": ["Dana Weber"], "at": "2026-03-09T13:50:00Z",
        "since": "2026-03-02T08:00:00Z", "next_up": "Round 2 opens when the reopened steps are done.",
        "steps": ["Conduct the risk assessment"], "reason": "Suppliers are missing."}),
    "an approval is void": ("voided", {
        **CASE, "phase": "PLAN", "round": 1, "at": "2026-03-09T13:50:00Z", "due": WAIT["due"], "then": THEN}),
    "a round is withdrawn": ("voided", {
        **CASE, "phase": "PLAN", "round": 1, "at": "2026-03-09T13:50:00Z", "due": None, "then": []}),
    "a gate lapses": ("gate_lapsed", {**GATE, "round": 1, "lapsed_at": "2026-03-09T13:00:00Z"}),
    "a phase is rejected": ("rejected_waits", {
        **GATE, "case": "cycle", "ends": True, "by": "Ravi Singh", "reason": "Residual risk is too high."}),
    "the lessons of an incident are rejected": ("rejected_waits", {
        **GATE, "reference": "INC-2026-0042", "phase": "LESSONS LEARNED", "case": "incident", "ends": False,
        "by": "Dana Weber", "reason": "That is what came last, and not the cause."}),
    "nobody can decide": ("undecidable_gate", {
        **GATE, "lacking": 1, "responsibilities": ["top management", "risk owner"], "excluded": ["Maria Okafor"]}),
    "a planned cycle waits": ("planned_missing", {
        **CASE, "since": WAIT["since"], "missing": ["risk owner", "internal auditor"], "then": THEN[1:]}),
    "a cycle starts": ("cycle_started", {**CASE, "at": WAIT["since"], "phase": "PLAN", "steps": 6}),
    "a cycle pauses": ("cycle_paused", {
        **CASE, "at": WAIT["since"], "until": "2026-04-07T15:00:00Z", "by": "Maria Okafor", "reason": "We move house."}),
    "a cycle closes": ("cycle_closed", {
        **CASE, "at": WAIT["since"], "since": "2025-03-03T08:00:00Z", "successor": "PDCA-2027-0001"}),
    "a cycle is cancelled": ("cycle_cancelled", {
        **CASE, "at": WAIT["since"], "by": "Dana Weber", "reason": "We merge with another company."}),
    "somebody is invited": ("invitation", {"link": SECRET, "by": "Alex Kim", "expires": "2026-03-16T14:00:00Z"}),
    "somebody forgot their password": ("password_reset", {
        "link": SECRET, "asked_at": "2026-03-09T13:59:30Z", "expires": "2026-03-09T16:00:00Z"}),
    "an account of ours ends": ("deactivated", {
        "link": "/", "person": "Ben Ito", "yours": True, "at": WAIT["since"], "by": "Alex Kim"}),
    "somebody's account ends": ("deactivated", {
        "link": "/people", "person": "Ben Ito", "yours": False, "at": WAIT["since"], "steps": ["Train personnel"]}),
    "an owner's account ends": ("deactivated", {
        "link": "/people", "person": "Ben Ito", "yours": False, "at": WAIT["since"], "systems": ["ERP", "File store"]}),
    "a system comes to us": ("system_reassigned", {
        "link": "/systems/0190c4e2", "systems": ["ERP"], "before": "", "after": "Ben Ito", "yours": True,
        "by": "Maria Okafor", "left": False, "at": WAIT["since"]}),
    "a system goes to somebody else": ("system_reassigned", {
        "link": "/systems/0190c4e2", "systems": ["ERP"], "before": "Ben Ito", "after": "Ines Costa", "yours": False,
        "by": "Maria Okafor", "left": False, "at": WAIT["since"]}),
    "systems come to us because their owner has left": ("system_reassigned", {
        "link": "/systems", "systems": ["ERP", "File store"], "before": "Ravi Singh", "after": "Ben Ito", "yours": True,
        "by": "The system", "left": True, "at": WAIT["since"]}),
    "somebody becomes risk owner": ("granted", {
        "link": "/people", "person": "Ravi Singh", "yours": False, "responsibility": "risk owner", "by": "Alex Kim",
        "at": WAIT["since"]}),
    "we become risk owner by our own hand": ("granted", {
        "link": "/people", "person": "Ben Ito", "yours": True, "responsibility": "risk owner", "by": "Ben Ito",
        "at": WAIT["since"], "set_aside": "Ben Ito granted it to himself"}),
    "we become somebody's deputy": ("deputised", {
        "link": "/people", "person": "Maria Okafor", "deputy": "Ben Ito", "yours": True, "by": "Maria Okafor",
        "since": WAIT["since"]}),
    "we are nobody's deputy any more": ("deputised", {
        "link": "/people", "person": "Maria Okafor", "deputy": "Ben Ito", "yours": True, "by": "Alex Kim",
        "since": LATE["since"], "until": WAIT["since"]}),
    "somebody becomes our deputy": ("deputised", {
        "link": "/people", "person": "Ben Ito", "deputy": "Ines Costa", "yours": False, "by": "Alex Kim",
        "since": WAIT["since"]}),
    "our deputy leaves": ("deputised", {
        "link": "/people", "person": "Ben Ito", "deputy": "Ines Costa", "yours": False, "by": "Alex Kim",
        "since": LATE["since"], "until": WAIT["since"]}),
    "we may decide for somebody": ("delegated", {
        "link": "/people", "person": "Dana Weber", "delegate": "Ben Ito", "yours": True, "by": "Dana Weber",
        "starts": "2026-03-11T23:00:00Z", "ends": "2026-03-18T23:00:00Z"}),
    "we may decide for somebody no longer": ("delegated", {
        "link": "/people", "person": "Dana Weber", "delegate": "Ben Ito", "yours": True, "by": "Dana Weber",
        "starts": LATE["since"], "ends": "2026-03-18T23:00:00Z", "revoked": WAIT["since"]}),
    "we were to decide for somebody": ("delegated", {
        "link": "/people", "person": "Dana Weber", "delegate": "Ben Ito", "yours": True, "by": "Alex Kim",
        "starts": "2026-03-11T23:00:00Z", "ends": "2026-03-18T23:00:00Z", "revoked": WAIT["since"]}),
    "somebody decides for us no longer": ("delegated", {
        "link": "/people", "person": "Ben Ito", "delegate": "Ines Costa", "yours": False, "by": "Alex Kim",
        "starts": LATE["since"], "ends": "2026-03-18T23:00:00Z", "revoked": WAIT["since"]}),
    "we cover somebody's shift": ("on_call_covered", {
        "link": "/on-call", "rotation": "First line", "person": "Ben Ito", "yours": True, "by": "Maria Okafor",
        "starts": "2026-03-11T23:00:00Z", "ends": "2026-03-18T23:00:00Z", "reason": "Ravi is on leave"}),
    "somebody covers our shift": ("on_call_covered", {
        "link": "/on-call", "rotation": "First line", "person": "Ines Costa", "yours": False, "by": "Ines Costa",
        "starts": "2026-03-11T23:00:00Z", "ends": "2026-03-18T23:00:00Z", "reason": "a swap"}),
    "we cover no longer": ("on_call_covered", {
        "link": "/on-call", "rotation": "First line", "person": "Ben Ito", "yours": True, "by": "Maria Okafor",
        "starts": "2026-03-11T23:00:00Z", "ends": "2026-03-18T23:00:00Z", "returned": WAIT["since"]}),
    "somebody covers for us no longer": ("on_call_covered", {
        "link": "/on-call", "rotation": "First line", "person": "Ines Costa", "yours": False, "by": "Ines Costa",
        "starts": LATE["since"], "ends": "2026-03-18T23:00:00Z", "returned": WAIT["since"]}),
    "turns are taken in another order": ("on_call_ordered", {
        "link": "/on-call", "rotation": "First line", "people": ["Ravi Singh", "Ben Ito", "Ines Costa"], "by": "Maria Okafor"}),
    "nobody will be on call": ("on_call_gap", {
        "link": "/on-call", "rotation": "First line", "starts": "2026-03-11T23:00:00Z", "ends": "2026-03-18T23:00:00Z",
        "responsibility": "Incident responder"}),
    "who covers has left": ("on_call_gap", {
        "link": "/on-call", "rotation": "First line", "starts": "2026-03-11T23:00:00Z", "ends": "2026-03-18T23:00:00Z",
        "responsibility": "Incident responder", "cover": "Ravi Singh"}),
    "a programme comes into force": ("programme_applied", {
        "link": "/programme", "digest": "7f3a" * 16, "before": "", "by": "Maria Okafor", "at": WAIT["since"]}),
    "a programme is replaced": ("programme_applied", {
        "link": "/programme", "digest": "7f3a" * 16, "before": "a81e" * 16, "by": "operator", "at": WAIT["since"]}),
    **{f"the operator is told of {trouble}": ("operator_notice", {
        "link": "/system", "trouble": trouble, "what": "mail to Ben Ito", "at": WAIT["since"],
        "reference": "PDCA-2026-0001", "error": "550 no such user"}) for trouble in (
        "dead_letter", "deadline_failed", "unreachable", "clock_jump", "watchdog", "schedule_missing",
        "evidence_damaged", "chain_broken")},
    "a morning with work": ("digest", {
        "link": "/", "decide": {"lines": [{**LINE, "title": "Approve PLAN", "note": ""}], "more": 0},
        "owe": {"lines": [LINE, {**LINE, "title": "Manage resources", "due": LATE["due"]}], "more": 3},
        "late": {"lines": [{**LINE, "due": LATE["due"], "note": "waits for Maria Okafor"}], "more": 0},
        "news": {"lines": [{**LINE, "due": None, "note": "returned by Dana Weber"}], "more": 0},
        "checkpoint": '{"head":"' + "7f3a" * 16 + '","signature":"' + "c2" * 64 + '","size":48211}'}),
    **incident_examples.EXAMPLES,
    **action_examples.EXAMPLES,
    **report_examples.EXAMPLES,
    "a morning without": ("digest", {
        "link": "/", "decide": NONE, "owe": NONE, "late": NONE, "news": NONE}),
}  # fmt: skip
"""By situation: a notice and its facts."""


def written(situation: str, to: Recipient = BEN, marks: Sequence[str] = (), **changes: Any) -> Mail:
    """The mail that a situation leads to, some facts changed."""
    notice, facts = EXAMPLES[situation]
    return render(notice, {**facts, **changes}, to, NOW, URL, ORGANISATION, marks)
